package dev.autodeploy.internal.deployment;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.runtime.OverdueCalls;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.ReadinessProbe;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks instances that are ready whether they still work. Decides nothing. */
final class InstanceChecker {
  private static final Logger LOG = LoggerFactory.getLogger(InstanceChecker.class);

  private final EngineServices services;
  private final InstanceReports reports;

  /**
   * Makes one.
   *
   * @param reports takes the answers
   */
  InstanceChecker(EngineServices services, InstanceReports reports) {
    this.services = services;
    this.reports = reports;
  }

  void check(RunningInstance running, Effect.Check check) {
    if (check.liveness()) {
      services.providerExecutor().execute(() -> ask(running, check.number()));
    }
    if (!running.instance().gpu().isNone() && running.beginCheck()) {
      services
          .calls()
          .call(
              "check instances of " + reports.deployment(),
              () -> services.provider().check(running.up()))
          .whenComplete(
              (lost, error) -> {
                running.endCheck();
                if (error != null) { // which says nothing about the instance
                  LOG.debug(
                      "{}: {} could not be checked: {}",
                      reports.deployment(),
                      running.id(),
                      Errors.describe(error));
                } else {
                  lost.ifPresent(what -> reports.lost(running, what));
                }
              });
    }
  }

  private void ask(RunningInstance running, int number) {
    DeploymentSpec spec = running.instance().spec();
    ReadinessProbe probe = spec.liveness();
    if (probe != null) { // an update may have taken it away
      reports.answered(running, number, failure(running, probe, spec));
    }
  }

  private @Nullable String failure(
      RunningInstance running, ReadinessProbe probe, DeploymentSpec spec) {
    OverdueCalls.@Nullable Call call = null;
    try {
      call = services.calls().overdue().begin(InstanceStarter.probing(running));
      ReadinessProbe asked = Probes.with(probe, spec.environment());
      return services.provider().isReady(running.up(), asked)
          ? null
          : "it waits for " + Probes.describe(probe);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "it was interrupted";
    } catch (Throwable e) { // some languages throw checked exceptions from anywhere
      return Errors.describe(e);
    } finally {
      if (call != null) {
        call.returned();
      }
    }
  }
}
