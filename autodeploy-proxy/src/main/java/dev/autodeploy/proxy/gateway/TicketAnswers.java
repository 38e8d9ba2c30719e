package dev.autodeploy.proxy.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Sends the answers of tickets to those who ask for them. Thread-safe. */
final class TicketAnswers implements AutoCloseable {
  /** The clients that are sent long answers at once, where a thread waits for each. */
  private static final int MAX_THREADS = 512;

  private final Gateway gateway;
  private final LinkServices services;
  private final TicketDesk desk;

  /** The threads of its own: clients that read slowly must hold up no request. */
  private final SharedWorkers workers;

  TicketAnswers(Gateway gateway, LinkServices services, TicketDesk desk) {
    this.gateway = gateway;
    this.services = services;
    this.desk = desk;
    Workers threads = Workers.create(MAX_THREADS);
    workers = new SharedWorkers(threads, threads.virtual() ? Integer.MAX_VALUE : MAX_THREADS / 2);
  }

  /** Sends the answer, and deletes it if it was asked to and the client has got it. */
  void hand(Exchange exchange, LinkCall call, Ticket ticket, AccessLog.Line line) {
    RequestHead head = call.head();
    boolean last = head.method().equals("GET") && head.query().equals("delete=true");
    run(
        exchange,
        call,
        ticket,
        line,
        () -> {
          if (last) {
            desk.withdraw(ticket); // before the client has the answer, and asks again
          }
          boolean sent = sendNow(exchange, call, ticket, line);
          if (last && sent) {
            desk.delete(ticket);
          } else if (last) {
            desk.putBack(ticket);
          }
        });
  }

  /** Sends the answer. */
  void send(Exchange exchange, LinkCall call, Ticket ticket, AccessLog.Line line) {
    run(exchange, call, ticket, line, () -> sendNow(exchange, call, ticket, line));
  }

  /** Short answers are in memory, and fronts take them whole: they wait for nobody. */
  private void run(
      Exchange exchange, LinkCall call, Ticket ticket, AccessLog.Line line, Runnable step) {
    Runnable guarded = () -> gateway.guarded(exchange, call, line, step);
    if (ticket.body().length() <= Spool.IN_MEMORY) {
      guarded.run();
    } else {
      exchange.runLong(task -> workers.execute(ticket.owner(), task), guarded);
    }
  }

  private boolean sendNow(Exchange exchange, LinkCall call, Ticket ticket, AccessLog.Line line) {
    InputStream body;
    try {
      body = ticket.body().open();
    } catch (IOException e) {
      gateway.respond(exchange, LinkResponse.of(Problems.ticketNotFound()), line, call);
      return false;
    }
    boolean[] sent = new boolean[1];
    services.active().whileResponding(exchange, () -> sent[0] = write(exchange, ticket, body));
    line.end(ticket.status(), ticket.body().length());
    return sent[0];
  }

  private boolean write(Exchange exchange, Ticket ticket, InputStream opened) {
    HttpHeaders headers = new HttpHeaders();
    HttpHeaders kept = ticket.headers();
    for (int i = 0; i < kept.size(); i++) {
      String name = kept.name(i);
      if (!name.equalsIgnoreCase("Set-Cookie")
          && !name.equalsIgnoreCase("Connection")
          && !name.equalsIgnoreCase("Content-Length")
          && !name.equalsIgnoreCase("Trailer")
          && !FieldName.of(name).reach().sharedOrigin()) { // the answer's address is any link's
        headers.add(name, kept.value(i));
      }
    }
    headers.set("AutoDeploy-Ticket", "done");
    headers.add("Content-Security-Policy", ResponseHeaders.SANDBOX); // an address of nobody's own
    if (services.connections().closesConnection(exchange.request())) {
      headers.set("Connection", "close");
    }
    boolean headOnly = exchange.request().method().equals("HEAD");
    try (InputStream body = opened) {
      long length = headOnly ? 0 : ticket.body().length();
      OutputStream out = exchange.respond(ticket.status(), headers, length);
      if (!headOnly && length > 0) {
        body.transferTo(out);
        out.close();
      }
    } catch (IOException e) {
      exchange.abort();
      return false;
    }
    exchange.complete();
    return true;
  }

  @Override
  public void close() {
    workers.close();
  }
}
