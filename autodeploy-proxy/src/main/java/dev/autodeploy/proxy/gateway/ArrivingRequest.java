package dev.autodeploy.proxy.gateway;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request of which some of the body is read before it goes anywhere, at the pace that holds for
 * every body.
 */
final class ArrivingRequest implements Client {
  private final ActiveRequests active;
  private final Exchange exchange;
  private final Relay relay;

  ArrivingRequest(ActiveRequests active, Exchange exchange, LinkCall call) {
    this.active = active;
    this.exchange = exchange;
    relay = call.relay(exchange);
  }

  /**
   * Reads the beginning of the body; the last thing that the caller does.
   *
   * @param prefix gets it
   * @param next continues with why the body could not be read, or null
   */
  void read(BodyPrefix prefix, Consumer<Relay.@Nullable Cause> next) {
    if (exchange.request().bodyLength() == 0) {
      prefix.end(true);
      next.accept(null);
      return;
    }
    active.add(this);
    relay.peek(
        prefix,
        failure -> {
          active.remove(this);
          exchange.runBlocking(() -> next.accept(failure));
        });
  }

  /** Checks the pace at which the body comes in. */
  void watch() {
    if (relay.clientTooSlow()) {
      stalled();
    }
  }

  @Override
  public RequestHead request() {
    return exchange.request();
  }

  @Override
  public long transferringSince() {
    return exchange.transferringSince();
  }

  @Override
  public void stalled() {
    exchange.breakTransfer();
  }
}
