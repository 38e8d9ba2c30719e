package dev.autodeploy.internal.runtime;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.internal.ledger.LedgerWriter;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.internal.util.Threads;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * What all deployments of one engine share.
 *
 * @param owner under which instances are labelled
 * @param provider where instances run
 * @param idlePolicy for deployments without their own
 * @param costMeter for deployments without their own price
 * @param ledger where usage is written
 * @param events who is told
 * @param ticker for durations
 * @param clock for records
 * @param scheduler for timers
 * @param providerExecutor for provider calls and probes
 * @param callbackExecutor for waiting callers
 */
public record EngineServices(
    String owner,
    InstanceProvider provider,
    IdlePolicy idlePolicy,
    CostMeter costMeter,
    LedgerWriter ledger,
    EventDispatcher events,
    Ticker ticker,
    InstantSource clock,
    Scheduler scheduler,
    Executor providerExecutor,
    Executor callbackExecutor) {
  private static final Executor FALLBACK = Threads.fallback();

  /** Calls the provider on its executor; whatever it throws becomes a failed future. */
  public <T> CompletableFuture<T> call(Supplier<CompletionStage<T>> providerCall) {
    return call(providerCall, providerExecutor);
  }

  /** Calls the provider on this thread; whatever it throws becomes a failed future. */
  public static <T> CompletableFuture<T> callHere(Supplier<CompletionStage<T>> providerCall) {
    return call(providerCall, Runnable::run);
  }

  private static <T> CompletableFuture<T> call(
      Supplier<CompletionStage<T>> providerCall, Executor executor) {
    return CompletableFuture.supplyAsync(providerCall, executor).thenCompose(stage -> stage);
  }

  /**
   * Likewise on the provider executor, and fails with a {@link TimeoutException} if there is no
   * answer in time.
   */
  public <T> CompletableFuture<T> call(Duration limit, Supplier<CompletionStage<T>> providerCall) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    Scheduler.Cancellable timeout =
        later(
            limit,
            () ->
                answer.completeExceptionally(
                    new TimeoutException(
                        provider.name() + " did not answer within " + limit.toSeconds() + " s")));
    call(providerCall)
        .whenComplete(
            (value, error) -> {
              timeout.cancel();
              if (error != null) {
                answer.completeExceptionally(unwrap(error));
              } else {
                answer.complete(value);
              }
            });
    return answer;
  }

  /**
   * Runs a task once after a delay, by the JDK's own timer if the scheduler refuses it: what must
   * not depend on it, such as that an instance is released when the host has shut it down already.
   */
  public Scheduler.Cancellable later(Duration delay, Runnable task) {
    try {
      return scheduler.schedule(delay, task);
    } catch (RuntimeException | Error e) {
      return laterBySystem(delay, task);
    }
  }

  /** Runs a task once after a delay, by the JDK's own timer. */
  public static Scheduler.Cancellable laterBySystem(Duration delay, Runnable task) {
    CompletableFuture<Void> timer = new CompletableFuture<>();
    // Not on its thread, which the whole process shares: a task may block.
    timer
        .completeOnTimeout(null, delay.toNanos(), TimeUnit.NANOSECONDS)
        .thenRunAsync(task, FALLBACK);
    return () -> timer.cancel(false);
  }

  public static Throwable unwrap(Throwable error) {
    Throwable cause = error.getCause();
    return error instanceof CompletionException && cause != null ? unwrap(cause) : error;
  }

  /** Returns an error in one line: its message, and what it is unless it was made to be read. */
  public static String describe(Throwable error) {
    Throwable cause = unwrap(error);
    String type = cause.getClass().getSimpleName();
    if (cause.getMessage() == null || cause.getMessage().isBlank()) {
      return type;
    }
    String message = PlainText.line(cause.getMessage());
    boolean forPeople =
        cause instanceof InstanceStartException
            || cause instanceof AutoDeployException
            || cause instanceof IOException
            || cause instanceof TimeoutException;
    return forPeople ? message : type + ": " + message;
  }
}
