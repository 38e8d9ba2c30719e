package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What random walks have found, each told as a short story. */
class FoundByTheWalkTest {
  private final ManualTime time = ManualTime.create();
  private final SimulatedProvider first = SimulatedProvider.on(time);
  private WalkStore.Write write = WalkStore.Write.WELL;
  private final WalkStore store = new WalkStore(() -> write, time::read);

  @Test
  void acquire_boundToAnInstanceThatDies_getsTheRoomOfAnother() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofSeconds(30)));
    AutoDeploy autoDeploy = time.build(AutoDeploy.builder().provider(first));
    Deployment voice = autoDeploy.deploy(spec("voice").maxInstances(2).concurrency(1).build());
    Lease held = time.<Lease>await(voice.acquire());
    Lease other = time.<Lease>await(voice.acquire());
    CompletableFuture<Lease> bound =
        voice.acquire(AcquireRequest.within(Duration.ofMinutes(1)).route(RouteRule.roundRobin()));
    time.runReady();
    // It waits for one of the two; the other one gets room, and then that one dies.
    String target = boundTo(voice, held, other);
    (target.equals(held.instanceId()) ? other : held).close();
    assertThat(bound).isNotDone();

    first.crash(target, InstanceExit.unknown("the host lost power"));
    time.runReady();

    assertThat(bound).as("the other instance has room").isDone();
    time.close(autoDeploy);
  }

  /** With everything alike, the first round goes to the oldest instance. */
  private static String boundTo(Deployment voice, Lease held, Lease other) {
    String oldest = voice.status().instances().get(0).id();
    return oldest.equals(held.instanceId()) ? held.instanceId() : other.instanceId();
  }

  @Test
  void restart_withAnOrphanThatGoesByItself_closesItsAccount() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofSeconds(5)));
    removeAndKill();

    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofMinutes(10));

    assertThat(first.existing()).isEmpty();
    assertThat(openAccounts()).as("accounts of instances that are gone").isEmpty();
    time.close(second);
  }

  @Test
  void deploy_whileAnOrphanOfTheSameNameIsBeingReleased_keepsTheMaximum() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofMinutes(2)));
    removeAndKillBeforeTheRelease();
    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofSeconds(91)); // the orphan's release is under way

    Deployment voice = second.deploy(spec("voice").build());
    voice.acquire();
    time.advance(Duration.ofMinutes(5));

    assertThat(first.maxExisting("voice")).isEqualTo(1);
    time.close(second);
  }

  @Test
  void close_thatLeavesInstances_leavesOrReleasesWhatWasNotClaimedYet() {
    removeAndKillBeforeTheRelease();
    AutoDeploy second = restart(first.reconnect(), true);

    time.close(second);

    assertThat(first.instances().get(0).releaseAskedAt() != null || !openAccounts().isEmpty())
        .as("released, or left with its account open")
        .isTrue();
    assertThat(first.existing().isEmpty())
        .as("what is gone has no open account")
        .isEqualTo(openAccounts().isEmpty());
  }

  @Test
  void close_whileAnOrphanIsBeingReleased_waitsForIt() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofSeconds(20)));
    removeAndKillBeforeTheRelease();
    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofSeconds(65)); // the orphan's release is under way
    time.close(second);

    SimulatedInstance orphan = first.instances().get(0);
    assertThat(orphan.releaseConfirmedAt())
        .as("verified gone before the close returns")
        .isNotNull();
    assertThat(openAccounts()).isEmpty();
  }

  @Test
  void orphan_whoseReleaseIsOnlyPretended_isCountedUntilItIsGone() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releasePretended(1));
    removeAndKillBeforeTheRelease();
    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofMinutes(10));

    SimulatedInstance orphan = first.instances().get(0);
    assertThat(orphan.lifetime()).isNotNull();
    assertThat(paid(orphan.instanceId())).isGreaterThanOrEqualTo(orphan.lifetime());
    time.close(second);
  }

  @Test
  void restart_withAStartThatIsListedLate_countsItUntilItIsGone() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).listedAfter(Duration.ofSeconds(20)));
    ManualProcess process = time.newProcess();
    AutoDeploy engine = build(process, first, false);
    Deployment voice = engine.deploy(spec("voice").build());
    voice.acquire();
    time.runReady();
    process.kill();
    store.cut();

    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofMinutes(10));

    SimulatedInstance late = first.instances().get(0);
    assertThat(late.lifetime()).isNotNull();
    assertThat(paid(late.instanceId())).isGreaterThanOrEqualTo(late.lifetime());
    time.close(second);
  }

  @Test
  void deploy_thatCannotBeStored_doesNotStartAnythingWhereAnOrphanWas() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofMinutes(2)));
    removeAndKillBeforeTheRelease();
    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofSeconds(91)); // the orphan's release is under way
    write = WalkStore.Write.FAILS;

    assertThatThrownBy(() -> second.deploy(spec("voice").minInstances(1).build()))
        .isInstanceOf(AutoDeployException.class);
    write = WalkStore.Write.WELL;
    time.advance(Duration.ofMinutes(10));

    assertThat(first.existing()).as("nobody has a deployment that needs one").isEmpty();
    time.close(second);
  }

  @Test
  void restart_withAnInstanceThatWasBelievedGone_doesNotCountItTwice() {
    first.plan(InstancePlan.readyAfter(Duration.ZERO).releasePretended(1));
    ManualProcess process = time.newProcess();
    AutoDeploy engine = build(process, first, false);
    Deployment voice = engine.deploy(spec("voice").build());
    time.<Lease>await(voice.acquire()).close();
    time.advance(Duration.ofMinutes(1));
    first.onList(all -> List.of());
    voice.releaseForcibly();
    time.runReady(); // it is said to be gone, and not listed
    process.kill();
    store.cut();
    first.onList(UnaryOperator.identity());

    AutoDeploy second = restart(first.reconnect(), false);
    time.advance(Duration.ofMinutes(10));

    SimulatedInstance instance = first.instances().get(0);
    assertThat(paid(instance.instanceId())).isEqualTo(instance.lifetime());
    time.close(second);
  }

  @Test
  void checkpoint_thatCouldNotBeWritten_isWrittenTheNextTime() {
    AutoDeploy engine = build(time.newProcess(), first, false);
    Deployment voice = engine.deploy(spec("voice").idleTimeout(Duration.ofHours(1)).build());
    time.<Lease>await(voice.acquire()).close();
    write = WalkStore.Write.FAILS;
    time.advance(Duration.ofSeconds(31));
    write = WalkStore.Write.WELL;

    time.advance(Duration.ofSeconds(31));

    assertThat(store.ledger()).hasAtLeastOneElementOfType(LedgerEntry.Used.class);
    time.close(engine);
  }

  @Test
  void start_thatIsAnsweredAfterItsRelease_isReleasedAndCountedUntilThen() {
    first.plan(
        InstancePlan.readyAfter(Duration.ZERO)
            .upAfter(Duration.ofSeconds(2))
            .listedAfter(Duration.ofSeconds(3))
            .releasePretended(1));
    AutoDeploy engine = build(time.newProcess(), first, false);
    Deployment voice = engine.deploy(spec("voice").startTimeout(Duration.ofSeconds(1)).build());
    voice.acquire();

    time.advance(Duration.ofSeconds(3));

    SimulatedInstance late = first.instances().get(0);
    assertThat(late.lifetime()).isEqualTo(Duration.ofSeconds(2));
    assertThat(paid(late.instanceId())).isEqualTo(late.lifetime());
    time.close(engine);
  }

  /** Leaves an instance that is being released, of a deployment that is no more. */
  private void removeAndKill() {
    ManualProcess process = time.newProcess();
    AutoDeploy engine = build(process, first, false);
    time.<Lease>await(engine.deploy(spec("voice").build()).acquire()).close();
    engine.remove("voice");
    time.runReady();
    process.kill();
    store.cut();
  }

  /**
   * Leaves an instance of a deployment that is no more, before its release reached the provider.
   */
  private void removeAndKillBeforeTheRelease() {
    ManualProcess process = time.newProcess();
    AutoDeploy engine = build(process, first, false);
    time.<Lease>await(engine.deploy(spec("voice").build()).acquire()).close();
    engine.remove("voice");
    process.kill();
    store.cut();
  }

  private AutoDeploy restart(SimulatedProvider provider, boolean leave) {
    return build(time.newProcess(), provider, leave);
  }

  private AutoDeploy build(ManualProcess process, SimulatedProvider provider, boolean leave) {
    return process.build(
        AutoDeploy.builder()
            .provider(provider)
            .owner("walker")
            .leaveInstancesOnClose(leave)
            .releaseTimeout(Duration.ofMinutes(5))
            .stateStore(store.open()));
  }

  private List<String> openAccounts() {
    List<String> closed =
        store.ledger().stream()
            .filter(LedgerEntry.Released.class::isInstance)
            .map(LedgerEntry::instanceId)
            .toList();
    return store.ledger().stream()
        .map(LedgerEntry::instanceId)
        .distinct()
        .filter(id -> !closed.contains(id))
        .toList();
  }

  private Duration paid(String instanceId) {
    return store.ledger().stream()
        .filter(LedgerEntry.Released.class::isInstance)
        .map(LedgerEntry.Released.class::cast)
        .filter(released -> released.instanceId().equals(instanceId))
        .map(released -> released.usage().duration())
        .reduce(Duration.ZERO, Duration::plus);
  }

  private static DeploymentSpec.Builder spec(String name) {
    return DeploymentSpec.builder(name).port(8080).idleTimeout(Duration.ofMinutes(5));
  }
}
