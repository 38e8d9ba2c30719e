package dev.autodeploy.testing.simulation;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.testing.ManualProcess;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.SimulatedProvider;
import java.time.Duration;
import java.util.List;

/** The things that short stories about an engine, its provider and its store have in common. */
abstract class EngineStory {
  final ManualTime time = ManualTime.create();
  final SimulatedProvider first = SimulatedProvider.on(time);
  WalkStore.Write write = WalkStore.Write.WELL;
  final WalkStore store =
      new WalkStore(
          new WalkStore.Fate() {
            @Override
            public WalkStore.Write next() {
              return write;
            }

            @Override
            public void called() {
              beforeCall();
            }
          },
          time::read);

  /** Comes before every call of the store. */
  void beforeCall() {}

  /** Leaves an instance that is being released, of a deployment that is no more. */
  void removeAndKill() {
    ManualProcess process = time.newProcess();
    AutoDeploy engine = build(process, first, false);
    time.<Lease>await(engine.deploy(spec("voice").build()).acquireAsync()).close();
    engine.remove("voice");
    time.runReady();
    process.kill();
    store.cut();
  }

  /**
   * Leaves an instance of a deployment that is no more, before its release reached the provider.
   */
  void removeAndKillBeforeTheRelease() {
    ManualProcess process = time.newProcess();
    AutoDeploy engine = build(process, first, false);
    time.<Lease>await(engine.deploy(spec("voice").build()).acquireAsync()).close();
    engine.remove("voice");
    process.kill();
    store.cut();
  }

  AutoDeploy restart(SimulatedProvider provider, boolean keepInstances) {
    return build(time.newProcess(), provider, keepInstances);
  }

  AutoDeploy build(ManualProcess process, InstanceProvider provider, boolean keepInstances) {
    return process.build(
        AutoDeploy.builder()
            .provider(provider)
            .owner("walker")
            .keepInstancesOnClose(keepInstances)
            .releaseTimeout(Duration.ofMinutes(5))
            .stateStore(store.open()));
  }

  List<String> openAccounts() {
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

  Duration paid(String instanceId) {
    return store.ledger().stream()
        .filter(LedgerEntry.Released.class::isInstance)
        .map(LedgerEntry.Released.class::cast)
        .filter(released -> released.instanceId().equals(instanceId))
        .map(released -> released.usage().duration())
        .reduce(Duration.ZERO, Duration::plus);
  }

  static DeploymentSpec.Builder spec(String name) {
    return DeploymentSpec.builder(name).port(8080).idleTimeout(Duration.ofMinutes(5));
  }
}
