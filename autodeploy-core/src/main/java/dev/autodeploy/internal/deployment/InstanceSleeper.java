package dev.autodeploy.internal.deployment;

import dev.autodeploy.SleepMode;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.Errors;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Puts instances to sleep and wakes them by the requests of their mode. Decides nothing. */
final class InstanceSleeper {
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
      services
          .providerExecutor()
          .execute(
              () -> {
                accounts.slept(running, true); // before: one that may sleep is known to
                String failure = carryOut(running, order.mode(), order.mode().sleep(), true);
                reports.slept(running, order.order(), failure);
              });
    } catch (RuntimeException e) {
      reports.slept(running, order.order(), "no thread for it: " + e.getMessage());
    }
  }

  void wake(RunningInstance running, Effect.Wake order) {
    try {
      services
          .providerExecutor()
          .execute(
              () -> {
                String failure = carryOut(running, order.mode(), order.mode().wake(), false);
                reports.woken(running, order.order(), failure);
                if (failure == null) {
                  accounts.slept(running, false);
                }
              });
    } catch (RuntimeException e) {
      reports.woken(running, order.order(), "no thread for it: " + e.getMessage());
    }
  }

  private @Nullable String carryOut(
      RunningInstance running, SleepMode mode, List<SleepMode.Request> requests, boolean asleep) {
    try {
      for (SleepMode.Request request : requests) {
        services.provider().call(running.up(), request);
      }
      SleepMode.Check check = mode.check();
      if (check != null && isAsleep(running, check) != asleep) {
        return "all requests were answered, but "
            + check.path()
            + (asleep ? " says that it does not sleep" : " says that it still sleeps");
      }
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "it was interrupted";
    } catch (Throwable e) { // some languages throw checked exceptions from anywhere
      return Errors.describe(e);
    }
  }

  private boolean isAsleep(RunningInstance running, SleepMode.Check check)
      throws IOException, InterruptedException {
    return check.saysAsleep(services.provider().call(running.up(), check.request()));
  }

  /**
   * Returns whether an instance of an earlier process sleeps: by its check if it has one, else as
   * that process has written.
   */
  boolean isFoundAsleep(RunningInstance running) throws IOException, InterruptedException {
    SleepMode mode = running.instance().spec().sleepMode();
    SleepMode.Check check = mode == null ? null : mode.check();
    return check == null ? reports.wasAsleep(running) : isAsleep(running, check);
  }
}
