package dev.autodeploy.internal.deployment;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.decision.Instance;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The instances of a deployment that exist, until their accounts are written. Read by any thread,
 * changed under the deployment's lock; empty, it weighs nothing.
 */
final class RunningInstances {
  private volatile Map<Instance, RunningInstance> all = Map.of();

  RunningInstance get(Instance instance) {
    return requireNonNull(all.get(instance), instance.id());
  }

  @Nullable RunningInstance find(@Nullable Instance instance) {
    return instance == null ? null : all.get(instance);
  }

  boolean has(String instanceId) {
    return all.keySet().stream().anyMatch(instance -> instance.id().equals(instanceId));
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  void add(RunningInstance running) {
    Map<Instance, RunningInstance> next = new HashMap<>(all);
    next.put(running.instance(), running);
    all = next;
  }

  void remove(Instance instance) {
    Map<Instance, RunningInstance> next = new HashMap<>(all);
    next.remove(instance);
    all = next.isEmpty() ? Map.of() : next;
  }
}
