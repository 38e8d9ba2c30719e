package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static dev.autodeploy.internal.decision.MachineHarness.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetExhaustedException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.SleepMode;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.decision.MachineHarness.Caller;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The rules of {@link Allowance}: what a machine does by what its budget allows. */
final class MachineBudgetTest {
  private static final Instant WALL = Instant.EPOCH;

  /** Everything is allowed, a part of 10 USD being spent. */
  private static Allowance open(String spent) {
    return new Allowance(true, false, false, NEVER, WALL, status(spent));
  }

  /** Returns an allowance that covers no start. */
  private static Allowance unaffordable() {
    return new Allowance(false, false, false, NEVER, WALL, status("9.5"));
  }

  private static Allowance over(boolean cut) {
    return new Allowance(false, true, cut, NEVER, WALL, status("10"));
  }

  private static BudgetStatus status(String spent) {
    return new BudgetStatus(Budget.money("10", "USD"), new BigDecimal(spent), null, false, true);
  }

  private static void assertRefused(Caller caller) {
    assertThat(caller.error()).isInstanceOf(BudgetExhaustedException.class);
  }

  private static List<Integer> percents(MachineHarness m) {
    return m.events(DeploymentEvent.BudgetUsed.class).stream().map(e -> e.percent()).toList();
  }

  @Test
  void level_isTheShareInTheStepsThatAreToldOf() {
    assertThat(open("4.99").level()).isZero();
    assertThat(open("5").level()).isEqualTo(50);
    assertThat(open("7.99").level()).isEqualTo(50);
    assertThat(open("8").level()).isEqualTo(80);
    assertThat(open("9.99").level()).isEqualTo(80);
    assertThat(open("10").level()).isEqualTo(100);
    assertThat(new Allowance(false, true, false, NEVER, WALL, status("1")).level()).isEqualTo(100);
    assertThat(Allowance.UNLIMITED.level()).isZero();
  }

  @Test
  void share_isToldOfOnceAtEachStep_andAgainAfterAReset() {
    MachineHarness m = machine(b -> b);

    m.allow(open("4"));
    assertThat(percents(m)).isEmpty();
    m.allow(open("5"));
    m.allow(open("6"));
    m.allow(open("9"));
    assertThat(percents(m)).containsExactly(50, 80);

    m.allow(open("0")); // the next period has begun
    m.allow(open("5"));
    assertThat(percents(m)).containsExactly(50, 80, 50);
    assertThat(m.events(DeploymentEvent.BudgetUsed.class).get(2).status()).isEqualTo(status("5"));
  }

  @Test
  void share_whileNothingMayStart_isNotToldOfAgain() {
    MachineHarness m = machine(b -> b);

    m.allow(over(false));
    m.allow(unaffordable());
    m.allow(over(false));

    assertThat(percents(m)).containsExactly(100);
  }

  @Test
  void allowanceWithoutBudget_changesNothing() {
    MachineHarness m = machine(b -> b).warm();
    int timers = m.timersSet;

    m.allow(Allowance.UNLIMITED);

    assertThat(m.events(DeploymentEvent.BudgetUsed.class)).isEmpty();
    assertThat(m.releases).isEmpty();
    assertThat(m.timersSet).isEqualTo(timers);
  }

  @Test
  void end_drainsWhatIsBusy_andReleasesWhatIsNot() {
    MachineHarness m = machine(b -> b.maxInstances(3).concurrency(1));
    List<Caller> callers = m.acquire(3);
    m.ready(m.starts.get(0));
    m.acquire();
    Instance busy = m.starts.get(0);
    Instance starting = m.starts.get(1);

    m.allow(over(false));

    assertThat(busy.phase()).isEqualTo(InstancePhase.DRAINING);
    assertThat(m.released()).contains(starting).doesNotContain(busy);
    assertThat(m.releases)
        .allMatch(release -> release.instance().releaseReason() == ReleaseReason.BUDGET);
    assertRefused(callers.get(1));
    callers.get(0).close();
    assertThat(m.released()).contains(busy);
  }

  @Test
  void endThatCuts_releasesWhatIsBusy_andTellsItsCallers() {
    MachineHarness m = machine(b -> b);
    Caller caller = m.acquire();
    Instance busy = m.ready(m.starts.get(0));
    assertThat(caller.instance()).isSameAs(busy);

    m.allow(over(true));

    assertThat(m.released()).containsExactly(busy);
    assertThat(busy.releaseReason()).isEqualTo(ReleaseReason.BUDGET);
    assertThat(m.losses).containsExactly(busy);
  }

  @Test
  void endThatCuts_leavesAloneWhatIsReleased() {
    MachineHarness m = machine(b -> b).warm();
    m.release();
    assertThat(m.releases).hasSize(1);

    m.allow(over(true));

    assertThat(m.releases).hasSize(1);
    assertThat(m.starts.get(0).releaseReason()).isEqualTo(ReleaseReason.REQUESTED);
  }

  @Test
  void endThatDrains_leavesAloneWhatDrains() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    m.ready(m.starts.get(0));
    m.release();

    m.allow(over(false));

    assertThat(m.starts.get(0).releaseReason()).isEqualTo(ReleaseReason.REQUESTED);
  }

  @Test
  void request_afterTheEnd_isRefused_alsoWhereOneStillDrains() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    m.ready(m.starts.get(0));
    m.allow(over(false));

    assertRefused(m.acquire());
  }

  @Test
  void request_whereNoStartIsAffordable_isServedByWhatRuns_elseRefused() {
    MachineHarness m = machine(b -> b.concurrency(1).maxInstances(2)).warm();
    m.allow(unaffordable());

    Caller first = m.acquire();
    assertThat(first.instance()).isSameAs(m.starts.get(0));
    Caller second = m.acquire();
    assertThat(second.isWaiting()).isTrue();
    assertThat(m.starts).as("no start is affordable").hasSize(1);
    assertRefused(m.acquire(RouteRule.scaleOut()));

    m.exits(m.starts.get(0));
    assertRefused(second);
    assertRefused(m.acquire());
    assertThat(m.starts).hasSize(1);
  }

  /** Two instances, of which the first sleeps. */
  private static MachineHarness oneAsleepAndOneReady() {
    MachineHarness m =
        machine(
            b ->
                b.concurrency(1)
                    .maxInstances(2)
                    .sleepMode(SleepMode.vllm())
                    .sleepAfter(Duration.ofMinutes(1)));
    List<Caller> callers = m.acquire(2);
    m.ready(m.starts.get(0));
    m.ready(m.starts.get(1));
    callers.get(0).close();
    m.passSeconds(60);
    m.slept(null);
    assertThat(m.starts.get(0).phase()).isEqualTo(InstancePhase.ASLEEP);
    return m;
  }

  @Test
  void requestForOneThatSleeps_whereNoStartIsAffordable_isRefused_asItWouldNotBeWoken() {
    MachineHarness m = oneAsleepAndOneReady();
    m.allow(unaffordable());

    assertRefused(m.acquire(RouteRule.instance(m.starts.get(0).id())));
    assertThat(m.acquire().isWaiting()).as("the other runs, and will be free").isTrue();
  }

  @Test
  void whoWaitsForOneThatSleeps_isRefused_whenNoStartIsAffordableAnyLonger() {
    MachineHarness m =
        machine(
            b ->
                b.gpu(GpuRequest.count(1))
                    .concurrency(1)
                    .maxInstances(2)
                    .sleepMode(SleepMode.vllm())
                    .sleepAfter(Duration.ofMinutes(1)));
    List<Caller> callers = m.acquire(2);
    m.give(1, GpuRequest.count(1));
    m.ready(m.starts.get(0));
    m.give(2, GpuRequest.count(1));
    m.ready(m.starts.get(1));
    callers.get(0).close();
    m.passSeconds(60);
    m.slept(null);
    Caller waits = m.acquire(RouteRule.instance(m.starts.get(0).id()));
    assertThat(waits.isWaiting()).as("others have its room").isTrue();

    m.allow(unaffordable());

    assertRefused(waits);
  }

  @Test
  void minimum_isNotStartedWhereNoStartIsAffordable_butAfterwards() {
    MachineHarness m = machine(b -> b.minInstances(1));
    m.allow(unaffordable());
    m.open();
    assertThat(m.starts).isEmpty();

    m.allow(open("0"));

    assertThat(m.starts).hasSize(1);
  }

  @Test
  void budget_afterTheRemoval_doesNotMatter() {
    MachineHarness m = machine(b -> b);
    m.acquire();
    m.ready(m.starts.get(0));
    m.remove();

    m.allow(over(true));

    assertThat(m.releases).as("its requests may finish").isEmpty();
    assertThat(m.acquire().error()).isNotInstanceOf(BudgetExhaustedException.class);
  }

  @Test
  void learnedStart_isTheMedianOfThoseSeen() {
    MachineHarness m = machine(b -> b);
    assertThat(m.machine.learnedStart()).isZero();
    for (int seconds : new int[] {3, 1, 2}) {
      Caller caller = m.acquire();
      m.passSeconds(seconds);
      Instance instance = m.ready(m.starts.get(m.starts.size() - 1));
      caller.close();
      m.release();
      m.released(instance);
    }
    assertThat(m.machine.learnedStart()).isEqualTo(2_000_000_000L);
  }
}
