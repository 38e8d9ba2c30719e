package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The heartbeat of an owner: one ConfigMap, which all its pods mount, and which is changed every 20
 * seconds. One write serves all pods; the kubelet brings it to each within its own time. It also
 * names who holds the owner, and has the instances in pods of others, {@link PodBindings}.
 */
final class OwnerHeartbeat {
  /** The key of the ConfigMap, and so the name of the file. */
  static final String KEY = "beat";

  /** The time between two heartbeats. */
  static final Duration INTERVAL = Duration.ofSeconds(20);

  private static final Logger LOG = LoggerFactory.getLogger(OwnerHeartbeat.class);
  private static final String HOLDER = "autodeploy.dev/holder";

  private final Cluster cluster;
  private final KubernetesThreads threads;
  private final HostObject host;
  private volatile String owner = "";
  private volatile String holder = "";
  private volatile boolean lost;

  OwnerHeartbeat(Cluster cluster, KubernetesThreads threads, HostObject host) {
    this.cluster = cluster;
    this.threads = threads;
    this.host = host;
  }

  /** Says whose heartbeat it is. */
  void open(String ofOwner) {
    owner = ofOwner;
  }

  String owner() {
    return owner;
  }

  /** Goes on with the heartbeat. */
  void start() {
    threads.scheduleAtInterval(INTERVAL, this::beatQuietly);
  }

  private String name() {
    return Names.ofOwner(owner);
  }

  /** Returns the heartbeat as it is; null if there is none yet. */
  @Nullable ConfigMap find() {
    return cluster.call(
        "looking up the heartbeat " + name(),
        client -> client.configMaps().inNamespace(cluster.namespace()).withName(name()).get());
  }

  /** Returns that of another owner, or of this one; null if there is none. */
  @Nullable ConfigMap find(String of) {
    String name = Names.ofOwner(of);
    return cluster.call(
        "looking up the instances of " + of,
        client -> client.configMaps().inNamespace(cluster.namespace()).withName(name).get());
  }

  static String beatOf(ConfigMap map) {
    return map.getData() == null ? "" : map.getData().getOrDefault(KEY, "");
  }

  static String holderOf(ConfigMap map) {
    Map<String, String> annotations = map.getMetadata().getAnnotations();
    return annotations == null ? "" : annotations.getOrDefault(HOLDER, "");
  }

  /** Returns whether a heartbeat was made for this owner, by this library. */
  boolean isOurs(ConfigMap map) {
    Map<String, String> labels = map.getMetadata().getLabels();
    Map<String, String> annotations = map.getMetadata().getAnnotations();
    return labels != null
        && labels.entrySet().containsAll(PodLabels.selector(owner).entrySet())
        && annotations != null
        && owner.equals(annotations.get(PodLabels.OWNER));
  }

  /**
   * Takes the owner for a holder, with a heartbeat; false if somebody else changed it meanwhile.
   *
   * @param seen the heartbeat as it was looked up, or null if there was none
   */
  boolean take(@Nullable ConfigMap seen, String by) {
    ConfigMap map =
        new ConfigMapBuilder()
            .withNewMetadata()
            .withName(name())
            .withLabels(PodLabels.selector(owner))
            .addToAnnotations(HOLDER, by)
            .addToAnnotations(PodLabels.OWNER, owner)
            .withOwnerReferences(host.references())
            .withResourceVersion(seen == null ? null : seen.getMetadata().getResourceVersion())
            .endMetadata()
            .withData(seen == null ? Map.of() : seen.getData())
            .addToData(KEY, UUID.randomUUID().toString())
            .build();
    try {
      ConfigMap unused =
          cluster.call(
              "taking the owner by the ConfigMap " + name(),
              client -> {
                var resource = client.configMaps().inNamespace(cluster.namespace()).resource(map);
                return seen == null ? resource.create() : resource.update();
              });
      holder = by;
      return true;
    } catch (ClusterException e) {
      if (e.isConflict() || e.isNotFound()) {
        return false;
      }
      throw e;
    }
  }

  /** Lets go of the owner, with a last heartbeat. */
  void letGo() {
    if (!holder.isEmpty() && beat()) {
      patch("{\"metadata\":{\"annotations\":{\"" + HOLDER + "\":\"\"}}}");
    }
    holder = "";
  }

  /** Sends a heartbeat; false if the owner was taken by somebody else. */
  boolean beat() {
    String value = UUID.randomUUID().toString();
    try {
      ConfigMap map = patch("{\"data\":{\"" + KEY + "\":\"" + value + "\"}}");
      return holder.isEmpty() || map == null || holderOf(map).equals(holder);
    } catch (ClusterException e) {
      if (!e.isNotFound()) {
        throw e;
      }
      return take(null, holder); // somebody deleted it
    }
  }

  private @Nullable ConfigMap patch(String json) {
    return cluster.call(
        "sending the heartbeat " + name(),
        client ->
            client
                .configMaps()
                .inNamespace(cluster.namespace())
                .withName(name())
                .patch(PatchContext.of(PatchType.JSON_MERGE), json));
  }

  /** Returns whether the owner was taken by somebody else: once that is so, it stays so. */
  boolean isLost() {
    return lost;
  }

  /** Looks once more, since the ConfigMap may only have been deleted and made anew by this one. */
  private boolean isTaken() {
    String by = holder;
    ConfigMap now = find();
    return !by.isEmpty() && now != null && !holderOf(now).equals(by);
  }

  /** Sends a heartbeat, and notes if the owner was taken by somebody else. */
  void beatQuietly() {
    try {
      if (!lost && !beat() && isTaken()) {
        lost = cluster.settings().cluster().lockOwner();
        LOG.error(
            "Owner '{}' was taken by another engine while this one gave no sign of life: end one of"
                + " the two{}",
            owner,
            lost ? "; this one starts and releases nothing any longer" : "");
      }
    } catch (ClusterException e) {
      LOG.warn("Heartbeat of the pods of {}: {}", owner, e.getMessage());
    }
  }
}
