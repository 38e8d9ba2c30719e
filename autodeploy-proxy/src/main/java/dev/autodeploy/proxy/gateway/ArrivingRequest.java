package dev.autodeploy.proxy.gateway;

import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A request whose deployment is named in its body: read until the name is found, at the pace that
 * holds for every body.
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
   * @param search looks for the name
   * @param next continues with the search that is over, and why the body could not be read, or null
   */
  void read(ModelStep.Search search, BiConsumer<ModelStep.Search, Relay.@Nullable Cause> next) {
    if (search.isKnown() || exchange.request().bodyLength() == 0) {
      next.accept(search, null);
      return;
    }
    active.add(this);
    relay.peek(
        search.prefix(),
        failure -> {
          active.remove(this);
          exchange.runBlocking(() -> next.accept(search, failure));
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
