package dev.autodeploy;

import dev.autodeploy.spi.StartProgress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The fetching ahead of what a deployment's instances need, such as their image, so that no start
 * has to wait for it. No instance is started, and nothing is paid for. Thread-safe.
 */
public interface Preparation {

  /**
   * Returns the result.
   *
   * @return completes with true if something was fetched, and with false if all was there or the
   *     provider prepares nothing; or with the {@link AutoDeployException} that prevents it, with
   *     {@link ErrorCode#PROVIDER_FAILED}; or with a {@link
   *     java.util.concurrent.CancellationException}
   */
  CompletableFuture<Boolean> result();

  /**
   * Returns how far it is.
   *
   * @return the progress; empty before there is any, and when it is over
   */
  Optional<StartProgress> progress();

  /** Cancels it. A start that waits for the same image goes on with it. */
  void cancel();
}
