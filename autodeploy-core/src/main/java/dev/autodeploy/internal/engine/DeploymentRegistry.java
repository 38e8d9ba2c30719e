package dev.autodeploy.internal.engine;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The deployments of one engine: those that the host has declared, which are stored, and those of
 * which only instances are left. Looked at by anybody, for requests come here; changed and saved
 * under the engine's lock.
 */
final class DeploymentRegistry {
  private final StateStore store;
  private final String owner;

  /** By name, in the order in which they were made; replaced as a whole. */
  private volatile Map<String, DeploymentController> declared = Map.of();

  /** Those that are not declared, and of which an earlier process has left instances. */
  private final Map<String, DeploymentController> undeclared = new ConcurrentHashMap<>();

  DeploymentRegistry(StateStore store, String owner) {
    this.store = store;
    this.owner = owner;
  }

  // Finding.

  @Nullable DeploymentController find(String name) {
    return declared.get(name);
  }

  /** Returns a deployment that is declared, or says which are. */
  DeploymentController existing(String name) {
    DeploymentController controller = find(name);
    if (controller == null) {
      throw new AutoDeployException(
          ErrorCode.DEPLOYMENT_NOT_FOUND,
          name,
          "there is no deployment '" + name + "'; there are " + declared.keySet());
    }
    return controller;
  }

  @Nullable DeploymentController undeclared(String name) {
    return undeclared.get(name);
  }

  List<DeploymentController> declared() {
    return List.copyOf(declared.values());
  }

  /** Returns those that are not declared as well. */
  List<DeploymentController> everyone() {
    // In this order: one that is being declared is in the second before it leaves the first.
    Set<DeploymentController> everyone = new LinkedHashSet<>(undeclared.values());
    everyone.addAll(declared.values());
    return List.copyOf(everyone);
  }

  /** Returns the declared deployment of a name and the one that is not, as far as there are any. */
  List<DeploymentController> named(String name) {
    return Stream.of(declared.get(name), undeclared.get(name)).filter(Objects::nonNull).toList();
  }

  /** Returns the deployment that has an instance, or null. */
  @Nullable DeploymentController holder(String instanceId) {
    for (DeploymentController controller : everyone()) {
      if (controller.find(instanceId) != null) {
        return controller;
      }
    }
    return null;
  }

  /** Does something about an instance, if any deployment has it. */
  void ifHeld(String instanceId, BiConsumer<DeploymentController, Instance> action) {
    DeploymentController holder = holder(instanceId);
    Instance instance = holder == null ? null : holder.find(instanceId);
    if (holder != null && instance != null) {
      action.accept(holder, instance);
    }
  }

  // Changing.

  /** Adds one that is declared. */
  void add(DeploymentController controller) {
    Map<String, DeploymentController> next = new LinkedHashMap<>(declared);
    next.put(controller.name(), controller);
    declared = Collections.unmodifiableMap(next);
    undeclared.remove(controller.name());
  }

  /** Removes one that was declared; returns whether it was still there. */
  boolean remove(DeploymentController controller) {
    Map<String, DeploymentController> next = new LinkedHashMap<>(declared);
    boolean removed = next.remove(controller.name(), controller);
    declared = Collections.unmodifiableMap(next);
    return removed;
  }

  void addUndeclared(DeploymentController controller) {
    undeclared.put(controller.name(), controller);
  }

  /** May be called without the lock. */
  void removeUndeclared(DeploymentController controller) {
    undeclared.remove(controller.name(), controller);
  }

  // Saving: before what is saved is done, so that nothing is done that a restart would not know.

  void save() {
    save(stored());
  }

  void saveWith(StoredDeployment added) {
    List<StoredDeployment> all = stored();
    all.add(added);
    save(all);
  }

  void saveChanged(DeploymentSpec changed) {
    List<StoredDeployment> all = stored();
    all.replaceAll(
        it ->
            it.spec().name().equals(changed.name())
                ? new StoredDeployment(changed, it.createdAt())
                : it);
    save(all);
  }

  void saveWithout(String name) {
    List<StoredDeployment> all = stored();
    all.removeIf(it -> it.spec().name().equals(name));
    save(all);
  }

  private void save(List<StoredDeployment> all) {
    store.save(new StoredState(owner, all));
  }

  private List<StoredDeployment> stored() {
    List<StoredDeployment> stored = new ArrayList<>();
    for (DeploymentController controller : declared.values()) {
      if (!controller.isRemoved()) {
        stored.add(new StoredDeployment(controller.spec(), controller.createdAt()));
      }
    }
    return stored;
  }
}
