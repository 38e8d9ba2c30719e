package dev.autodeploy.internal.engine;

import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Saves what changes, before it is done, so that nothing is done that a restart would not know.
 * Guarded by the engine's lock.
 *
 * <p>A change that failed may be in the store all the same. Before the next change the store is
 * told how it is with every such deployment.
 */
final class DeploymentStore {
  private final StateStore store;
  private final Function<String, @Nullable StoredDeployment> current;

  /** The names of the deployments of which the last change failed. */
  private final Set<String> uncertain = new LinkedHashSet<>();

  /**
   * Makes one to which every deployment is saved as it is.
   *
   * @param current returns the deployment of a name that a restart should find, or null
   */
  DeploymentStore(StateStore store, Function<String, @Nullable StoredDeployment> current) {
    this.store = store;
    this.current = current;
  }

  void save(StoredDeployment deployment) {
    change(List.of(deployment.spec().name()), () -> store.save(deployment));
  }

  void saveAll(List<StoredDeployment> deployments) {
    if (deployments.size() == 1) {
      save(deployments.get(0));
    } else if (!deployments.isEmpty()) {
      change(
          deployments.stream().map(it -> it.spec().name()).toList(),
          () -> store.saveAll(deployments));
    }
  }

  void remove(String name) {
    change(List.of(name), () -> store.remove(name));
  }

  private void change(List<String> names, Runnable change) {
    settle();
    boolean done = false;
    try {
      change.run();
      done = true;
    } finally {
      if (!done) {
        uncertain.addAll(names);
      }
    }
  }

  private void settle() {
    for (String name : List.copyOf(uncertain)) {
      StoredDeployment deployment = current.apply(name);
      if (deployment == null) {
        store.remove(name);
      } else {
        store.save(deployment);
      }
      uncertain.remove(name);
    }
  }
}
