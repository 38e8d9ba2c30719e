package dev.autodeploy.internal.deployment;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Preparation;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The fetching ahead of what one deployment's instances need: one at a time, which all who ask
 * share. Thread-safe.
 */
final class Preparations {
  private final EngineServices services;
  private final DeploymentController controller;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Fetching current;

  Preparations(EngineServices services, DeploymentController controller) {
    this.services = services;
    this.controller = controller;
  }

  /** Begins one, or joins the one that is under way for the same specification. */
  Preparation begin() {
    DeploymentSpec spec = controller.spec();
    Fetching next;
    lock.lock();
    try {
      Fetching running = current;
      if (running != null && !running.result.isDone() && running.spec.equals(spec)) {
        return running;
      }
      next = new Fetching(spec);
      current = next;
    } finally {
      lock.unlock();
    }
    next.run();
    return next;
  }

  /** Begins one whose effects come when the engine's lock is left. */
  void ahead() {
    services.lock().afterwards(this::begin);
  }

  /** Returns how far the one under way is, or null if there is none. */
  @Nullable StartProgress progress() {
    Fetching running = current;
    return running == null ? null : running.progress().orElse(null);
  }

  /** Gives up the one under way. */
  void cancel() {
    Fetching running = current;
    if (running != null) {
      running.cancel();
    }
  }

  private final class Fetching implements Preparation {
    private final DeploymentSpec spec;
    private final long begun = services.ticker().read();
    private final CompletableFuture<Boolean> result = new CompletableFuture<>();
    private volatile StartProgress latest =
        new StartProgress("preparing", "", 0, 0, StartProgress.Phase.PREPARING);

    Fetching(DeploymentSpec spec) {
      this.spec = spec;
      result.whenComplete((fetched, error) -> ended(fetched, error));
    }

    void run() {
      services
          .providerExecutor()
          .execute(
              () -> {
                try {
                  CompletionStage<Boolean> stage =
                      services
                          .provider()
                          .prepare(spec, told -> latest = SecretMask.progress(told, spec));
                  CompletableFuture<Boolean> fetching = stage.toCompletableFuture();
                  fetching.whenComplete(this::complete);
                  result.whenComplete(
                      (done, error) -> {
                        if (result.isCancelled()) {
                          fetching.cancel(false);
                        }
                      });
                } catch (RuntimeException | Error e) {
                  complete(null, e);
                }
              });
    }

    private void complete(@Nullable Boolean fetched, @Nullable Throwable error) {
      if (error == null) {
        result.complete(Boolean.TRUE.equals(fetched));
      } else {
        String message = SecretMask.line(Errors.describe(Errors.unwrap(error)), spec);
        result.completeExceptionally(
            new AutoDeployException(ErrorCode.PROVIDER_FAILED, controller.name(), message));
      }
    }

    private void ended(@Nullable Boolean fetched, @Nullable Throwable error) {
      String failure =
          error == null ? null : result.isCancelled() ? "it was cancelled" : error.getMessage();
      services
          .events()
          .publish(
              new DeploymentEvent.Prepared(
                  services.clock().instant(),
                  controller.name(),
                  Boolean.TRUE.equals(fetched),
                  Duration.ofNanos(services.ticker().read() - begun),
                  failure));
    }

    @Override
    public CompletableFuture<Boolean> result() {
      return result;
    }

    @Override
    public Optional<StartProgress> progress() {
      return result.isDone() ? Optional.empty() : Optional.of(latest);
    }

    @Override
    public void cancel() {
      result.cancel(false);
    }
  }
}
