package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/** Refuses a body that says itself that it is too long. */
final class BodyLimitStep implements LinkStep {
  private final long limit;

  BodyLimitStep(long limit) {
    this.limit = limit;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    return call.head().bodyLength() > limit
        ? LinkResponse.of(Problems.bodyTooLarge(call.deployment().name(), limit))
        : null;
  }
}
