package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.DRAINING;
import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Instances that were adopted from another replica, whose leases nobody here knows. */
class MachineHoldTest {
  private static final GpuRequest GPU = GpuRequest.ids("0");

  @Test
  void drain_ofAHeldInstance_waitsUntilTheHoldIsOver() {
    MachineHarness m = machine(b -> b);
    Instance held = m.adoptHeld(null, 30);

    m.lost(held, "its GPU is gone");
    assertThat(held.phase()).isEqualTo(DRAINING);
    m.passSeconds(29);
    assertThat(m.releases).isEmpty();

    m.passSeconds(1);
    assertThat(m.released()).containsExactly(held);
    assertThat(held.releaseReason).isEqualTo(ReleaseReason.GPU_LOST);
  }

  @Test
  void drain_ofAHeldInstanceInUse_goesOnWhenTheHoldIsOver_orTheLaterLease() {
    MachineHarness early = machine(b -> b);
    Instance held = early.adoptHeld(null, 30);
    Caller caller = early.acquire();
    early.update(b -> b.startCommand("exec other"));
    early.passSeconds(10);
    caller.close();
    assertThat(early.releases).isEmpty();
    early.passSeconds(20);
    assertThat(early.released()).containsExactly(held);

    MachineHarness late = machine(b -> b);
    Instance busy = late.adoptHeld(null, 30);
    Caller longer = late.acquire();
    late.release();
    late.passSeconds(60);
    assertThat(late.releases).isEmpty();
    longer.close();
    assertThat(late.released()).containsExactly(busy);
  }

  @Test
  void force_releasesAHeldInstanceAtOnce() {
    MachineHarness m = machine(b -> b);
    Instance held = m.adoptHeld(null, 30);
    m.release();
    assertThat(m.releases).isEmpty();
    m.releaseNow();
    assertThat(m.released()).containsExactly(held);
  }

  @Test
  void close_ofAHeldInstance_endsAtItsDeadline_andDetachingNeedsNoWait() {
    MachineHarness m = machine(b -> b);
    Instance held = m.adoptHeld(null, 30);
    m.close(Duration.ofSeconds(10), false);
    m.passSeconds(10);
    assertThat(m.released()).containsExactly(held);

    MachineHarness keeping = machine(b -> b);
    Instance kept = keeping.adoptHeld(null, 30);
    keeping.close(Duration.ofSeconds(10), true);
    assertThat(keeping.detached).containsExactly(kept);
  }

  @Test
  void makeRoom_byAHeldInstance_isRefused_andLookedAtAgainWhenTheHoldIsOver() {
    MachineHarness m = machine(b -> b.gpu(GPU));
    Instance held = m.adoptHeld(new Room(1, 1, GPU, List.of("0")), 30);
    m.machine.rooms().watch(1, 0);
    m.makeRoom(1, true);
    assertThat(held.phase()).isEqualTo(READY);
    m.aboutRoom();

    m.passSeconds(29);
    assertThat(m.aboutRoom()).isEmpty();
    m.passSeconds(1);
    assertThat(m.aboutRoom()).hasAtLeastOneElementOfType(Effect.Look.class);
    m.makeRoom(1, false);
    assertThat(m.released()).containsExactly(held);
  }

  @Test
  void lease_thatIsTakenOver_countsUntilItIsClosed_beyondTheConcurrency() {
    MachineHarness m = machine(b -> b.concurrency(1));
    Instance held = m.adoptHeld(null, 30);
    assertThat(m.machine.takeOver(m.now(), held, null)).isTrue();
    assertThat(m.machine.takeOver(m.now(), held, null)).isTrue();
    Caller waits = m.acquire();
    m.release();
    m.passSeconds(60);
    assertThat(m.releases).isEmpty();

    m.machine.leaseClosed(m.now(), held);
    assertThat(m.machine.inFlight()).isEqualTo(1);
    m.machine.leaseClosed(m.now(), held);
    m.fire(); // has the effects carried out
    assertThat(m.released()).containsExactly(held);
    waits.cancel();
  }

  @Test
  void adoptedInstance_thatIsNotProbedYet_drainsWithItsLeases() {
    MachineHarness m = machine(b -> b);
    Instance adopted = m.adopt(100, 0);
    m.machine.takeOver(m.now(), adopted, null);
    m.update(b -> b.startCommand("exec other"));
    assertThat(adopted.phase()).isEqualTo(DRAINING);
    assertThat(m.releases).isEmpty();

    m.machine.leaseClosed(m.now(), adopted);
    m.fire(); // has the effects carried out
    assertThat(m.released()).containsExactly(adopted);
  }

  @Test
  void adoptedInstance_thatEndsBeforeItIsProbed_isLostForItsLeases() {
    MachineHarness m = machine(b -> b);
    Instance adopted = m.adopt(100, 0);
    m.machine.takeOver(m.now(), adopted, null);
    m.exits(adopted);
    assertThat(m.machine.inFlight()).isZero();
    assertThat(adopted.leasesLost).isTrue();
    m.released(adopted);
    assertThat(m.machine.takeOver(m.now(), adopted, null)).isFalse();
  }

  @Test
  void hold_isOnlyEverMadeLonger() {
    MachineHarness m = machine(b -> b);
    Instance held = m.adoptHeld(null, 30);
    held.holdUntil(m.now() + Duration.ofSeconds(5).toNanos());
    m.lost(held, "its GPU is gone");
    m.passSeconds(29);
    assertThat(m.releases).isEmpty();
  }
}
