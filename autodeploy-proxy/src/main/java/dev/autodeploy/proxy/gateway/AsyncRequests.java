package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.autodeploy.proxy.AsyncAnswers;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
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
  private static final long ALL_BODIES = 128L * 1024 * 1024;
  private static final int MAX_THREADS = 512;

  private final Gateway gateway;
  private final LinkServices services;
  private final StartEstimates estimates;
  private final TicketDesk desk;
  private final TicketAnswers answers;
  private final TicketOwners owners;
  private final AsyncAnswers settings;
  private final CallerBudget bodies = new CallerBudget(ALL_BODIES);
  private final Workers workers = Workers.create(MAX_THREADS);
  private final ScheduledExecutorService timer;
  private final KeptAliveStreams streams;

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
    answers = new TicketAnswers(gateway, services, desk);
    timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "autodeploy-proxy-tickets-0");
              thread.setDaemon(true);
              return thread;
            });
    timer.scheduleWithFixedDelay(desk::sweep, 60, 60, TimeUnit.SECONDS);
    streams =
        new KeptAliveStreams(
            gateway,
            services,
            estimates,
            settings.keptAliveInterval(),
            bodies,
            new SharedWorkers(workers, workers.virtual() ? Integer.MAX_VALUE : MAX_THREADS / 2),
            timer,
            this::start);
  }

  /** Returns whether a request wants its answer in another way than to be held. */
  boolean wants(LinkCall call) {
    return settings.enabled()
        && !call.head().asksForProtocol()
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
                          Problem problem =
                              body.room() > 0 // so there was no memory for more of it
                                  ? Problems.ticketsFull(call.deploymentName())
                                  : Problems.bodyTooLarge(call.deploymentName(), MAX_BODY);
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
    String owner = TicketOwners.of(call);
    if (!bodies.reserve(owner, body.length)) {
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
            default -> streams.begin(exchange, call, line, preference, body);
          };
    } finally {
      if (!kept) {
        bodies.giveBack(owner, body.length);
      }
    }
  }

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
    Ticket ticket = desk.open(owner, name, key, fingerprint);
    if (ticket == null) {
      if (waits) {
        hold.run();
      } else {
        gateway.respond(exchange, LinkResponse.of(Problems.ticketsFull(name)), line, call);
      }
      return false;
    }
    if (!ticket.begin()) {
      repetition(exchange, call, line, ticket, fingerprint, waits);
      return false;
    }
    Patience patience = waits ? null : patience(call, ticket);
    call.detach(body.length, "Prefer");
    TicketExchange carried =
        new TicketExchange(gateway, call.head(), body, workers, ticket, services.ticker());
    ticket
        .done()
        .whenComplete(
            (done, error) -> {
              bodies.giveBack(owner, body.length);
              if (ticket.status() >= 500 || ticket.status() == 429 || ticket.status() == 409) {
                desk.forgetKey(ticket); // another try may do better
              }
            });
    workers.execute(() -> start(carried, call));
    if (patience == null) {
      sendWhenDone(exchange, call, ticket, line);
    } else {
      patiently(exchange, call, ticket, patience, line);
    }
    return true;
  }

  /** Answers a request whose key another one has had before, perhaps only a moment ago. */
  private void repetition(
      Exchange exchange,
      LinkCall call,
      AccessLog.Line line,
      Ticket known,
      String fingerprint,
      boolean waits) {
    String name = call.route().deployment();
    if (!known.fingerprint().equals(fingerprint)) {
      gateway.respond(exchange, LinkResponse.of(Problems.keyReused(name)), line, call);
    } else if (waits && !known.join()) {
      gateway.respond(exchange, LinkResponse.of(Problems.waitersFull(name)), line, call);
    } else if (waits) {
      call.release();
      sendWhenDone(exchange, call, known, line);
    } else {
      patiently(exchange, call, known, line);
    }
  }

  /**
   * The client of a ticket that would rather have the answer at once.
   *
   * @param time for how long it waits, by {@code Prefer: respond-async, wait=<seconds>}; 0 if it
   *     does not say
   * @param applied the preferences as the answer repeats them
   * @param location the address of the ticket
   */
  private record Patience(Duration time, String applied, String location) {}

  private Patience patience(LinkCall call, Ticket ticket) {
    WaitPreference wait = WaitPreference.of(call.head().headers(), services.config().maxWait());
    String applied = wait.applied();
    String outer = services.addresses().of(call.head(), call.route()).prefix();
    String prefix =
        owners.isByCookie(call)
            ? outer
            : outer.substring(0, outer.length() - call.route().prefix().length());
    return new Patience(
        applied == null ? Duration.ZERO : wait.time(),
        applied == null ? "respond-async" : "respond-async, " + applied,
        prefix + TicketDesk.PATH + ticket.id());
  }

  private void patiently(Exchange exchange, LinkCall call, Ticket known, AccessLog.Line line) {
    Patience patience = patience(call, known);
    call.release();
    if (known.join()) {
      patiently(exchange, call, known, patience, line);
    } else {
      gateway.respond(exchange, accepted(known, patience), line, call);
    }
  }

  /** Sends the answer if it comes while the client is willing to wait, else the ticket. */
  private void patiently(
      Exchange exchange, LinkCall call, Ticket ticket, Patience patience, AccessLog.Line line) {
    if (patience.time().isZero()) {
      gateway.respond(exchange, accepted(ticket, patience), line, call);
      return;
    }
    CompletableFuture<@Nullable Void> waited = new CompletableFuture<>();
    ScheduledFuture<?> end =
        timer.schedule(
            () -> waited.complete(null), patience.time().toMillis(), TimeUnit.MILLISECONDS);
    ticket
        .done()
        .whenComplete(
            (done, error) -> {
              end.cancel(false);
              waited.complete(null);
            });
    exchange.whenDone(
        waited,
        () -> {
          if (ticket.isDone()) {
            answers.send(exchange, call, ticket, line);
          } else {
            gateway.respond(exchange, accepted(ticket, patience), line, call);
          }
        });
  }

  /**
   * Returns what only a repetition has: callers whom the instance tells apart share no answer, nor
   * do those who ask it under different addresses, as it is told under which one it is asked.
   */
  private String key(LinkCall call, String owner, String given) {
    String text =
        String.join(
            "\n",
            owner,
            String.valueOf(call.payer()),
            services.addresses().of(call.head(), call.route()).toString(),
            call.route().deployment(),
            call.head().method() + ' ' + call.route().target(),
            given,
            InstanceCredentials.of(call.head().headers(), services.config().keepAuthorization()));
    return HexFormat.of()
        .formatHex(AccessRules.digest(text.getBytes(UTF_8))); // names have any script
  }

  private void start(DetachedExchange carried, LinkCall call) {
    WaitPreference wait =
        WaitPreference.of(carried.request().headers(), services.config().maxWait());
    new ProxiedRequest(services, carried, call, wait, AccessLog.begin(carried.request())).start();
  }

  private LinkResponse accepted(Ticket ticket, Patience patience) {
    LinkResponse response = state(ticket);
    response.headers().add("Location", patience.location());
    response.headers().add("Preference-Applied", patience.applied());
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
    return LinkResponse.text(202, headers, "application/json", JsonText.write(json));
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
          answers.hand(exchange, call, ticket, line);
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

  private void sendWhenDone(Exchange exchange, LinkCall call, Ticket ticket, AccessLog.Line line) {
    exchange.whenDone(ticket.done(), () -> answers.send(exchange, call, ticket, line));
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
    answers.close();
    workers.close();
  }
}
