package dev.autodeploy.internal.deployment;

import dev.autodeploy.SleepMode;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.Errors;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts instances to sleep and wakes them by the requests of their mode. Decides nothing. */
final class InstanceSleeper {
  private static final Logger LOG = LoggerFactory.getLogger(InstanceSleeper.class);

  /** The time until a line that could not be written is tried again. */
  private static final Duration REPEAT = Duration.ofSeconds(1);

  private final EngineServices services;
  private final InstanceReports reports;
  private final AccountWriter accounts;

  /**
   * Makes one.
   *
   * @param reports takes the outcome
   * @param accounts writes when an instance sleeps, for the next process
   */
  InstanceSleeper(EngineServices services, InstanceReports reports, AccountWriter accounts) {
    this.services = services;
    this.reports = reports;
    this.accounts = accounts;
  }

  void sleep(RunningInstance running, Effect.Sleep order) {
    try {
      services.providerExecutor().execute(() -> doSleep(running, order));
    } catch (RuntimeException e) {
      reports.slept(running, order.order(), "no thread for it: " + e.getMessage());
    }
  }

  private void doSleep(RunningInstance running, Effect.Sleep order) {
    try {
      accounts.fallsAsleep(running); // before: one that may sleep is known to
    } catch (RuntimeException e) {
      LOG.warn(
          "{}: that instance '{}' sleeps cannot be written: it is not put to sleep before that",
          reports.deployment(),
          running.id(),
          e);
      services.timers().schedule(REPEAT, () -> again(running, order));
      return;
    }
    send(running, order.mode(), order.mode().sleep(), true)
        .whenComplete(
            (done, error) -> reports.slept(running, order.order(), described(done, error)));
  }

  private void again(RunningInstance running, Effect.Sleep order) {
    if (reports.isFallingAsleep(running)) { // its deadline is the order's
      sleep(running, order);
    }
  }

  void wake(RunningInstance running, Effect.Wake order) {
    send(running, order.mode(), order.mode().wake(), false)
        .whenComplete(
            (done, error) -> {
              String failure = described(done, error);
              if (failure == null) {
                accounts.slept(running); // before: it may be told to sleep again at once
              }
              reports.woken(running, order.order(), failure);
            });
  }

  private static @Nullable String described(@Nullable String failure, @Nullable Throwable error) {
    return error == null ? failure : Errors.describe(Errors.unwrap(error));
  }

  /** Sends requests one after the other; completes with null, or with what the check said. */
  private CompletableFuture<@Nullable String> send(
      RunningInstance running, SleepMode mode, List<SleepMode.Request> requests, boolean asleep) {
    CompletableFuture<String> last = CompletableFuture.completedFuture("");
    for (SleepMode.Request request : requests) {
      last = last.thenCompose(answer -> call(running, request));
    }
    SleepMode.Check check = mode.check();
    if (check == null) {
      return last.thenApply(answer -> null);
    }
    return last.thenCompose(answer -> call(running, check.request()))
        .thenApply(
            answer ->
                check.saysAsleep(answer) == asleep
                    ? null
                    : "all requests were answered, but "
                        + check.path()
                        + (asleep ? " says that it does not sleep" : " says that it still sleeps"));
  }

  private CompletableFuture<String> call(RunningInstance running, SleepMode.Request request) {
    return services.calls().call(() -> services.provider().call(running.up(), request));
  }

  /**
   * Finds out whether an instance of an earlier process sleeps. Where that process has written that
   * it may, an order may still be under way: unless its check says that it sleeps it is told to
   * again, so that its GPUs are not given away while it has them. One that its check says is awake
   * is taken for it if others may still use it, who would be cut; and did not sleep until now.
   */
  CompletableFuture<Boolean> isFoundAsleep(RunningInstance running) {
    SleepMode mode = running.instance().spec().sleepMode();
    boolean maySleep = reports.wasAsleep(running);
    SleepMode.Check check = mode == null ? null : mode.check();
    if (mode == null || (check == null && !maySleep)) {
      return CompletableFuture.completedFuture(maySleep);
    }
    return check == null
        ? sleepAgain(running, mode)
        : call(running, check.request())
            .thenApply(check::saysAsleep)
            .thenCompose(
                asleep ->
                    asleep || !maySleep
                        ? CompletableFuture.completedFuture(asleep)
                        : foundAwake(running, mode));
  }

  private CompletableFuture<Boolean> foundAwake(RunningInstance running, SleepMode mode) {
    boolean staysAwake = reports.foundAwake(running);
    accounts.slept(running);
    return staysAwake ? CompletableFuture.completedFuture(false) : sleepAgain(running, mode);
  }

  private CompletableFuture<Boolean> sleepAgain(RunningInstance running, SleepMode mode) {
    return send(running, mode, mode.sleep(), true)
        .thenApply(
            failure -> {
              if (failure != null) {
                throw new IllegalStateException(failure);
              }
              return true;
            });
  }
}
