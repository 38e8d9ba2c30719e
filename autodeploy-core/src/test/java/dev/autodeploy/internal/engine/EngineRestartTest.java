package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.Lease;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.spec.SpecFingerprint;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The instances that a process leaves behind, which are adopted or released by the next one, and
 * paid for in any case.
 */
@Timeout(60)
final class EngineRestartTest {
  private final EngineHarness h = new EngineHarness();

  /** The first process ends without a word; its timers and tasks never run again. */
  private EngineHarness killed() {
    EngineHarness next = new EngineHarness(h);
    next.start();
    return next;
  }

  @Test
  void killedProcess_leavesAnInstanceThatTheNextOneAdopts() {
    h.start();
    Deployment before = h.deploy();
    Lease lease = h.acquire(before);
    h.time.passSeconds(100);
    BigDecimal shown = before.cost().total().amount();

    EngineHarness n = killed();
    Deployment after = n.engine.deployment("voice");

    assertThat(after.createdAt()).isEqualTo(before.createdAt());
    assertThat(after.status().state()).isEqualTo(DeploymentState.RUNNING);
    InstanceInfo adopted = after.status().instances().get(0);
    assertThat(adopted.id()).isEqualTo(lease.instanceId());
    assertThat(adopted.startReason()).isEqualTo(StartReason.ADOPTED);
    assertThat(adopted.busy()).isEqualTo(Duration.ofSeconds(90));
    assertThat(after.cost().total().amount()).isGreaterThanOrEqualTo(shown);
    EngineHarness.assertPartsAddUp(after.cost());
    assertThat(n.acquire(after).instanceId()).isEqualTo(lease.instanceId());
    assertThat(n.provider.count("start")).isEqualTo(1);
  }

  @Test
  void instanceThatWasReady_isNotAskedAgain_howeverSoonTheProcessWasKilled() {
    h.start();
    Deployment before = h.deploy(b -> b.readiness(ReadinessProbe.http("/start")));
    String id = h.acquire(before).instanceId();
    h.time.stall(Duration.ofSeconds(44)); // the outage
    h.provider.probes.clear();

    EngineHarness n = killed();

    assertThat(n.acquire(n.engine.deployment("voice")).instanceId()).isEqualTo(id);
    assertThat(n.provider.probes).as("its port").containsExactly(ReadinessProbe.tcp());
    assertThat(n.provider.running()).containsExactly(id);
    InstanceInfo adopted = n.engine.deployment("voice").status().instances().get(0);
    assertThat(adopted.readyAt()).isEqualTo(adopted.startRequestedAt());
    DeploymentEvent.InstanceAdopted told = n.events(DeploymentEvent.InstanceAdopted.class).get(0);
    assertThat(told.instanceId()).isEqualTo(id);
    assertThat(told.readySince()).isEqualTo(adopted.readyAt());
    assertThat(n.events(DeploymentEvent.InstanceReady.class)).isEmpty();
  }

  @Test
  void instanceThatWasNotReadyYet_isAskedFirst_andToldAsAdopted() {
    h.provider.ready = false;
    h.start();
    h.deploy().acquireAsync();
    h.time.passSeconds(10);

    EngineHarness n = killed();
    n.time.passSeconds(5);
    assertThat(n.events(DeploymentEvent.InstanceAdopted.class)).isEmpty();
    n.provider.ready = true;
    n.time.passSeconds(1);

    assertThat(n.events(DeploymentEvent.InstanceAdopted.class)).hasSize(1);
    assertThat(n.events(DeploymentEvent.InstanceReady.class)).isEmpty();
  }

  @Test
  void adoptedInstance_goesOnWithItsIdleClock() {
    h.start();
    h.acquire(h.deploy()).close();
    h.time.passSeconds(200);

    EngineHarness n = killed();
    n.time.passSeconds(99);
    assertThat(n.provider.running()).hasSize(1);
    n.time.passSeconds(1);

    n.assertNothingLeft(n.engine.deployment("voice"));
  }

  @Test
  void instanceOfAnotherSpecification_isReleased() {
    h.start();
    h.acquire(h.deploy());
    h.provider.put(instance("voice-odd", "voice", 7, "another fingerprint", null));

    EngineHarness n = killed();

    assertThat(n.provider.running()).hasSize(1).doesNotContain("voice-odd");
  }

  @Test
  void secondInstanceBeyondTheMaximum_isReleased() {
    h.start();
    Deployment voice = h.deploy();
    h.acquire(voice);
    h.provider.put(
        instance("voice-two", "voice", 1, SpecFingerprint.of(EngineHarness.voice(b -> b)), null));

    EngineHarness n = killed();

    assertThat(n.provider.running()).hasSize(1);
    assertThat(n.engine.deployment("voice").status().instances()).hasSize(1);
  }

  /** What an engine before that one started late is in the list, and nobody has used it. */
  @Test
  void instanceThatTheLedgerKnows_isAdoptedBeforeThoseThatCameLate() {
    h.start();
    String used = h.acquire(h.deploy()).instanceId();
    String fingerprint = SpecFingerprint.of(EngineHarness.voice(b -> b));
    for (int i = 0; i < 20; i++) {
      h.provider.put(instance("voice-late-" + i, "voice", 0, fingerprint, null));
    }

    EngineHarness n = killed();

    assertThat(n.provider.running()).containsExactly(used);
  }

  @Test
  void instanceThatWasBeingStarted_isAdoptedAndServesTheNextCaller() {
    h.provider.ready = false;
    h.start();
    h.deploy().acquireAsync();
    h.time.passSeconds(10);

    EngineHarness n = killed();
    CompletableFuture<Lease> lease = n.engine.deployment("voice").acquireAsync();
    n.time.passSeconds(1);
    assertThat(lease).isNotDone();
    n.provider.ready = true;
    n.time.passSeconds(1);

    assertThat(lease).isCompleted();
    assertThat(n.provider.count("start")).isEqualTo(1);
  }

  @Test
  void instanceThatHasEnded_isReleasedAndPaidUpToItsEnd() {
    h.start();
    Deployment voice = h.deploy();
    String id = h.acquire(voice).instanceId();
    h.time.passSeconds(100);
    h.provider.end(
        id, new InstanceExit(1, false, java.util.List.of(), null, h.time.instant()), false);
    h.time.stall(Duration.ofSeconds(1000));

    EngineHarness n = killed();

    assertThat(n.provider.running()).isEmpty();
    assertThat(n.store.lines(LedgerEntry.Released.class).get(0).usage().duration())
        .isEqualTo(Duration.ofSeconds(100));
    n.assertNothingLeft(n.engine.deployment("voice"));
  }

  @Test
  void instanceThatIsGone_isSettledUpToNowAndTheCostDoesNotShrink() {
    h.start();
    Deployment before = h.deploy();
    String id = h.acquire(before).instanceId();
    h.time.passSeconds(100);
    BigDecimal shown = before.cost().total().amount();
    h.provider.release(id, Duration.ZERO);

    EngineHarness n = killed();
    Deployment after = n.engine.deployment("voice");

    assertThat(after.status().state()).isEqualTo(DeploymentState.STANDBY);
    assertThat(after.cost().total().amount()).isGreaterThanOrEqualTo(shown);
    n.assertNothingLeft(after);
    n.close();
    EngineHarness third = new EngineHarness(n);
    third.start();
    assertThat(third.engine.deployment("voice").cost().total()).isEqualTo(after.cost().total());
    assertThat(third.store.lines(LedgerEntry.Released.class)).hasSize(1);
  }

  @Test
  void endThatIsInTheLedgerTwice_isCountedOnce() {
    h.store.afterAppend =
        entry -> {
          if (entry instanceof LedgerEntry.Released) {
            h.store.afterAppend = e -> {};
            throw new IllegalStateException("written, but not confirmed");
          }
        };
    h.start();
    Deployment before = h.deploy();
    h.acquire(before).close();
    h.time.passSeconds(600);
    assertThat(h.store.lines(LedgerEntry.Released.class)).hasSize(2);
    assertThat(before.cost().total().amount()).isPositive();

    Deployment after = killed().engine.deployment("voice");

    assertThat(after.cost().total()).isEqualTo(before.cost().total());
    assertThat(after.usage(FakeTime.START, h.time.instant())).hasSize(1);
  }

  @Test
  void instanceOfNoDeployment_waitsToBeClaimedAndIsThenReleased() {
    h.provider.put(instance("other-1", "other", 0, "f", null));
    h.start();
    h.time.passSeconds(45);
    assertThat(h.provider.running()).containsExactly("other-1");

    h.time.passSeconds(30);

    assertThat(h.provider.running()).isEmpty();
  }

  @Test
  void instanceOfADeploymentThatIsDeclaredLater_isAdopted() {
    h.provider.put(
        instance("voice-1", "voice", 0, SpecFingerprint.of(EngineHarness.voice(b -> b)), null));
    h.start();
    h.time.passSeconds(45);
    Deployment voice = h.deploy();

    assertThat(h.acquire(voice).instanceId()).isEqualTo("voice-1");
    h.time.passSeconds(60);
    assertThat(h.provider.running()).containsExactly("voice-1");
    assertThat(h.store.lines(LedgerEntry.Started.class)).hasSize(1);
  }

  @Test
  void orphanThatCannotBeReleased_isTriedAgain() {
    h.provider.put(instance("other-1", "other", 0, "f", null));
    h.provider.releaseAnswer =
        CompletableFuture.failedFuture(new IllegalStateException("no connection"));
    h.start();
    h.time.passSeconds(100);
    assertThat(h.provider.count("release")).isGreaterThanOrEqualTo(2);
    h.provider.releaseAnswer = null;
    h.time.passSeconds(30);

    assertThat(h.provider.running()).isEmpty();
  }

  @Test
  void orphanThatCannotBeReleasedOnClose_isNamed() {
    h.provider.put(instance("other-1", "other", 0, "f", null));
    h.provider.releaseAnswer =
        CompletableFuture.failedFuture(new IllegalStateException("no connection"));
    h.start();

    assertThatThrownBy(h::close)
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("other-1");
  }

  @Test
  void orphanNotClaimedBeforeClose_isReleased() {
    h.provider.put(instance("other-1", "other", 0, "f", null));
    h.start();
    h.close();

    assertThat(h.provider.running()).isEmpty();
  }

  @Test
  void upkeep_goesOnWhenTheProviderCannotList() {
    h.provider.put(instance("other-1", "other", 0, "f", null));
    h.start();
    h.provider.listFails = true;
    h.time.passSeconds(200);
    h.provider.listFails = false;
    h.time.passSeconds(30);

    assertThat(h.provider.running()).isEmpty();
  }

  @Test
  void closeThatLeaves_handsOverAndTheNextEngineReleases() {
    h.keepInstances = true;
    h.start();
    Deployment before = h.deploy();
    h.acquire(before).close();
    h.time.passSeconds(10);
    h.close();
    assertThat(h.provider.running()).hasSize(1);
    assertThat(h.provider.count("detach")).isEqualTo(1);
    assertThat(h.store.lines(LedgerEntry.Released.class)).isEmpty();

    EngineHarness n = new EngineHarness(h);
    n.start();
    Deployment after = n.engine.deployment("voice");
    assertThat(after.status().state()).isEqualTo(DeploymentState.RUNNING);
    n.close();

    n.assertNothingLeft(after);
    assertThat(n.store.lines(LedgerEntry.Released.class).get(0).usage().duration())
        .isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void releaseDuringACloseThatLeaves_isAnsweredWhenTheInstanceIsLeft() {
    h.keepInstances = true;
    h.start();
    Deployment voice = h.deploy();
    Lease lease = h.acquire(voice);
    AtomicReference<CompletableFuture<Void>> released = new AtomicReference<>();
    h.time.schedule(Duration.ofSeconds(1), () -> released.set(voice.release()));
    h.time.schedule(Duration.ofSeconds(2), lease::close);

    h.close();

    assertThat(released.get()).isCompleted();
    assertThat(h.provider.count("detach")).isEqualTo(1);
  }

  @Test
  void removedDeployment_isNotRestored() {
    h.start();
    h.deploy();
    h.engine.remove("voice");
    h.time.run();

    assertThat(killed().engine.deployments()).isEmpty();
  }

  @Test
  void deploymentMadeAnew_doesNotPayForItsPredecessor() {
    h.start();
    h.acquire(h.deploy()).close();
    h.time.passSeconds(10);
    h.engine.remove("voice");
    h.time.passSeconds(1);
    h.deploy();

    assertThat(killed().engine.deployment("voice").cost().total().amount()).isZero();
  }

  @Test
  void storedOwner_isKept() {
    h.owner = null;
    h.start();
    String owner = h.engine.owner();

    assertThat(killed().engine.owner()).isEqualTo(owner);
  }

  @Test
  void anotherOwnerThanTheStoredOne_isRefused() {
    h.start();
    EngineHarness n = new EngineHarness(h);
    n.owner = "somebody-else";

    assertThatThrownBy(n::start)
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("'host'")
        .hasMessageContaining("'somebody-else'")
        .extracting(e -> ((AutoDeployException) e).code())
        .isEqualTo(ErrorCode.STATE_FAILED);
    assertThat(n.store.closed).isTrue();
  }

  @Test
  void providerThatCannotListAtStart_isAnErrorAndNothingIsStarted() {
    h.start();
    h.deploy(b -> b.minInstances(1));
    h.provider.listFails = true;

    assertThatThrownBy(this::killed)
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("no connection");
    assertThat(h.provider.count("start")).isEqualTo(1);
  }

  @Test
  void minimum_isKeptAfterARestartWithoutASecondStart() {
    h.start();
    h.deploy(b -> b.minInstances(1));
    h.time.passSeconds(1);

    EngineHarness n = killed();
    n.time.passSeconds(60);

    assertThat(n.provider.count("start")).isEqualTo(1);
    assertThat(n.provider.running()).hasSize(1);
  }

  private ProviderInstance instance(
      String id, String deployment, int slot, String fingerprint, InstanceExit exit) {
    return ProviderInstance.builder(id, deployment, h.time.instant())
        .slot(slot)
        .fingerprint(fingerprint)
        .endpoint(URI.create("http://127.0.0.1:" + (40_000 + slot)))
        .exit(exit)
        .build();
  }
}
