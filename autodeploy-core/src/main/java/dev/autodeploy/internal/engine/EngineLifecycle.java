package dev.autodeploy.internal.engine;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The state of an engine, open or closing, and the one close that ends it. Guarded by the engine's
 * lock.
 */
final class EngineLifecycle {
  private @Nullable CompletableFuture<Void> closing;

  boolean isClosing() {
    return closing != null;
  }

  void checkOpen() {
    if (closing != null) {
      throw new AutoDeployException(ErrorCode.CLOSED, null, "the engine is closed");
    }
  }

  /** Begins the close; returns the one that has begun before, or null if this is the first. */
  @Nullable CompletableFuture<Void> begin(CompletableFuture<Void> closed) {
    CompletableFuture<Void> earlier = closing;
    if (earlier == null) {
      closing = closed;
    }
    return earlier;
  }
}
