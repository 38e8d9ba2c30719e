package dev.autodeploy.internal.deployment;

import dev.autodeploy.StartReason;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.Room;
import dev.autodeploy.internal.decision.StartDiagnosis;
import dev.autodeploy.internal.ledger.GotGpus;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.runtime.OverdueCalls;
import dev.autodeploy.internal.runtime.ProviderCalls;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts one instance through the provider, and probes it until it is ready. Decides nothing. */
final class InstanceStarter {
  private static final Logger LOG = LoggerFactory.getLogger(InstanceStarter.class);

  /** A probe follows the last one after a twentieth of the time so far, within these limits. */
  private static final int PROBE_FRACTION = 20;

  private static final long MIN_PROBE_NANOS = Duration.ofMillis(1).toNanos();
  private static final long MAX_PROBE_NANOS = Duration.ofMillis(100).toNanos();

  /** The time between questions for an endpoint that the provider does not know yet. */
  private static final Duration ENDPOINT_POLL = Duration.ofSeconds(1);

  private final EngineServices services;
  private final InstanceReports reports;
  private final UnknownInstances unknown;
  private final AccountWriter accounts;
  private final Rooms rooms;
  private final InstanceSleeper sleeper;

  /**
   * Makes one.
   *
   * @param reports takes the outcome
   * @param unknown gets instances that come up after their release
   * @param accounts writes that an instance is ready
   * @param rooms is told which GPUs they have
   * @param sleeper finds out whether one of an earlier process sleeps
   */
  InstanceStarter(
      EngineServices services,
      InstanceReports reports,
      UnknownInstances unknown,
      AccountWriter accounts,
      Rooms rooms,
      InstanceSleeper sleeper) {
    this.services = services;
    this.reports = reports;
    this.unknown = unknown;
    this.accounts = accounts;
    this.rooms = rooms;
    this.sleeper = sleeper;
  }

  void start(RunningInstance running) {
    try {
      services.providerExecutor().execute(() -> doStart(running));
    } catch (RuntimeException e) {
      reports.startFailed(running, "no thread to start it: " + e.getMessage(), null);
    }
  }

  private void doStart(RunningInstance running) {
    if (!reports.isStarting(running)) {
      return; // released before it was started
    }
    Instance instance = running.instance();
    Room room = instance.room();
    List<String> given = room == null ? List.of() : room.gpus();
    if (!given.isEmpty()) {
      reports.gotGpus(running, GotGpus.of(given, services.capacity()), false);
    }
    LedgerEntry.Started line = reports.started(running);
    try {
      // Written before an instance can run: every running instance must be in the ledger.
      services.ledger().append(line);
    } catch (RuntimeException | Error e) {
      // The line may have been written despite the error; without an end it would be paid for.
      services.ledger().appendReliably(neverRan(line));
      reports.startFailed(
          running, "its start could not be written to the ledger: " + Errors.describe(e), null);
      return;
    }
    if (!reports.startAsked(running)) {
      services.ledger().appendReliably(neverRan(line)); // released while the line was written
      return;
    }
    StartRequest request =
        StartRequest.builder(services.owner(), instance.id(), instance.spec())
            .slot(instance.slot())
            .fingerprint(instance.fingerprint())
            .gpus(given)
            .build();
    // On this thread: a release that comes now should find the start already asked for.
    ProviderCalls.callOnThisThread(() -> start(running, request))
        .whenComplete((up, error) -> started(running, up, error));
  }

  private CompletionStage<ProviderInstance> start(RunningInstance running, StartRequest request) {
    OverdueCalls.Call call =
        services.calls().overdue().beginPatiently("start instances of " + request.deployment());
    running.startedBy(call);
    try {
      return services.provider().start(request);
    } finally {
      call.returned();
    }
  }

  private static LedgerEntry.Released neverRan(LedgerEntry.Started line) {
    return new LedgerEntry.Released(
        UsageInterval.builder(line.deployment(), line.instanceId(), line.at())
            .gpu(line.gpu())
            .releaseRequestedAt(line.at())
            .endedAt(line.at())
            .build());
  }

  private void started(
      RunningInstance running, @Nullable ProviderInstance up, @Nullable Throwable error) {
    if (up == null) {
      Throwable cause =
          error == null
              ? new IllegalStateException("the provider returned no instance")
              : Errors.unwrap(error);
      InstanceExit exit = cause instanceof InstanceStartException e ? e.exit() : null;
      if (running.instance().spec().environment().isEmpty()) { // or a trace might show a value
        LOG.debug("{}: start of {} failed", reports.deployment(), running.id(), cause);
      }
      if (cause instanceof InstanceStartException e && e.isNoRoom()) {
        reports.noRoom(running, Errors.describe(cause));
      } else {
        reports.startFailed(running, Errors.describe(cause), exit);
      }
      return;
    }
    running.isUp(up);
    if (reports.up(running)) {
      accounts.prepared(running);
    }
    Room room = running.instance().room();
    if (room != null) {
      rooms.placed(room, up.gpus());
      GotGpus got = GotGpus.of(up, room.gpus(), services.capacity());
      reports.gotGpus(running, got, true);
      String unpriced = PriceCheck.unpriced(services, running.instance().spec(), got);
      if (unpriced != null) {
        LOG.warn("{}: {}", reports.deployment(), unpriced);
      }
    }
    if (reports.isGone(running)) {
      LOG.warn(
          "{}: instance '{}' came up after it had been released; it is released again",
          reports.deployment(),
          running.id());
      // Released again after its account is closed, since the next account begins at that moment.
      running.gone().thenRun(() -> releaseAgain(up));
    } else if (up.exit() != null) {
      reports.exited(running, up.exit());
    } else {
      probe(running, services.ticker().read());
    }
  }

  private void releaseAgain(ProviderInstance up) {
    if (!unknown.startedAfterRelease(up)) {
      services.calls().call(() -> services.provider().release(up.instanceId(), Duration.ZERO));
    }
  }

  /** Probes an instance that is up until it is ready. */
  void probe(RunningInstance running) {
    probe(running, services.ticker().read());
  }

  private void probe(RunningInstance running, long since) {
    if (!reports.isStarting(running)) {
      return;
    }
    ProviderInstance up = running.up();
    URI endpoint = up.endpoint();
    if (endpoint == null) {
      findEndpoint(running, since);
      return;
    }
    if (running.instance().startReason() != StartReason.ADOPTED) {
      ask(running, endpoint, since);
      return;
    }
    sleeper
        .isFoundAsleep(running)
        .whenComplete(
            (asleep, error) -> {
              if (error != null) {
                retry(running, Errors.describe(Errors.unwrap(error)), since);
              } else if (asleep) {
                reports.foundAsleep(running, endpoint);
              } else {
                ask(running, endpoint, since);
              }
            });
  }

  private void ask(RunningInstance running, URI endpoint, long since) {
    String answer = null;
    try {
      ReadinessProbe probe = running.instance().spec().readiness();
      if (reports.wasReady(running)) {
        probe = Probes.ofAReadyOne(probe);
      }
      if (isReady(running, Probes.with(probe, running.instance().spec().environment()))) {
        reports.ready(running, endpoint);
        accounts.checkpoint(running); // for the next process, if this one is killed
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      answer = "it was interrupted";
    } catch (Throwable e) { // some languages throw checked exceptions from anywhere
      answer = Errors.describe(e);
    }
    retry(running, answer, since);
  }

  private void retry(RunningInstance running, @Nullable String answer, long since) {
    long elapsed = services.ticker().read() - since;
    describe(running, answer, elapsed);
    Duration interval = running.instance().spec().probeInterval();
    long wait = Math.min(MAX_PROBE_NANOS, Math.max(MIN_PROBE_NANOS, elapsed / PROBE_FRACTION));
    probeAfter(interval == null ? Duration.ofNanos(wait) : interval, running, since);
  }

  /** Returns the kind of call that a probe is, for readiness and liveness alike. */
  static String probing(RunningInstance running) {
    return "probe instances of deployment " + running.instance().spec().name();
  }

  /** Asks once; ready is only what says so often enough in a row. */
  private boolean isReady(RunningInstance running, ReadinessProbe probe)
      throws IOException, InterruptedException {
    boolean yes = false;
    OverdueCalls.Call call = services.calls().overdue().begin(probing(running));
    try {
      yes = services.provider().isReady(running.up(), probe);
    } finally {
      call.returned();
      running.probed(yes);
    }
    return running.probesPassed() >= running.instance().spec().probeThreshold()
        || (yes && reports.wasReady(running));
  }

  /**
   * Reports why an instance is not ready, for the case that its time ends before the next probe.
   */
  private void describe(RunningInstance running, @Nullable String answer, long elapsed) {
    if (!running.isLogDue(elapsed)) {
      reports.probed(running, answer, running.lastLog());
      return;
    }
    services
        .calls()
        .call(
            "read the log of instances of " + reports.deployment(),
            () -> services.provider().logs(running.id(), StartDiagnosis.LINES))
        .whenComplete(
            (lines, error) -> {
              if (error == null) {
                running.noteLog(lines);
              }
              reports.probed(running, answer, running.lastLog());
            });
  }

  private void probeAfter(Duration wait, RunningInstance running, long since) {
    services
        .timers()
        .schedule(wait, () -> services.providerExecutor().execute(() -> probe(running, since)));
  }

  private void findEndpoint(RunningInstance running, long since) {
    services
        .calls()
        .list()
        .whenComplete(
            (listed, error) -> {
              if (error == null) {
                listed.stream()
                    .filter(i -> i.instanceId().equals(running.id()) && i.endpoint() != null)
                    .findFirst()
                    .ifPresent(running::isUp);
              } else {
                reports.probed(running, Errors.describe(error), running.lastLog());
              }
              probeAfter(ENDPOINT_POLL, running, since);
            });
  }
}
