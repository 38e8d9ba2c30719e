package dev.autodeploy.proxy.gateway;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Streams of events that begin at once, with lines that say how far the start is. Thread-safe. */
final class KeptAliveStreams {
  private final Gateway gateway;
  private final LinkServices services;
  private final StartEstimates estimates;
  private final Duration interval;
  private final CallerBudget bodies;
  private final SharedWorkers workers;
  private final ScheduledExecutorService timer;
  private final BiConsumer<DetachedExchange, LinkCall> start;

  KeptAliveStreams(
      Gateway gateway,
      LinkServices services,
      StartEstimates estimates,
      Duration interval,
      CallerBudget bodies,
      SharedWorkers workers,
      ScheduledExecutorService timer,
      BiConsumer<DetachedExchange, LinkCall> start) {
    this.gateway = gateway;
    this.services = services;
    this.estimates = estimates;
    this.interval = interval;
    this.bodies = bodies;
    this.workers = workers;
    this.timer = timer;
    this.start = start;
  }

  /**
   * Responds at once, and goes on behind lines that keep the connection alive.
   *
   * @param exchange the exchange
   * @param call the request, whose body is reserved
   * @param line its line in the access log
   * @param preference what the lines look like
   * @param body the request's body
   * @return whether the request goes on, and keeps the memory of its body
   */
  boolean begin(
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
    String owner = TicketOwners.of(call);
    Executor own = step -> workers.execute(owner, step); // a thread waits for each slow client
    boolean chat = preference.way() == AnswerPreference.Way.KEPT_ALIVE_CHAT;
    call.detach(body.length, "Prefer", "Accept-Encoding"); // the comments are plain text
    KeptAliveExchange carried =
        new KeptAliveExchange(gateway, call.head(), body, own, exchange, out);
    exchange.onClientGone(carried::gone);
    Runnable tick = () -> own.execute(() -> carried.tick(line(call, chat)));
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
              bodies.giveBack(owner, body.length);
            });
    own.execute(() -> start.accept(carried, call));
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
    chunk.put("choices", List.of(choice));
    return "data: " + JsonText.write(chunk) + "\n\n";
  }
}
