package dev.autodeploy.testing.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.testing.InstancePlan;
import dev.autodeploy.testing.ManualProcess;
import dev.autodeploy.testing.SimulatedInstance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Stores and lists that fall short, each told as a short story. */
class UntidyWorldTest extends EngineStory {
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
    time.<Lease>await(voice.acquireAsync()).close();
    time.advance(Duration.ofMinutes(1));
    first.onList(all -> List.of());
    voice.releaseNow();
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
    time.<Lease>await(voice.acquireAsync()).close();
    write = WalkStore.Write.FAILS;
    time.advance(Duration.ofSeconds(31));
    write = WalkStore.Write.WELL;

    time.advance(Duration.ofSeconds(31));

    assertThat(store.ledger()).hasAtLeastOneElementOfType(LedgerEntry.Used.class);
    time.close(engine);
  }

  @Test
  void sweep_whoseSecondListIsOutOfDate_leavesAloneWhatWasReleasedMeanwhile() {
    AutoDeploy engine = build(time.newProcess(), first, false);
    Deployment voice = engine.deploy(spec("voice").build());
    time.<Lease>await(voice.acquireAsync()).close();
    ProviderInstance stranger =
        ProviderInstance.builder("other-1", "other", time.instant()).fingerprint("f").build();
    List<ProviderInstance> listed = new ArrayList<>(List.of(stranger));
    first.onList(
        all -> {
          listed.addAll(all);
          return listed;
        });
    first.listTakes(Duration.ofSeconds(1));
    time.advance(Duration.ofMillis(31_200)); // the first list is there, the second is asked for
    assertThat(listed).as("the sweep has one list").hasSize(2);
    first.listTakes(Duration.ZERO);
    first.onList(UnaryOperator.identity());
    voice.releaseNow();
    time.runReady();
    assertThat(first.existing()).isEmpty();

    AtomicInteger answers = new AtomicInteger();
    first.onList(all -> answers.getAndIncrement() == 0 ? listed : all); // the one as it was
    time.advance(Duration.ofMinutes(2));
    assertThat(answers).as("lists").hasPositiveValue();

    SimulatedInstance instance = first.instances().get(0);
    assertThat(store.ledger())
        .filteredOn(LedgerEntry.Started.class::isInstance)
        .filteredOn(entry -> entry.instanceId().equals(instance.instanceId()))
        .hasSize(1);
    assertThat(paid(instance.instanceId())).isEqualTo(instance.lifetime());
    time.close(engine);
  }
}
