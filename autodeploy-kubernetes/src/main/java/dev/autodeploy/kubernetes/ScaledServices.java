package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.ReleasedInstances;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The services that starts and releases share, in pods of other people's Deployments. */
final class ScaledServices {
  private final Cluster cluster;
  private final KubernetesThreads threads;
  private final PodBindings bindings;
  private final ScaledWatch watch;
  private final PodEnds ends;
  private final ReleasedInstances released = new ReleasedInstances();
  private final Map<String, ScaleTarget> targets;
  private final Map<ScaleTarget, ScaledDeployment> deployments = new ConcurrentHashMap<>();
  private final Map<ScaleTarget, Reach> reaches = new ConcurrentHashMap<>();

  /**
   * Makes them.
   *
   * @param targets the Deployments by the names of our own deployments
   */
  ScaledServices(
      Cluster cluster,
      KubernetesThreads threads,
      Map<String, ScaleTarget> targets,
      PodBindings bindings,
      PodEnds ends) {
    this.cluster = cluster;
    this.threads = threads;
    this.targets = Map.copyOf(targets);
    this.bindings = bindings;
    this.ends = ends;
    this.watch = new ScaledWatch(ends);
    targets.forEach((deployment, target) -> deployments.put(target, scaled(deployment, target)));
  }

  private ScaledDeployment scaled(String deployment, ScaleTarget target) {
    return new ScaledDeployment(deployment, target, cluster.in(target.namespace()), bindings);
  }

  KubernetesThreads threads() {
    return threads;
  }

  PodBindings bindings() {
    return bindings;
  }

  ScaledWatch watch() {
    return watch;
  }

  PodEnds ends() {
    return ends;
  }

  ReleasedInstances released() {
    return released;
  }

  /** Returns all Deployments that are ours to scale, or were by what an earlier engine has left. */
  Collection<ScaledDeployment> all() {
    return deployments.values();
  }

  /** Returns the Deployment of one of our deployments; null if it has none. */
  @Nullable ScaledDeployment of(String deployment) {
    ScaleTarget target = targets.get(deployment);
    return target == null ? null : deployments.get(target);
  }

  /** Returns the Deployment of an instance, which may be none that is scaled any longer. */
  ScaledDeployment of(PodBinding binding) {
    return deployments.computeIfAbsent(
        binding.target(), target -> scaled(binding.labels().deployment(), target));
  }

  Reach reach(ScaleTarget target) {
    return reaches.computeIfAbsent(target, it -> new Reach(cluster.in(it.namespace())));
  }

  void close() {
    deployments.values().forEach(ScaledDeployment::close);
    reaches.values().forEach(Reach::close);
  }
}
