package dev.autodeploy.proxy.gateway;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.autodeploy.proxy.AsyncAnswers;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Requests whose clients cannot wait on a silent connection: they go on by themselves, and their
 * answers are fetched, or come behind lines that keep the connection alive. The body of such a
 * request is read as a whole before. Thread-safe.
 */
final class AsyncRequests implements AutoCloseable {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int MAX_BODY = 16 * 1024 * 1024;
  private static final long ALL_BODIES = 64L * 1024 * 1024;
  private static final int MAX_THREADS = 512;

  private final Gateway gateway;
  private final LinkServices services;
  private final StartEstimates estimates;
  private final TicketDesk desk;
  private final TicketOwners owners;
  private final AsyncAnswers settings;
  private final BodyBudget bodies = new BodyBudget(ALL_BODIES);
  private final Workers workers = Workers.create(MAX_THREADS);
  private final ScheduledExecutorService timer;

  AsyncRequests(
      Gateway gateway,
      LinkServices services,
      StartEstimates estimates,
      TicketOwners owners,
      AsyncAnswers settings) {
    this.gateway = gateway;
    this.services = services;
    this.estimates = estimates;
    this.owners = owners;
    this.settings = settings;
    desk = new TicketDesk(settings.directory(), settings.lifetime(), services.ticker());
    timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "autodeploy-proxy-tickets-0");
              thread.setDaemon(true);
              return thread;
            });
    timer.scheduleWithFixedDelay(desk::sweep, 60, 60, TimeUnit.SECONDS);
  }

  /** Returns whether a request wants its answer in another way than to be held. */
  boolean wants(LinkCall call) {
    return settings.enabled()
        && call.head().headers().first("Upgrade") == null
        && AnswerPreference.of(call.head()).way() != AnswerPreference.Way.HELD
        && !Grpc.asks(call.head());
  }

  /**
   * Serves such a request; the last thing that the caller does.
   *
   * @param exchange the exchange
   * @param call the request, which has passed all steps
   * @param line its line in the access log
   * @param hold serves it as any other
   */
  void serve(Exchange exchange, LinkCall call, AccessLog.Line line, Runnable hold) {
    BodyPrefix body = new BodyPrefix(MAX_BODY + 1, (bytes, length, last) -> false);
    new ArrivingRequest(services.active(), exchange, call)
        .read(
            body,
            failure ->
                gateway.guarded(
                    exchange,
                    call,
                    line,
                    () -> {
                      AnswerPreference preference = AnswerPreference.of(call.head());
                      boolean ticket = preference.way() == AnswerPreference.Way.TICKET;
                      if (failure != null) {
                        gateway.respond(
                            exchange, LinkResponse.of(gateway.unread(failure)), line, call);
                      } else if (!body.isWhole()) {
                        if (ticket) {
                          Problem problem = Problems.bodyTooLarge(call.deploymentName(), MAX_BODY);
                          gateway.respond(exchange, LinkResponse.of(problem), line, call);
                        } else {
                          hold.run();
                        }
                      } else if (preference.way() == AnswerPreference.Way.ONCE
                          && isStream(call, body)) {
                        hold.run();
                      } else {
                        detached(exchange, call, line, preference, body.bytes(), hold);
                      }
                    }));
  }

  private void detached(
      Exchange exchange,
      LinkCall call,
      AccessLog.Line line,
      AnswerPreference preference,
      byte[] body,
      Runnable hold) {
    if (!bodies.reserve(body.length)) {
      if (preference.way() == AnswerPreference.Way.TICKET) {
        gateway.respond(
            exchange, LinkResponse.of(Problems.ticketsFull(call.deploymentName())), line, call);
      } else {
        hold.run();
      }
      return;
    }
    boolean kept = false;
    try {
      kept =
          switch (preference.way()) {
            case TICKET, ONCE -> ticket(exchange, call, line, preference, body, hold);
            default -> keptAlive(exchange, call, line, preference, body);
          };
    } finally {
      if (!kept) {
        bodies.giveBack(body.length);
      }
    }
  }

  // Tickets

  /** Returns whether the request goes on, and keeps the memory of its body. */
  private boolean ticket(
      Exchange exchange,
      LinkCall call,
      AccessLog.Line line,
      AnswerPreference preference,
      byte[] body,
      Runnable hold) {
    boolean waits = preference.way() == AnswerPreference.Way.ONCE;
    String owner = TicketOwners.of(call);
    String name = call.route().deployment();
    String given = preference.key();
    String key = given == null ? null : key(call, owner, given);
    String fingerprint = HexFormat.of().formatHex(AccessRules.digest(body));
    Ticket known = key == null ? null : desk.findByKey(key);
    if (known != null) {
      if (!known.fingerprint().equals(fingerprint)) {
        gateway.respond(exchange, LinkResponse.of(Problems.keyReused(name)), line, call);
      } else if (waits && !known.join()) {
        gateway.respond(exchange, LinkResponse.of(Problems.waitersFull(name)), line, call);
      } else if (waits) {
        call.release();
        sendWhenDone(exchange, call, known, line);
      } else {
        gateway.respond(exchange, accepted(call, known), line, call);
      }
      return false;
    }
    Ticket ticket = desk.open(owner, name, key, fingerprint);
    if (ticket == null) {
      if (waits) {
        hold.run();
      } else {
        gateway.respond(exchange, LinkResponse.of(Problems.ticketsFull(name)), line, call);
      }
      return false;
    }
    LinkResponse accepted = waits ? null : accepted(call, ticket);
    call.detach(body.length, "Prefer");
    TicketExchange carried =
        new TicketExchange(gateway, call.head(), body, workers, ticket, services.ticker());
    ticket
        .done()
        .whenComplete(
            (done, error) -> {
              bodies.giveBack(body.length);
              if (ticket.status() >= 500 || ticket.status() == 429 || ticket.status() == 409) {
                desk.forgetKey(ticket); // another try may do better
              }
            });
    workers.execute(() -> start(carried, call));
    if (accepted == null) {
      sendWhenDone(exchange, call, ticket, line);
    } else {
      gateway.respond(exchange, accepted, line, call);
    }
    return true;
  }

  /** Returns what only a repetition has: callers whom the instance tells apart share no answer. */
  private String key(LinkCall call, String owner, String given) {
    String text =
        String.join(
            "\n",
            owner,
            String.valueOf(call.payer()),
            call.route().deployment(),
            call.head().method() + ' ' + call.route().target(),
            given,
            InstanceCredentials.of(call.head().headers(), services.config().keepAuthorization()));
    return HexFormat.of().formatHex(AccessRules.hash(text));
  }

  private void start(DetachedExchange carried, LinkCall call) {
    WaitPreference wait =
        WaitPreference.of(carried.request().headers(), services.config().maxWait());
    new ProxiedRequest(services, carried, call, wait, AccessLog.begin(carried.request())).start();
  }

  private LinkResponse accepted(LinkCall call, Ticket ticket) {
    String outer = services.addresses().of(call.head(), call.route()).prefix();
    String prefix =
        owners.isByCookie(call)
            ? outer
            : outer.substring(0, outer.length() - call.route().prefix().length());
    LinkResponse response = state(ticket);
    response.headers().add("Location", prefix + TicketDesk.PATH + ticket.id());
    response.headers().add("Preference-Applied", "respond-async");
    return response;
  }

  private LinkResponse state(Ticket ticket) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("ticket", ticket.id());
    json.put("deployment", ticket.deployment());
    json.put(
        "waitedSeconds",
        TimeUnit.NANOSECONDS.toSeconds(services.ticker().read() - ticket.createdNanos()));
    long retry = 1;
    StartEstimates.Wait wait =
        services
            .config()
            .deployments()
            .find(ticket.deployment())
            .map(found -> estimates.of(found, Instant.now()))
            .orElse(null);
    if (wait != null) {
      json.putAll(wait.document());
      Long left = wait.secondsLeft();
      retry = left == null ? 2 : Math.max(1, Math.min(10, left / 2));
    }
    HttpHeaders headers =
        new HttpHeaders()
            .add("AutoDeploy-Ticket", "pending")
            .add("Cache-Control", "no-store")
            .add("Retry-After", Long.toString(retry));
    return LinkResponse.text(202, headers, "application/json", Json.write(json));
  }

  /**
   * Responds to a request for a ticket, if there is one and the caller has made it.
   *
   * @param exchange the exchange
   * @param call the request
   * @param line its line in the access log
   * @return false if there is no such ticket for this caller
   */
  boolean fetch(Exchange exchange, LinkCall call, AccessLog.Line line) {
    RequestHead head = call.head();
    String id = TicketDesk.ticketOf(call);
    Ticket ticket = id == null ? null : desk.find(id);
    if (ticket == null || !owners.isOf(call, ticket)) {
      return false;
    }
    switch (head.method()) {
      case "DELETE" -> {
        desk.delete(ticket);
        gateway.respond(exchange, LinkResponse.withoutBody(204, new HttpHeaders()), line, call);
      }
      case "GET", "HEAD" -> {
        if (ticket.isDone()) {
          exchange.runLong(
              workers,
              () ->
                  gateway.guarded(exchange, call, line, () -> hand(exchange, call, ticket, line)));
        } else {
          gateway.respond(exchange, state(ticket), line, call);
        }
      }
      default ->
          gateway.respond(
              exchange, LinkResponse.of(Problems.modelMethod("GET or DELETE")), line, call);
    }
    return true;
  }

  /** Sends the answer, and deletes it if it was asked to and the client has got it. */
  private void hand(Exchange exchange, LinkCall call, Ticket ticket, AccessLog.Line line) {
    RequestHead head = call.head();
    boolean last = head.method().equals("GET") && head.query().equals("delete=true");
    if (last) {
      desk.withdraw(ticket); // before the client has the answer, and asks again
    }
    boolean sent = send(exchange, call, ticket, line);
    if (last && sent) {
      desk.delete(ticket);
    } else if (last) {
      desk.putBack(ticket);
    }
  }

  private void sendWhenDone(Exchange exchange, LinkCall call, Ticket ticket, AccessLog.Line line) {
    exchange.whenDone(
        ticket.done(),
        () ->
            exchange.runLong(
                workers,
                () ->
                    gateway.guarded(
                        exchange, call, line, () -> send(exchange, call, ticket, line))));
  }

  private boolean send(Exchange exchange, LinkCall call, Ticket ticket, AccessLog.Line line) {
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
          && !name.equalsIgnoreCase("Trailer")) {
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

  // Streams that are kept alive

  private boolean keptAlive(
      Exchange exchange,
      LinkCall call,
      AccessLog.Line line,
      AnswerPreference preference,
      byte[] body) {
    HttpHeaders headers =
        new HttpHeaders()
            .add("Content-Type", "text/event-stream; charset=utf-8")
            .add("Cache-Control", "no-store")
            .add("X-Accel-Buffering", "no")
            .add("Preference-Applied", "kept-alive");
    if (services.connections().closesConnection(exchange.request())) {
      headers.set("Connection", "close");
    }
    services.config().cors().addTo(headers, call.head(), call.deploymentName());
    OutputStream out;
    try {
      out = exchange.respond(200, headers, Exchange.UNKNOWN_LENGTH);
    } catch (IOException e) {
      call.release();
      exchange.abort();
      return false;
    }
    boolean chat = preference.way() == AnswerPreference.Way.KEPT_ALIVE_CHAT;
    call.detach(body.length, "Prefer", "Accept-Encoding"); // the comments are plain text
    KeptAliveExchange carried =
        new KeptAliveExchange(gateway, call.head(), body, workers, exchange, out);
    exchange.onClientGone(carried::gone);
    Duration interval = settings.keptAliveInterval();
    Runnable tick = () -> workers.execute(() -> carried.tick(line(call, chat)));
    Client client = new Client.OfExchange(exchange);
    services.active().beginResponding(client);
    ScheduledFuture<?> ticks =
        timer.scheduleWithFixedDelay(
            tick, interval.toMillis() / 4, interval.toMillis(), TimeUnit.MILLISECONDS);
    carried
        .ended()
        .whenComplete(
            (whole, error) -> {
              ticks.cancel(false);
              services.active().endResponding(client);
              bodies.giveBack(body.length);
            });
    workers.execute(() -> start(carried, call));
    exchange.whenDone(
        carried.ended(), () -> exchange.runBlocking(() -> end(exchange, out, carried)));
    line.end(200, 0);
    return true;
  }

  private void end(Exchange exchange, OutputStream out, KeptAliveExchange carried) {
    if (!carried.ended().join()) {
      exchange.abort();
      return;
    }
    try {
      out.close();
    } catch (IOException e) {
      exchange.abort();
      return;
    }
    exchange.complete();
  }

  private String line(LinkCall call, boolean chat) {
    String text = estimates.of(call.deployment(), Instant.now()).text();
    if (!chat) {
      return ": " + text + "\n\n";
    }
    Map<String, @Nullable Object> delta = Map.of("content", "");
    Map<String, @Nullable Object> choice = new LinkedHashMap<>();
    choice.put("index", 0);
    choice.put("delta", delta);
    choice.put("finish_reason", null);
    Map<String, @Nullable Object> chunk = new LinkedHashMap<>();
    chunk.put("id", "autodeploy");
    chunk.put("object", "chat.completion.chunk");
    chunk.put("created", Instant.now().getEpochSecond());
    chunk.put("model", call.route().deployment());
    chunk.put("choices", java.util.List.of(choice));
    return "data: " + Json.write(chunk) + "\n\n";
  }

  /** Returns whether the answer is to come piece by piece, so that it is not to be kept first. */
  private static boolean isStream(LinkCall call, BodyPrefix body) {
    if (call.head().headers().tokens("Accept").contains("text/event-stream")) {
      return true;
    }
    try (JsonParser parser = JSON.createParser(body.bytes())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return false;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean wanted = parser.currentName().equals("stream");
        JsonToken value = parser.nextToken();
        if (wanted) {
          return value == JsonToken.VALUE_TRUE;
        }
        parser.skipChildren();
      }
    } catch (IOException e) {
      return false; // no JSON
    }
    return false;
  }

  @Override
  public void close() {
    timer.shutdownNow();
    desk.close();
    workers.close();
  }
}
