package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.SystemScheduler;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.StartProgress;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The shell: what the machine decides is carried out, in order, whatever others do. */
@Timeout(60)
final class EngineLifeTest {
  private final EngineHarness h = new EngineHarness();

  private static AutoDeployException error(CompletableFuture<?> future) {
    assertThat(future).isCompletedExceptionally();
    try {
      future.join();
      throw new AssertionError("it is completed exceptionally");
    } catch (CompletionException e) {
      return (AutoDeployException) e.getCause();
    }
  }

  @Test
  void oneLife_fromColdStartToStandby() {
    h.start();
    Deployment voice = h.deploy();
    List<CompletableFuture<Lease>> leases = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      leases.add(voice.acquireAsync());
    }
    h.time.run();

    assertThat(leases).allMatch(CompletableFuture::isDone);
    assertThat(h.provider.count("start")).isEqualTo(1);
    assertThat(leases.get(0).join().endpoint()).hasToString("http://127.0.0.1:40000");
    assertThat(leases.get(0).join().coldStart()).isTrue();
    assertThat(voice.status().inFlight()).isEqualTo(500);
    assertThat(voice.status().state()).isEqualTo(DeploymentState.RUNNING);
    h.time.passSeconds(300);
    assertThat(h.provider.running()).hasSize(1);
    leases.forEach(lease -> lease.join().close());
    h.time.passSeconds(300);

    assertThat(voice.status().state()).isEqualTo(DeploymentState.STANDBY);
    h.assertNothingLeft(voice);
  }

  @Test
  void events_areToldInOrderAndComplete() {
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    h.time.passSeconds(300);
    time(() -> h.engine.remove("voice"));

    assertThat(h.events)
        .extracting(e -> e.getClass().getSimpleName())
        .containsExactly(
            "Created",
            "InstanceStarting",
            "StatusChanged",
            "InstanceReady",
            "StatusChanged",
            "InstanceReleasing",
            "StatusChanged",
            "StatusChanged",
            "InstanceReleased",
            "Removed");
  }

  private void time(Runnable action) {
    action.run();
    h.time.run();
  }

  @Test
  void listenerThatThrows_hurtsNobody() {
    h.listeners.add(
        0,
        event -> {
          throw new IllegalStateException("broken listener");
        });
    h.listeners.add(1, event -> sneak(new Exception("checked")));
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();

    assertThat(h.events).hasSizeGreaterThan(3);
  }

  @SuppressWarnings("unchecked")
  private static <E extends Exception> void sneak(Exception e) throws E {
    throw (E) e;
  }

  @Test
  void closeOfALease_twice_countsOnce() {
    h.start();
    Deployment voice = h.deploy();
    Lease first = h.acquire(voice);
    Lease second = h.acquire(voice);

    first.close();
    first.close();

    assertThat(voice.status().inFlight()).isEqualTo(1);
    second.close();
    assertThat(voice.status().inFlight()).isZero();
  }

  @Test
  void acquire_onAReadyInstance_isCompleteOnReturn() {
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();

    assertThat(voice.acquireAsync()).isCompleted();
  }

  @Test
  void cancel_whileTheGrantIsOnItsWay_givesTheLeaseBack() {
    h.start();
    Deployment voice = h.deploy();
    CompletableFuture<Lease> lease = voice.acquireAsync();
    while (voice.status().inFlight() == 0) {
      assertThat(h.time.runOne()).isTrue();
    }

    assertThat(lease.cancel(false)).isTrue();
    h.time.run();

    assertThat(voice.status().inFlight()).isZero();
    h.time.passSeconds(300);
    h.assertNothingLeft(voice);
  }

  @Test
  void cancel_whileWaiting_freesThePlace() {
    h.provider.ready = false;
    h.start();
    Deployment voice = h.deploy();
    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.run();

    lease.cancel(false);

    assertThat(voice.status().pending()).isZero();
  }

  @Test
  void timeoutOfTheCallersOwn_freesThePlace() {
    h.provider.ready = false;
    h.start();
    Deployment voice = h.deploy();
    CompletableFuture<Lease> lease = voice.acquireAsync();

    lease.completeExceptionally(new java.util.concurrent.TimeoutException());

    assertThat(voice.status().pending()).isZero();
  }

  @Test
  void executorsThatRefuse_loseNoLeaseNoAnswerAndNoEvent() {
    CompletableFuture<DeploymentEvent> released = new CompletableFuture<>();
    h.listeners.add(
        event -> {
          if (event instanceof DeploymentEvent.InstanceReleased) {
            released.complete(event);
          }
        });
    h.start();
    Deployment voice = h.deploy(b -> b.concurrency(1));
    Lease holder = h.acquire(voice);
    CompletableFuture<Lease> waiting = voice.acquireAsync();
    h.time.refuseTasks();

    holder.close();
    waiting.join().close(); // granted on a thread of its own
    assertThat(voice.status().inFlight()).isZero();
    h.time.passSeconds(300);
    h.assertNothingLeft(voice);
    released.join();
  }

  @Test
  void executorThatFailsOnce_losesNoLease() {
    Executor sound = h.callbackExecutor;
    AtomicBoolean fails = new AtomicBoolean();
    h.callbackExecutor =
        task -> {
          if (fails.compareAndSet(true, false)) {
            throw new IllegalStateException("broken executor");
          }
          sound.execute(task);
        };
    h.start();
    Deployment voice = h.deploy(b -> b.concurrency(1));
    Lease holder = h.acquire(voice);
    CompletableFuture<Lease> waiting = voice.acquireAsync();
    fails.set(true);

    holder.close();

    waiting.join().close();
    h.time.passSeconds(300);
    h.assertNothingLeft(voice);
  }

  @Test
  void executorThatFailsAfterItRanATask_doesNotHaveItRunAgain() {
    h.callbackExecutor =
        task -> {
          task.run();
          throw new IllegalStateException("broken executor");
        };
    h.start();
    Deployment voice = h.deploy();

    Lease lease = h.acquire(voice);

    assertThat(voice.status().inFlight()).as("a lease granted twice is given back").isEqualTo(1);
    lease.close();
  }

  @Test
  void logThatFails_doesNotStopADeploymentForGood() {
    h.start();
    Deployment voice = h.deploy();
    h.time.failNextSchedule(new UnprintableException());

    h.acquire(voice).close();
    h.time.passSeconds(300);

    h.assertNothingLeft(voice);
  }

  @Test
  void releaseRetry_whoseTimerCouldNotBeSet_isNotForgottenForALaterDeadline() {
    h.callbackExecutor = Runnable::run;
    h.listeners.add(
        event -> {
          if (event instanceof DeploymentEvent.InstanceReleaseFailed failed
              && failed.attempts() == 1) {
            h.time.failNextSchedule();
          }
        });
    h.start();
    Deployment voice = h.deploy(b -> b.maxInstances(1).concurrency(1));
    h.acquire(voice).close();
    h.provider.releaseAnswer = CompletableFuture.failedFuture(new IllegalStateException("busy"));
    voice.release();
    h.time.run();
    h.provider.releaseAnswer = null;

    CompletableFuture<Lease> waiting = voice.acquireAsync();
    h.time.passSeconds(31); // the upkeep has looked

    assertThat(waiting).isCompleted();
  }

  @Test
  void storeThatThrowsAnError_failsTheStartAtOnce() {
    h.start();
    Deployment voice = h.deploy();
    h.store.beforeAppend =
        entry -> {
          throw new NoClassDefFoundError("com/example/Missing");
        };

    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.run();

    assertThat(error(lease).code()).isEqualTo(ErrorCode.START_FAILED);
    assertThat(h.provider.running()).isEmpty();
  }

  @Test
  void listenerWhoseFailureCannotBeLogged_doesNotSilenceTheOthers() {
    h.listeners.add(
        0,
        event -> {
          throw new UnprintableException();
        });
    h.start();

    h.acquire(h.deploy()).close();

    assertThat(h.events(DeploymentEvent.InstanceReady.class)).hasSize(1);
  }

  @Test
  void costMeterWhoseFailureCannotBeLogged_losesNoLedgerLine() {
    h.meter =
        new CostMeter() {
          @Override
          public Money cost(UsageInterval usage) {
            throw new UnprintableException();
          }

          @Override
          public Currency currency() {
            return Currency.getInstance("EUR");
          }
        };
    h.start();
    Deployment voice = h.deploy();
    Lease lease = h.acquire(voice);
    lease.close();

    CompletableFuture<Void> gone = voice.release();
    for (int i = 0; i < 3; i++) {
      try {
        h.time.passSeconds(60);
      } catch (UnprintableException e) {
        // Whoever called it is told.
      }
    }

    assertThat(h.provider.running()).isEmpty();
    assertThat(gone).isDone();
    assertThat(h.store.lines(LedgerEntry.Released.class)).hasSize(1);
  }

  /** The log prints it, and fails. */
  private static final class UnprintableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public void printStackTrace(PrintStream to) {
      throw this;
    }
  }

  @Test
  void executorsThatRunOnTheCallingThread_serveAWholeLife() {
    h.providerExecutor = Runnable::run;
    h.callbackExecutor = Runnable::run;
    h.start();
    Deployment voice = h.deploy(b -> b.concurrency(1).minInstances(0));
    List<String> order = new ArrayList<>();
    CompletableFuture<Lease> first = voice.acquireAsync();
    first.thenAccept(
        lease -> voice.acquireAsync().thenAccept(next -> order.add(next.instanceId())));

    assertThat(first).isCompleted();
    assertThat(order).isEmpty();
    first.join().close();

    assertThat(order).containsExactly(first.join().instanceId());
    voice.releaseNow();
    h.assertNothingLeft(voice);
  }

  @ParameterizedTest
  @MethodSource("failures")
  void probeThatFails_isAskedAgain(Throwable failure) {
    h.provider.ready = false;
    h.start();
    Deployment voice = h.deploy();
    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.pass(Duration.ofMillis(500));
    h.provider.probeError = failure;
    h.time.pass(Duration.ofMillis(500));
    Thread.interrupted(); // which the engine leaves as it is

    h.provider.probeError = null;
    h.provider.ready = true;
    h.time.passSeconds(1);

    assertThat(lease).isCompleted();
  }

  static List<Throwable> failures() {
    return List.of(
        new AssertionError("not yet"),
        new TimeoutException("not declared, as in other languages"),
        new InterruptedException(),
        new IOException("refused"));
  }

  @Test
  void probeThatCannotBeLinked_isANoAndIsNamedWhenTheStartTimesOut() {
    h.provider.probeError = new NoClassDefFoundError("com/example/Missing");
    h.start();
    Deployment voice = h.deploy(b -> b.startTimeout(Duration.ofSeconds(10)));
    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.passSeconds(10);

    assertThat(error(lease)).hasMessageContaining("com/example/Missing");
  }

  @Test
  void instance_isReadyAfterAsManyProbesInARowAsAreSet_atTheirInterval() {
    h.provider.ready = false;
    h.start();
    Deployment voice = h.deploy(b -> b.probeInterval(Duration.ofSeconds(10)).probeThreshold(3));
    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.run();
    h.provider.ready = true;
    h.time.passSeconds(20); // two say yes
    h.provider.ready = false;
    h.time.passSeconds(10); // one says no
    h.provider.ready = true;
    h.time.passSeconds(20);
    assertThat(lease).isNotDone();
    assertThat(h.provider.probes).hasSize(6);

    h.time.passSeconds(10);
    assertThat(lease).isCompleted();
  }

  @Test
  void startTimeout_standsStillWhileAnInstanceIsPreparedAndCreated() {
    h.provider.startAnswer = new CompletableFuture<>();
    h.start();
    Deployment voice = h.deploy(b -> b.startTimeout(Duration.ofSeconds(10)));
    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.run();
    String id = voice.status().instances().get(0).id();

    h.provider.progress(id, new StartProgress("pulling", "", 1, 9, StartProgress.Phase.PREPARING));
    h.time.passSeconds(300);
    h.provider.progress(
        id, new StartProgress("extracting", "", 1, 9, StartProgress.Phase.PREPARING));
    h.time.passSeconds(60);
    assertThat(lease).isNotDone();

    h.provider.progress(id, new StartProgress("creating", "", 0, 0, StartProgress.Phase.CREATING));
    h.time.passSeconds(90);
    h.provider.progress(id, new StartProgress("starting", "", 0, 0));
    h.time.passSeconds(9);
    h.provider.progress(id, new StartProgress("starting", "it", 0, 0));
    assertThat(lease).as("it runs from when the instance does").isNotDone();
    h.time.passSeconds(1);
    assertThat(error(lease).code()).isEqualTo(ErrorCode.START_FAILED);
  }

  @Test
  void startTimeout_runsFromWhenTheInstanceIsUp_ifNoProgressSaysSo() {
    h.provider.startAnswer = new CompletableFuture<>();
    h.provider.ready = false;
    h.start();
    Deployment voice = h.deploy(b -> b.startTimeout(Duration.ofSeconds(10)));
    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.run();
    String id = voice.status().instances().get(0).id();
    h.provider.progress(id, new StartProgress("pulling", "", 1, 9, StartProgress.Phase.PREPARING));
    h.time.passSeconds(60);

    h.provider.startAnswer.complete(h.provider.put(h.provider.requests.get(0)));
    h.time.passSeconds(9);
    assertThat(lease).isNotDone();
    assertThat(voice.status().instances().get(0).preparing()).isEqualTo(Duration.ofSeconds(60));
    h.time.passSeconds(2);
    assertThat(error(lease).code()).isEqualTo(ErrorCode.START_FAILED);
  }

  @Test
  void update_withTheSameSpecification_endsTheBackOff() {
    h.provider.startAnswer = CompletableFuture.failedFuture(new IllegalStateException("busy"));
    h.start();
    Deployment voice = h.deploy();
    voice.acquireAsync();
    h.time.run();
    assertThat(voice.status().backoffUntil()).isNotNull();

    h.engine.update(EngineHarness.voice(b -> b));

    assertThat(voice.status().backoffUntil()).isNull();
  }

  @Test
  void acquire_afterClose_isRefusedAndDoesNotHang() throws Exception {
    Engine engine = Engine.start(config(null));
    Deployment voice = engine.deploy(EngineHarness.voice(b -> b));
    engine.close();

    CompletableFuture<Lease> lease = voice.acquireAsync();

    assertThatThrownBy(() -> lease.get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(AutoDeployException.class);
    assertThatThrownBy(() -> voice.logs("voice-x", 10).get(10, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(AutoDeployException.class)
        .hasMessageContaining("the engine is closed");
  }

  /** An engine on its own executors and on the system's clocks. */
  private EngineConfig config(@Nullable Scheduler scheduler) {
    return EngineConfig.builder()
        .owner("host")
        .idlePolicy(h.policy)
        .costMeter(h.meter)
        .store(h.store)
        .listeners(h.listeners)
        .scheduler(scheduler)
        .drainTimeout(Duration.ofSeconds(1))
        .releaseTimeout(Duration.ofSeconds(5))
        .releaseOnShutdown(false)
        .build(h.provider);
  }

  @Test
  void close_returnsWhenTheLedgerAndTheListenersHaveEverything() {
    for (int round = 0; round < 200; round++) {
      EngineHarness real = new EngineHarness();
      Engine engine =
          Engine.start(
              EngineConfig.builder()
                  .owner("host")
                  .idlePolicy(real.policy)
                  .costMeter(real.meter)
                  .store(real.store)
                  .listeners(real.listeners)
                  .drainTimeout(Duration.ofSeconds(1))
                  .releaseTimeout(Duration.ofSeconds(5))
                  .releaseOnShutdown(false)
                  .build(real.provider));
      Deployment voice = engine.deploy(EngineHarness.voice(b -> b));
      voice.acquireAsync().join().close();
      engine.close();

      real.assertNothingLeft(voice);
      assertThat(real.events(DeploymentEvent.InstanceReleased.class)).hasSize(1);
    }
  }

  @Test
  void failedStart_tellsWhoWaitedWhatTheProviderSaid() {
    h.provider.startAnswer =
        CompletableFuture.failedFuture(
            new InstanceStartException(
                "no GPU is free",
                new InstanceExit(3, false, List.of("last line"), null, null),
                null));
    h.start();
    Deployment voice = h.deploy();
    CompletableFuture<Lease> first = voice.acquireAsync();
    h.time.run();
    CompletableFuture<Lease> second = voice.acquireAsync();
    h.time.run();

    assertThat(error(first)).isInstanceOf(StartFailedException.class);
    assertThat(((StartFailedException) error(first)).failure().exit().logTail())
        .containsExactly("last line");
    assertThat(((StartFailedException) error(second)).failure())
        .isEqualTo(((StartFailedException) error(first)).failure());
    assertThat(h.provider.count("start")).isEqualTo(1);
    assertThat(h.provider.count("release")).isEqualTo(1);
  }

  @Test
  void startThatIsAnsweredAfterTheRelease_isReleasedAgain() {
    h.provider.startAnswer = new CompletableFuture<>();
    h.start();
    Deployment voice = h.deploy(b -> b.startTimeout(Duration.ofSeconds(10)));
    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.passSeconds(10);
    assertThat(error(lease).code()).isEqualTo(ErrorCode.START_FAILED);
    assertThat(voice.status().instances()).isEmpty();
    String id = h.provider.calls.get(0).substring("start ".length());

    h.provider.startAnswer.complete(
        h.provider.put(
            dev.autodeploy.spi.ProviderInstance.builder(id, "voice", h.time.instant())
                .fingerprint("f")
                .build()));
    h.time.run();

    assertThat(h.provider.running()).isEmpty();
  }

  @Test
  void exit_isToldToTheLeases() {
    h.start();
    Deployment voice = h.deploy();
    Lease lease = h.acquire(voice);
    Lease unwatched = h.acquire(voice);
    CompletableFuture<InstanceExit> lost = lease.lost().toCompletableFuture();
    InstanceExit exit = new InstanceExit(137, true, List.of(), null, h.time.instant());

    h.provider.end(lease.instanceId(), exit, true);
    h.time.run();

    assertThat(lost).isCompletedWithValue(exit);
    assertThat(unwatched.lost().toCompletableFuture()).isCompletedWithValue(exit);
    lease.close();
    unwatched.close();
    h.assertNothingLeft(voice);
  }

  @Test
  void borrowedLease_doesNotKeepItsInstance_andIsToldOfItsRelease() {
    h.start();
    Deployment voice = h.deploy();
    assertThat(voice.borrow()).isEmpty();
    h.acquire(voice).close();
    Lease lease = voice.borrow().orElseThrow();
    Lease closed = voice.borrow().orElseThrow();
    closed.close();
    CompletableFuture<InstanceExit> lost = lease.lost().toCompletableFuture();
    assertThat(voice.status().inFlight()).isZero();

    h.time.passSeconds(299);
    assertThat(lost).isNotDone();
    h.time.passSeconds(1);

    assertThat(lost).isCompleted();
    assertThat(voice.borrow()).isEmpty();
    lease.close();
    h.assertNothingLeft(voice);
  }

  @Test
  void borrowedLease_isToldOfTheEndOfItsInstance() {
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    Lease lease = voice.borrow().orElseThrow();
    CompletableFuture<InstanceExit> lost = lease.lost().toCompletableFuture();
    InstanceExit exit = new InstanceExit(137, true, List.of(), null, h.time.instant());

    h.provider.end(lease.instanceId(), exit, true);
    h.time.run();

    assertThat(lost).isCompletedWithValue(exit);
  }

  @Test
  void exit_thatTheProviderDidNotTell_isNoticedByTheUpkeep() {
    h.start();
    Deployment voice = h.deploy();
    Lease lease = h.acquire(voice);
    h.provider.end(lease.instanceId(), InstanceExit.unknown("gone"), false);

    h.time.passSeconds(30);

    assertThat(lease.lost().toCompletableFuture()).isCompleted();
    assertThat(voice.status().state()).isEqualTo(DeploymentState.STANDBY);
  }

  @Test
  void releaseThatOnlySaysSo_isNotBelieved() {
    h.provider.releaseLies = true;
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    CompletableFuture<Void> gone = voice.release();
    h.time.run();
    assertThat(gone).isNotDone();
    assertThat(h.events(DeploymentEvent.InstanceReleaseFailed.class)).hasSize(1);

    h.provider.releaseLies = false;
    h.time.passSeconds(1);

    assertThat(gone).isCompleted();
    h.assertNothingLeft(voice);
  }

  @Test
  void releaseThatIsNeverAnswered_isTriedAgain() {
    h.provider.releaseAnswer = new CompletableFuture<>();
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    voice.release();
    h.time.passSeconds(70);
    assertThat(h.provider.count("release")).isEqualTo(1);

    h.provider.releaseAnswer = null;
    h.time.passSeconds(2);

    h.assertNothingLeft(voice);
  }

  @Test
  void close_withAReleaseThatNeverConfirms_namesTheInstance() {
    h.provider.releaseLies = true;
    h.start();
    Deployment voice = h.deploy();
    String id = h.acquire(voice).instanceId();

    assertThatThrownBy(h::close)
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining(id)
        .hasMessageContaining("host");
    assertThat(h.provider.calls).last().isEqualTo("close");
    assertThat(h.store.closed).isTrue();
  }

  @Test
  void close_ofAnEngineWithEndlessPatience_isNotAnOverflow() {
    h.drainTimeout = Duration.ofSeconds(Long.MAX_VALUE);
    h.releaseTimeout = Duration.ofSeconds(Long.MAX_VALUE);
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();

    h.close();

    h.assertNothingLeft(voice);
  }

  @Test
  void schedulerOfTheEngine_takesAnyDelay() {
    SystemScheduler scheduler = new SystemScheduler();
    scheduler.schedule(Duration.ofSeconds(Long.MAX_VALUE), () -> {}).cancel();
    scheduler.close();
  }

  @Test
  void close_twice_closesTheProviderOnce() {
    h.start();
    h.close();
    h.close();

    assertThat(h.provider.calls).containsOnlyOnce("close");
  }

  @Test
  void close_withASchedulerThatWasShutDown_releasesAndClosesEverything() {
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    h.time.refuseTimers();

    h.close();
    h.close();

    h.assertNothingLeft(voice);
    assertThat(h.provider.calls).containsOnlyOnce("close");
    assertThat(h.store.closed).isTrue();
  }

  @Test
  void schedulerThatRefuses_isReplacedByTheSystemsTimer() {
    h.time.refuseTimers();
    EngineServices services = new EngineResources(config(h.time)).services("host");
    CompletableFuture<Void> called = new CompletableFuture<>();

    services.timers().schedule(Duration.ofMillis(1), () -> called.complete(null));
    CompletableFuture<Object> limited =
        services.calls().call(Duration.ofMillis(1), CompletableFuture::new).toCompletableFuture();

    assertThat(called).succeedsWithin(Duration.ofSeconds(30));
    assertThat(limited).failsWithin(Duration.ofSeconds(30));
  }

  @Test
  void upkeep_whenTheSchedulerRefuses_isLeftToTheSystemsTimer() {
    h.start();
    Deployment voice = h.deploy();
    Lease lease = h.acquire(voice);
    h.provider.end(lease.instanceId(), InstanceExit.unknown("gone"), false);
    h.time.refuseTimers();

    h.time.passSeconds(30); // what it throws would be thrown here

    assertThat(lease.lost().toCompletableFuture()).isCompleted();
    h.close();
    h.assertNothingLeft(voice);
  }

  @Test
  void close_whenTheStoreThrowsAnError_closesTheRestAndReturnsTheNextTime() {
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    h.store.beforeAppend =
        entry -> {
          if (Thread.currentThread().getName().equals("test-caller")) { // which closes
            throw new OutOfMemoryError("as drawn");
          }
          throw new IllegalStateException("disk full");
        };

    assertThatThrownBy(h::close).hasRootCauseInstanceOf(OutOfMemoryError.class);

    assertThat(h.provider.running()).isEmpty();
    assertThat(h.provider.calls).last().isEqualTo("close");
    assertThat(h.store.closed).isTrue();
    h.close();
  }

  @Test
  void close_onAnInterruptedThread_releasesAndClosesUninterrupted() {
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();

    boolean interrupted =
        h.time.call(
            () -> {
              Thread.currentThread().interrupt();
              h.engine.close();
              return Thread.interrupted();
            });

    assertThat(interrupted).isTrue();
    h.assertNothingLeft(voice);
    assertThat(h.provider.calls).last().isEqualTo("close");
  }

  @Test
  void close_ofAProviderThatHasJustRecovered_triesItAtOnce() {
    h.drainTimeout = Duration.ZERO;
    h.releaseTimeout = Duration.ofSeconds(1);
    h.provider.releaseAnswer = CompletableFuture.failedFuture(new IllegalStateException("down"));
    h.start();
    Deployment voice = h.deploy(b -> b.releaseGrace(Duration.ZERO));
    h.acquire(voice).close();
    voice.release();
    h.time.passSeconds(40); // after 1 + 2 + 4 + 8 + 16 s, and then in 30 s
    h.provider.releaseAnswer = null;

    h.close();

    h.assertNothingLeft(voice);
  }

  @Test
  void remove_letsLeasesFinishAndThenTheNameIsFree() {
    h.start();
    Deployment voice = h.deploy();
    Lease lease = h.acquire(voice);
    CompletableFuture<Void> removed = h.engine.remove("voice");
    CompletableFuture<Void> again = h.engine.remove("voice");
    h.time.run();
    assertThat(removed).isNotDone();

    assertThatThrownBy(() -> h.engine.deploy(EngineHarness.voice(b -> b)))
        .as("the same specification, while it is being removed")
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("being removed");
    lease.close();
    h.time.run();

    assertThat(removed).isCompleted();
    assertThat(again).isCompleted();
    assertThat(h.events(DeploymentEvent.Removed.class)).hasSize(1);
    assertThat(h.deploy()).isNotSameAs(voice);
  }

  @Test
  void remove_isDoneOnlyWhenTheLedgerIsComplete() {
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    CompletableFuture<Void> removed = h.engine.remove("voice");

    while (!removed.isDone()) {
      assertThat(h.time.runOne()).isTrue();
    }
    h.assertNothingLeft(voice);
  }

  @Test
  void lookingUpADeployment_doesNotWaitForTheDisk() {
    h.start();
    h.deploy();
    AtomicReference<Optional<Deployment>> found = new AtomicReference<>();
    h.store.beforeSave = name -> found.set(elsewhere(() -> h.engine.find("voice")));

    h.deploy(b -> b.idleTimeout(Duration.ofSeconds(1)));

    assertThat(found.get()).isPresent();
  }

  @Test
  void callbacksOfARemoval_runWithoutTheEnginesLock() {
    h.callbackExecutor = Runnable::run;
    h.provider.ready = false;
    h.start();
    Deployment voice = h.deploy();
    AtomicReference<Deployment> other = new AtomicReference<>();
    CompletableFuture<Lease> lease = voice.acquireAsync();
    lease.whenComplete(
        (l, e) ->
            other.set(
                elsewhere(
                    () ->
                        h.engine.deploy(
                            dev.autodeploy.DeploymentSpec.builder("other").port(1).build()))));

    h.engine.remove("voice");

    assertThat(other.get()).isNotNull();
  }

  private static <T> T elsewhere(java.util.function.Supplier<T> supplier) {
    try {
      return CompletableFuture.supplyAsync(supplier).get(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException("it did not return", e);
    }
  }

  @Test
  void idlePolicyThatThrows_stillReleasesByTheDefault() {
    h.policy =
        history -> {
          throw new IllegalStateException("broken policy");
        };
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    h.time.passSeconds(300);

    h.assertNothingLeft(voice);
  }

  @Test
  void schedulerThatFailsOnce_isAskedAgain() {
    h.provider.ready = false;
    h.start();
    Deployment voice = h.deploy();
    h.time.failNextSchedule();
    CompletableFuture<Lease> first =
        voice.acquireAsync(dev.autodeploy.AcquireRequest.within(Duration.ofSeconds(1)));
    CompletableFuture<Lease> second =
        voice.acquireAsync(dev.autodeploy.AcquireRequest.within(Duration.ofSeconds(1)));

    h.time.passSeconds(1);

    assertThat(error(first).code()).isEqualTo(ErrorCode.ACQUIRE_TIMEOUT);
    assertThat(error(second).code()).isEqualTo(ErrorCode.ACQUIRE_TIMEOUT);
  }

  @Test
  void timerThatCouldNotBeSet_afterTheLastLease_isMadeUpForByTheUpkeep() {
    h.start();
    Deployment voice = h.deploy();
    h.time.passSeconds(5);
    CompletableFuture<Lease> lease =
        voice.acquireAsync(dev.autodeploy.AcquireRequest.within(Duration.ofSeconds(7)));
    h.time.run();
    lease.join().close();
    h.time.failNextSchedule(); // when the caller's deadline has passed: for the idle timeout

    h.time.passSeconds(600);

    h.assertNothingLeft(voice);
  }

  @Test
  void snapshot_isMadeOfAnIdleInstanceAndThenItServesAgain() {
    h.provider.snapshotAnswer = new CompletableFuture<>();
    h.start();
    Deployment voice = h.deploy(b -> b.idleTimeout(Duration.ZERO).concurrency(1));
    CompletableFuture<String> snapshot = voice.snapshot("warm");
    h.time.run();
    CompletableFuture<Lease> waiting = voice.acquireAsync();
    h.time.passSeconds(60);
    assertThat(waiting).isNotDone();

    h.provider.snapshotAnswer.complete(
        new dev.autodeploy.spi.Snapshot("ref", "voice", h.time.instant(), 1));
    h.time.run();

    assertThat(snapshot).isCompletedWithValue("ref");
    assertThat(waiting).isCompleted();
    assertThat(h.provider.count("start")).isEqualTo(1);
    waiting.join().close();
    h.time.run();
    h.assertNothingLeft(voice);
  }

  @Test
  void snapshot_thatIsNeverAnswered_isGivenUpAndItsInstanceReleased() {
    h.provider.snapshotAnswer = new CompletableFuture<>();
    h.start();
    Deployment voice = h.deploy(b -> b.idleTimeout(Duration.ofSeconds(10)));

    CompletableFuture<String> snapshot = voice.snapshot("warm");
    h.time.pass(Duration.ofHours(2));

    assertThat(snapshot).isCompletedExceptionally();
    h.assertNothingLeft(voice);
  }

  @Test
  void snapshot_ofABusyInstance_isRefusedAndLeavesNoLease() {
    h.start();
    Deployment voice = h.deploy();
    Lease lease = h.acquire(voice);

    CompletableFuture<String> snapshot = voice.snapshot("warm");
    h.time.run();

    assertThat(error(snapshot).code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
    assertThat(voice.status().inFlight()).isEqualTo(1);
    lease.close();
  }

  @Test
  void close_aListThatWasQueuedBefore_doesNotReachTheProvider() {
    List<Runnable> held = new ArrayList<>();
    AtomicBoolean holds = new AtomicBoolean();
    Executor own = h.time.executor();
    h.providerExecutor = task -> (holds.get() ? (Executor) held::add : own).execute(task);
    h.start();
    holds.set(true);
    h.time.pass(Duration.ofSeconds(31)); // the maintenance is queued
    h.close();
    int before = h.provider.lists;

    for (int i = 0; i < held.size(); i++) {
      held.get(i).run();
    }

    assertThat(held).isNotEmpty();
    assertThat(h.provider.lists).isEqualTo(before);
  }
}
