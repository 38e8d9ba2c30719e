package dev.autodeploy.internal.runtime;

import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Calls of the provider. Whatever it throws becomes a failed future. Thread-safe. */
public final class ProviderCalls {
  private static final String LISTS = "list the instances";

  private final InstanceProvider provider;
  private final String owner;
  private final Executor executor;
  private final Timers timers;
  private final OverdueCalls overdue;
  private final ListedInstances listed;

  public ProviderCalls(
      InstanceProvider provider,
      String owner,
      Executor executor,
      Timers timers,
      Ticker ticker,
      InstantSource clock) {
    this.listed = new ListedInstances(clock);
    this.overdue = new OverdueCalls(ticker);
    this.provider = provider;
    this.owner = owner;
    this.executor = executor;
    this.timers = timers;
  }

  /** Returns the calls that have not returned, which those of some kinds are counted among. */
  public OverdueCalls overdue() {
    return overdue;
  }

  /**
   * Calls the provider on its executor, unless too many calls of this kind are overdue.
   *
   * @param kind completes "calls to"
   */
  public <T> CompletableFuture<T> call(String kind, Supplier<CompletionStage<T>> providerCall) {
    return call(
        () -> {
          OverdueCalls.Call call = overdue.begin(kind);
          try {
            return providerCall.get();
          } finally {
            call.returned();
          }
        });
  }

  /** Calls the provider on its executor. */
  public <T> CompletableFuture<T> call(Supplier<CompletionStage<T>> providerCall) {
    return call(providerCall, executor);
  }

  /** Calls the provider on the current thread. */
  public static <T> CompletableFuture<T> callOnThisThread(
      Supplier<CompletionStage<T>> providerCall) {
    return call(providerCall, Runnable::run);
  }

  private static <T> CompletableFuture<T> call(
      Supplier<CompletionStage<T>> providerCall, Executor executor) {
    return CompletableFuture.supplyAsync(providerCall, executor).thenCompose(stage -> stage);
  }

  /**
   * Calls the provider on its executor, and fails with a {@link TimeoutException} if it does not
   * answer in time.
   */
  public <T> CompletableFuture<T> call(Duration limit, Supplier<CompletionStage<T>> providerCall) {
    return inTime(limit, () -> call(providerCall));
  }

  private <T> CompletableFuture<T> inTime(Duration limit, Supplier<CompletableFuture<T>> call) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    Scheduler.Cancellable timeout =
        timers.schedule(
            limit,
            () ->
                answer.completeExceptionally(
                    new TimeoutException(
                        provider.name() + " did not answer within " + Durations.text(limit))));
    call.get()
        .whenComplete(
            (value, error) -> {
              timeout.cancel();
              if (error != null) {
                answer.completeExceptionally(Errors.unwrap(error));
              } else {
                answer.complete(value);
              }
            });
    return answer;
  }

  /** Lists the instances of this engine's owner. */
  public CompletableFuture<List<ProviderInstance>> list() {
    return call(LISTS, () -> provider.list(owner)).thenApply(listed::of);
  }

  /** Lists the instances of this engine's owner, and fails if there is no answer in time. */
  public CompletableFuture<List<ProviderInstance>> list(Duration limit) {
    return inTime(limit, this::list);
  }
}
