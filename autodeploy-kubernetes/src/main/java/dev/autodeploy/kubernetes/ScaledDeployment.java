package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.InstanceStartException;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v1.Scale;
import io.fabric8.kubernetes.api.model.autoscaling.v1.ScaleBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Deployment that somebody else owns, of which only the number of replicas is ours: it is the
 * number of instances that are bound to it, or are to be. Its pods are ours by that; each start
 * gets one, the oldest the oldest. Others can have their labels, as those of a chart's jobs and
 * tests have: they are none of ours. Thread-safe; every call blocks.
 */
final class ScaledDeployment {
  private static final Logger LOG = LoggerFactory.getLogger(ScaledDeployment.class);
  private static final int ATTEMPTS = 20;
  private static final String COST = "controller.kubernetes.io/pod-deletion-cost";
  private static final String FIRST_TO_GO = "-1000";

  /** The label by which a Deployment tells the pods of its ReplicaSets apart. */
  static final String HASH = "pod-template-hash";

  private final String deployment;
  private final ScaleTarget target;
  private final Cluster cluster;
  private final PodBindings bindings;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable LabelSelector selector;
  private volatile @Nullable SharedIndexInformer<Pod> informer;

  /** The number of replicas as it was left or seen last; -1 before that. Guarded by the lock. */
  private int known = -1;

  /**
   * Makes one.
   *
   * @param deployment the name of our deployment
   * @param cluster the API server, in the namespace of the target
   */
  ScaledDeployment(String deployment, ScaleTarget target, Cluster cluster, PodBindings bindings) {
    this.deployment = deployment;
    this.target = target;
    this.cluster = cluster;
    this.bindings = bindings;
  }

  String deployment() {
    return deployment;
  }

  ScaleTarget target() {
    return target;
  }

  Cluster cluster() {
    return cluster;
  }

  /** Returns it as the API server has it; null if there is none. */
  @Nullable Deployment find() {
    return cluster.call(
        "looking up Deployment " + target,
        client ->
            client
                .apps()
                .deployments()
                .inNamespace(target.namespace())
                .withName(target.name())
                .get());
  }

  private InstanceStartException missing() {
    return new InstanceStartException("there is no Deployment " + target + "; apply it first");
  }

  /** Returns the container of the service: the one with its port, or else the first. */
  static String container(Pod pod, int port) {
    List<Container> all = pod.getSpec().getContainers();
    return all.stream()
        .filter(it -> it.getPorts().stream().anyMatch(at -> port == at.getContainerPort()))
        .findFirst()
        .orElse(all.get(0))
        .getName();
  }

  /** Listens to its pods. Does nothing if it does already, or there is no such Deployment. */
  void watch(ResourceEventHandler<Pod> handler) {
    LabelSelector by = selector();
    lock.lock();
    try {
      if (informer == null && by != null) {
        informer =
            cluster.call(
                "watching the pods of " + target,
                client ->
                    client
                        .pods()
                        .inNamespace(target.namespace())
                        .withLabelSelector(by)
                        .inform(handler));
      }
    } finally {
      lock.unlock();
    }
  }

  void close() {
    SharedIndexInformer<Pod> open = informer;
    if (open != null) {
      open.close();
    }
  }

  /** Returns the selector of its pods, which never changes; null if there is no such Deployment. */
  private @Nullable LabelSelector selector() {
    LabelSelector read = selector;
    if (read == null) {
      Deployment found = find();
      read = found == null ? null : found.getSpec().getSelector();
      selector = read;
    }
    return read;
  }

  List<Pod> pods() {
    LabelSelector by = selector();
    return by == null
        ? List.of()
        : cluster.call(
            "listing the pods of " + target,
            client ->
                client
                    .pods()
                    .inNamespace(target.namespace())
                    .withLabelSelector(by)
                    .list()
                    .getItems()
                    .stream()
                    .filter(this::isItsOwn)
                    .toList());
  }

  /** Returns its pod of a name; null if there is none, or if it is somebody else's. */
  @Nullable Pod pod(String name) {
    Pod found =
        cluster.call(
            "looking up pod " + name,
            client -> client.pods().inNamespace(target.namespace()).withName(name).get());
    return found != null && isItsOwn(found) ? found : null;
  }

  /** Returns whether one of its ReplicaSets has made a pod: they are named after it and a hash. */
  private boolean isItsOwn(Pod pod) {
    Map<String, String> labels = pod.getMetadata().getLabels();
    String hash = labels == null ? null : labels.get(HASH);
    return hash != null
        && pod.getMetadata().getOwnerReferences().stream()
            .anyMatch(
                it ->
                    Boolean.TRUE.equals(it.getController())
                        && "ReplicaSet".equals(it.getKind())
                        && (target.name() + "-" + hash).equals(it.getName()));
  }

  /** Binds starts that have no pod yet to pods that are nobody's, and returns all bindings. */
  Map<String, PodBinding> bind(List<Pod> pods) {
    return bindings.change(all -> bound(all, pods));
  }

  private Map<String, PodBinding> bound(Map<String, PodBinding> all, List<Pod> pods) {
    Map<String, PodBinding> bound = new LinkedHashMap<>(all);
    List<Pod> free = new ArrayList<>(free(all, pods));
    free.sort(
        Comparator.comparing(ScaledDeployment::createdAt)
            .thenComparing(pod -> pod.getMetadata().getUid()));
    mine(all).stream()
        .filter(it -> !it.isBound() && !it.releasing())
        .sorted(
            Comparator.comparing((PodBinding it) -> it.labels().startedAt())
                .thenComparing(PodBinding::instanceId))
        .limit(free.size())
        .forEach(
            it -> {
              Pod pod = free.remove(0);
              bound.put(it.instanceId(), it.to(pod, container(pod, it.labels().port())));
            });
    return bound;
  }

  private static Instant createdAt(Pod pod) {
    String at = pod.getMetadata().getCreationTimestamp();
    return at == null ? Instant.EPOCH : Instant.parse(at);
  }

  /** Returns the pods that live and are bound to no instance. */
  List<Pod> free(Map<String, PodBinding> all, List<Pod> pods) {
    return pods.stream()
        .filter(ScaledDeployment::lives)
        .filter(pod -> mine(all).stream().noneMatch(it -> it.isOf(pod)))
        .toList();
  }

  private static boolean lives(Pod pod) {
    PodState state = new PodState(pod);
    return !state.isBeingDeleted()
        && !state.phase().equals("Failed")
        && !state.phase().equals("Succeeded");
  }

  List<PodBinding> mine(Map<String, PodBinding> all) {
    return all.values().stream().filter(it -> it.target().equals(target)).toList();
  }

  /** Returns the number of replicas that it is to have. */
  int wanted(Map<String, PodBinding> all) {
    return (int) mine(all).stream().filter(it -> !it.releasing()).count();
  }

  /** Returns its scale; null if there is no such Deployment. */
  @Nullable Scale scale() {
    try {
      Scale scale =
          cluster.call(
              "reading the scale of Deployment " + target,
              client ->
                  client
                      .apps()
                      .deployments()
                      .inNamespace(target.namespace())
                      .withName(target.name())
                      .scale());
      if (scale != null) {
        note(replicas(scale));
      }
      return scale;
    } catch (ClusterException e) {
      if (e.isNotFound()) {
        return null;
      }
      throw e;
    }
  }

  static int replicas(Scale scale) {
    Integer replicas = scale.getSpec() == null ? null : scale.getSpec().getReplicas();
    return replicas == null ? 0 : replicas;
  }

  /** Tells, once, that somebody else has changed the number of replicas. */
  private void note(int now) {
    lock.lock();
    try {
      if (known >= 0 && known != now) {
        LOG.warn(
            "Deployment {} was scaled from {} to {} by somebody else: its number of replicas is for"
                + " '{}' alone to change. Leave spec.replicas out of its manifest, and remove its"
                + " HorizontalPodAutoscaler",
            target,
            known,
            now,
            deployment);
      }
      known = now;
    } finally {
      lock.unlock();
    }
  }

  /** Gives it as many replicas as it is to have; more are left as they are. */
  void raise() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      // Read first: a change of anybody's after that is a conflict.
      Scale scale = scale();
      if (scale == null) {
        throw missing();
      }
      int wanted = wanted(bindings.all());
      if (replicas(scale) >= wanted || set(scale, wanted)) {
        return;
      }
    }
    throw new InstanceStartException(
        "Deployment " + target + " is changed by others again and again, so it cannot be scaled");
  }

  /**
   * Takes back the replicas that it has beyond those that it is to have, unless the ReplicaSet
   * might take a pod that is to stay.
   *
   * @param chosen whether the pods that are to go may be marked as those
   * @return null if it has no more than it is to have; else why that is not so yet
   */
  @Nullable String lower(boolean chosen) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Scale scale = scale();
      if (scale == null) {
        return null; // its pods go with it
      }
      List<Pod> pods = pods();
      Map<String, PodBinding> all = bind(pods);
      int wanted = wanted(all);
      if (replicas(scale) <= wanted) {
        return null;
      }
      List<Pod> living = pods.stream().filter(ScaledDeployment::lives).toList();
      List<Pod> staying =
          living.stream()
              .filter(pod -> mine(all).stream().anyMatch(it -> !it.releasing() && it.isOf(pod)))
              .toList();
      List<Pod> going = living.stream().filter(pod -> !staying.contains(pod)).toList();
      if (wanted > 0) {
        if (staying.size() < wanted) {
          return "another instance of its Deployment has no pod yet";
        }
        List<Pod> endangered = ScaleDown.endangered(staying, going, chosen);
        if (!endangered.isEmpty()) {
          return "the ReplicaSet would take pod "
              + endangered.get(0).getMetadata().getName()
              + " instead, which is another instance's"
              + (chosen ? " and not ready yet" : "; the right to patch pods lets it choose");
        }
        going.forEach(this::mark);
      }
      if (set(scale, wanted)) {
        return null;
      }
    }
    return "Deployment " + target + " is changed by others again and again";
  }

  private void mark(Pod pod) {
    String name = pod.getMetadata().getName();
    Map<String, String> annotations = pod.getMetadata().getAnnotations();
    if (annotations != null && FIRST_TO_GO.equals(annotations.get(COST))) {
      return;
    }
    try {
      Pod unused =
          cluster.call(
              "marking pod " + name + " as the one to go",
              client ->
                  client
                      .pods()
                      .inNamespace(target.namespace())
                      .withName(name)
                      .patch(
                          PatchContext.of(PatchType.JSON_MERGE),
                          "{\"metadata\":{\"annotations\":{\""
                              + COST
                              + "\":\""
                              + FIRST_TO_GO
                              + "\"}}}"));
    } catch (ClusterException e) {
      if (!e.isNotFound()) {
        throw e;
      }
    }
  }

  /** Sets the number of replicas; false if somebody has changed the Deployment since. */
  private boolean set(Scale seen, int replicas) {
    Scale next =
        new ScaleBuilder(seen)
            .editOrNewSpec()
            .withReplicas(replicas)
            .endSpec()
            .withStatus(null)
            .build();
    try {
      @Nullable Scale unused =
          cluster.call(
              "scaling Deployment " + target + " to " + replicas,
              client ->
                  client
                      .apps()
                      .deployments()
                      .inNamespace(target.namespace())
                      .withName(target.name())
                      .scale(next));
    } catch (ClusterException e) {
      if (e.isConflict()) {
        return false;
      }
      know(-1);
      throw e;
    }
    know(replicas);
    return true;
  }

  private void know(int replicas) {
    lock.lock();
    try {
      known = replicas;
    } finally {
      lock.unlock();
    }
  }

  /** Returns why the cluster makes no pod for it, in the cluster's words; null if it does. */
  @Nullable String refusal() {
    Deployment now = find();
    if (now == null) {
      return "there is no Deployment " + target + " any longer";
    }
    if (now.getStatus() == null || !isObserved(now)) {
      return null;
    }
    return now.getStatus().getConditions().stream()
        .filter(it -> "ReplicaFailure".equals(it.getType()) && "True".equals(it.getStatus()))
        .map(it -> ClusterException.refusal(String.valueOf(it.getMessage())))
        .findFirst()
        .orElse(null);
  }

  private static boolean isObserved(Deployment now) {
    Long observed = now.getStatus() == null ? null : now.getStatus().getObservedGeneration();
    return observed != null && observed >= now.getMetadata().getGeneration();
  }

  /** Returns whether the cluster's controllers have done all that the last scaling asks for. */
  boolean isSettled() {
    Deployment now = find();
    if (now == null) {
      return true;
    }
    Integer has = now.getStatus() == null ? null : now.getStatus().getReplicas();
    Integer asked = now.getSpec().getReplicas();
    return isObserved(now) && (has == null ? 0 : has) == (asked == null ? 1 : asked);
  }
}
