package dev.autodeploy.internal.deployment;

import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.StartDiagnosis;
import dev.autodeploy.internal.ledger.DeploymentLedger;
import dev.autodeploy.internal.ledger.GotGpus;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StartProgress;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reports about instances by those who carry effects out. Each is an event for the decisions;
 * secrets in them are masked here.
 */
final class InstanceReports {
  private final DeploymentController controller;
  private final DeploymentMachine machine;
  private final DeploymentLedger ledger;

  InstanceReports(
      DeploymentController controller, DeploymentMachine machine, DeploymentLedger ledger) {
    this.controller = controller;
    this.machine = machine;
    this.ledger = ledger;
  }

  String deployment() {
    return controller.name();
  }

  boolean isStarting(RunningInstance running) {
    return controller.read(() -> running.instance().isStarting());
  }

  boolean wasReady(RunningInstance running) {
    return controller.read(() -> running.instance().wasReady());
  }

  boolean isGone(RunningInstance running) {
    return controller.read(() -> running.instance().isGone());
  }

  /** Reports that the provider is about to be asked; returns whether it may be. */
  boolean startAsked(RunningInstance running) {
    return controller.read(() -> machine.startAsked(running.instance()));
  }

  void probed(RunningInstance running, @Nullable String error, List<String> lines) {
    Instance instance = running.instance();
    String masked = error == null ? null : SecretMask.line(error, instance.spec());
    List<String> maskedLines =
        lines.stream().map(line -> SecretMask.line(line, instance.spec())).toList();
    controller.decide(() -> machine.probed(instance, masked, maskedLines));
  }

  /** Reports how far a start is; returns whether its preparation begins or ends with that. */
  boolean progress(RunningInstance running, StartProgress progress) {
    Instance instance = running.instance();
    return controller.decide(() -> machine.progress(controller.now(), instance, progress));
  }

  /** Reports that an instance is up; returns whether its preparation ends with that. */
  boolean up(RunningInstance running) {
    Instance instance = running.instance();
    return controller.decide(() -> machine.up(controller.now(), instance));
  }

  LedgerEntry.Started started(RunningInstance running) {
    return controller.accounts().started(running);
  }

  /** Reports which GPUs an instance gets; written once its start is. */
  void gotGpus(RunningInstance running, GotGpus gpus, boolean startWritten) {
    controller.accounts().gotGpus(running, gpus, startWritten);
  }

  LedgerEntry.Prepared preparation(RunningInstance running) {
    return controller.read(() -> ledger.preparation(running.instance()));
  }

  void ready(RunningInstance running, URI endpoint) {
    controller.decide(() -> machine.ready(controller.now(), running.instance(), endpoint));
  }

  void startFailed(RunningInstance running, String message, @Nullable InstanceExit exit) {
    Instance instance = running.instance();
    InstanceExit maskedExit = SecretMask.optionalExit(exit, instance.spec());
    String masked = StartDiagnosis.withHint(SecretMask.line(message, instance.spec()), maskedExit);
    controller.decide(() -> machine.startFailed(controller.now(), instance, masked, maskedExit));
  }

  void noRoom(RunningInstance running, String message) {
    Instance instance = running.instance();
    String masked = SecretMask.line(message, instance.spec());
    controller.decide(() -> machine.rooms().noRoom(controller.now(), instance, masked));
  }

  void exited(RunningInstance running, InstanceExit exit) {
    Instance instance = running.instance();
    InstanceExit masked = StartDiagnosis.withHint(SecretMask.exit(exit, instance.spec()));
    controller.decide(() -> machine.exited(controller.now(), instance, masked));
  }

  /** Reports what a liveness probe said: null if all is well. */
  void answered(RunningInstance running, int number, @Nullable String failure) {
    Instance instance = running.instance();
    String masked = failure == null ? null : SecretMask.line(failure, instance.spec());
    controller.decide(() -> machine.health().answered(controller.now(), instance, number, masked));
  }

  boolean wasAsleep(RunningInstance running) {
    return controller.read(() -> running.instance().wasAsleep());
  }

  boolean isFallingAsleep(RunningInstance running) {
    return controller.read(() -> running.instance().isFallingAsleep());
  }

  /** Reports that one that may sleep was found awake; returns whether it is to stay so. */
  boolean foundAwake(RunningInstance running) {
    Instance instance = running.instance();
    return controller.decide(
        () -> {
          controller.budgetChanged(); // what did not count as asleep is paid for
          return machine.sleep().foundAwake(controller.now(), instance);
        });
  }

  /** Reports that an instance of an earlier process is asleep. */
  void foundAsleep(RunningInstance running, URI endpoint) {
    Instance instance = running.instance();
    controller.decide(() -> machine.sleep().foundAsleep(controller.now(), instance, endpoint));
  }

  /** Reports that an instance sleeps, or why it does not. */
  void slept(RunningInstance running, int order, @Nullable String failure) {
    Instance instance = running.instance();
    String masked = failure == null ? null : SecretMask.line(failure, instance.spec());
    controller.decide(() -> machine.sleep().slept(controller.now(), instance, order, masked));
  }

  /** Reports that an instance is awake, or why it is not. */
  void woken(RunningInstance running, int order, @Nullable String failure) {
    Instance instance = running.instance();
    String masked = failure == null ? null : SecretMask.line(failure, instance.spec());
    controller.decide(() -> machine.sleep().woken(controller.now(), instance, order, masked));
  }

  /** Returns the line of the sleep of an instance, which begins now. */
  LedgerEntry.Slept fallsAsleep(RunningInstance running) {
    Instance instance = running.instance();
    return controller.read(
        () -> ledger.fallsAsleep(instance, controller.now(), machine.sleep().keepsRoom(instance)));
  }

  /** Returns the line of the sleep of an instance as it is, or that it is awake. */
  LedgerEntry.Slept sleep(RunningInstance running) {
    return controller.read(() -> ledger.sleep(running.instance(), controller.now()));
  }

  /** Reports that an instance has lost what it was given. */
  void lost(RunningInstance running, String what) {
    Instance instance = running.instance();
    String masked = SecretMask.line(what, instance.spec());
    controller.decide(() -> machine.health().lost(controller.now(), instance, masked));
  }

  void released(RunningInstance running) {
    controller.decide(() -> machine.released(controller.now(), running.instance()));
  }

  void releaseFailed(RunningInstance running, String message) {
    Instance instance = running.instance();
    String masked = SecretMask.line(message, instance.spec());
    controller.decide(() -> machine.releaseFailed(controller.now(), instance, masked));
  }

  /** Reports that an instance goes on without this engine. */
  void detached(RunningInstance running) {
    Instance instance = running.instance();
    boolean detached =
        controller.decide(
            () -> {
              boolean counts = machine.detached(controller.now(), instance);
              if (counts) {
                ledger.drop(instance);
              }
              return counts;
            });
    if (detached) {
      controller.forget(running);
    }
  }
}
