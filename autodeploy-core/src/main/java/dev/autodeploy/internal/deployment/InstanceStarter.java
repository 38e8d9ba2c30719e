package dev.autodeploy.internal.deployment;

import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has one instance started by the provider and asks until it is ready. Decides nothing. */
final class InstanceStarter {
  private static final Logger LOG = LoggerFactory.getLogger(InstanceStarter.class);

  /** A probe follows the last one after a twentieth of the time so far, within these limits. */
  private static final int PROBE_FRACTION = 20;

  private static final long MIN_PROBE_NANOS = Duration.ofMillis(1).toNanos();
  private static final long MAX_PROBE_NANOS = Duration.ofMillis(100).toNanos();

  /** How often a provider is asked for an endpoint that it does not know yet. */
  private static final Duration ENDPOINT_POLL = Duration.ofSeconds(1);

  private final EngineServices context;
  private final DeploymentController controller;

  InstanceStarter(EngineServices context, DeploymentController controller) {
    this.context = context;
    this.controller = controller;
  }

  void start(Instance instance) {
    try {
      context.providerExecutor().execute(() -> doStart(instance));
    } catch (RuntimeException e) {
      controller.startFailed(instance, "no thread to start it: " + e.getMessage(), null);
    }
  }

  private void doStart(Instance instance) {
    if (instance.startCall.get() != Instance.StartCall.DUE) {
      return; // released before it was started
    }
    LedgerEntry.Started line = startedLine(instance);
    try {
      // Before anything can run: what runs is paid for, and the ledger knows it.
      context.ledger().append(line);
    } catch (RuntimeException | Error e) {
      // It may be written all the same, and would be paid for until the next engine looks for it.
      context.ledger().appendSurely(neverRan(line));
      controller.startFailed(
          instance,
          "its start could not be written to the ledger: " + EngineServices.describe(e),
          null);
      return;
    }
    if (!instance.startCall.compareAndSet(Instance.StartCall.DUE, Instance.StartCall.MADE)) {
      context.ledger().appendSurely(neverRan(line)); // released while the line was written
      return;
    }
    StartRequest request =
        new StartRequest(
            context.owner(), instance.id, instance.slot, instance.fingerprint, instance.spec);
    // On this thread: a release that comes now should find the start already asked for.
    EngineServices.callHere(() -> context.provider().start(request))
        .whenComplete((up, error) -> started(instance, up, error));
  }

  private LedgerEntry.Started startedLine(Instance instance) {
    return new LedgerEntry.Started(
        controller.name(),
        instance.id,
        instance.gpu,
        java.util.Objects.requireNonNull(instance.startRequestedInstant, "startRequestedInstant"));
  }

  private static LedgerEntry.Released neverRan(LedgerEntry.Started line) {
    return new LedgerEntry.Released(
        new UsageInterval(
            line.deployment(),
            line.instanceId(),
            line.gpu(),
            line.at(),
            null,
            line.at(),
            line.at(),
            false,
            Duration.ZERO));
  }

  private void started(
      Instance instance, @Nullable ProviderInstance up, @Nullable Throwable error) {
    if (up == null) {
      Throwable cause =
          error == null
              ? new IllegalStateException("the provider returned no instance")
              : EngineServices.unwrap(error);
      InstanceExit exit = cause instanceof InstanceStartException e ? e.exit() : null;
      if (instance.spec.environment().isEmpty()) { // or a trace might show a value of it
        LOG.debug("{}: start of {} failed", controller.name(), instance.id, cause);
      }
      controller.startFailed(instance, EngineServices.describe(cause), exit);
      return;
    }
    instance.up = up;
    if (controller.isGone(instance)) {
      LOG.warn(
          "{}: instance {} came up after it had been released; it is released again",
          controller.name(),
          instance.id);
      // Once its account is closed: another one goes on from there.
      instance.goneFuture.thenRun(() -> controller.cameLate(up));
    } else if (up.exit() != null) {
      controller.exited(instance, up.exit());
    } else {
      probe(instance, context.ticker().read());
    }
  }

  /** Asks an instance that is up until it is ready. */
  void probe(Instance instance) {
    probe(instance, context.ticker().read());
  }

  private void probe(Instance instance, long since) {
    if (!controller.isStarting(instance)) {
      return;
    }
    ProviderInstance up = java.util.Objects.requireNonNull(instance.up, "up");
    URI endpoint = up.endpoint();
    if (endpoint == null) {
      findEndpoint(instance, since);
      return;
    }
    boolean ready = false;
    try {
      ready = context.provider().isReady(up, instance.spec.readiness());
      instance.lastProbeError = null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      instance.lastProbeError = "it was interrupted";
    } catch (Throwable e) { // some languages throw checked exceptions from anywhere
      instance.lastProbeError = SecretMask.line(EngineServices.describe(e), instance.spec);
    }
    if (ready) {
      controller.ready(instance, endpoint);
      return;
    }
    long elapsed = context.ticker().read() - since;
    long wait = Math.min(MAX_PROBE_NANOS, Math.max(MIN_PROBE_NANOS, elapsed / PROBE_FRACTION));
    probeAfter(Duration.ofNanos(wait), instance, since);
  }

  private void probeAfter(Duration wait, Instance instance, long since) {
    context.later(wait, () -> context.providerExecutor().execute(() -> probe(instance, since)));
  }

  private void findEndpoint(Instance instance, long since) {
    context
        .call(() -> context.provider().list(context.owner()))
        .whenComplete(
            (listed, error) -> {
              if (error == null) {
                listed.stream()
                    .filter(i -> i.instanceId().equals(instance.id) && i.endpoint() != null)
                    .findFirst()
                    .ifPresent(i -> instance.up = i);
              } else {
                instance.lastProbeError =
                    SecretMask.line(EngineServices.describe(error), instance.spec);
              }
              probeAfter(ENDPOINT_POLL, instance, since);
            });
  }
}
