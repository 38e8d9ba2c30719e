package dev.autodeploy.kubernetes;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The instances of an owner that are pods of other people's Deployments, by id. On those pods
 * nothing can be written without the right to change them; so they are kept in the owner's own
 * ConfigMap. A change is refused by the API server, and made again, if somebody else's came first.
 * Thread-safe; every call blocks.
 */
final class PodBindings {
  private static final String PREFIX = "instance.";
  private static final int ATTEMPTS = 20;

  private final Cluster cluster;
  private final OwnerHeartbeat heartbeats;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock: as they were seen last, in which ConfigMap.
  private Map<String, PodBinding> last = Map.of();
  private String map = "";

  PodBindings(Cluster cluster, OwnerHeartbeat heartbeats) {
    this.cluster = cluster;
    this.heartbeats = heartbeats;
  }

  /** Returns those of another owner. */
  Map<String, PodBinding> of(String owner) {
    ConfigMap found = heartbeats.find(owner);
    return found == null ? Map.of() : read(found);
  }

  Map<String, PodBinding> all() {
    return change(UnaryOperator.identity());
  }

  /** Changes them, and returns them as they are then. The change may be made several times. */
  Map<String, PodBinding> change(UnaryOperator<Map<String, PodBinding>> change) {
    lock.lock();
    try {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        ConfigMap seen = heartbeats.find();
        if (seen == null) {
          boolean unused = heartbeats.beat(); // somebody deleted it
          continue;
        }
        Map<String, PodBinding> before = read(seen);
        Map<String, PodBinding> after = change.apply(withLost(before, seen));
        if (after.equals(before) || write(seen, after)) {
          last = Map.copyOf(after);
          map = seen.getMetadata().getUid();
          return last;
        }
      }
    } finally {
      lock.unlock();
    }
    throw new AutoDeployException(
        ErrorCode.PROVIDER_FAILED,
        null,
        "the ConfigMap "
            + Names.ofOwner(heartbeats.owner())
            + " in namespace "
            + cluster.namespace()
            + " is changed by others again and again, so the instances cannot be written there");
  }

  /** Adds those that were lost with a ConfigMap that somebody has deleted. */
  private Map<String, PodBinding> withLost(Map<String, PodBinding> read, ConfigMap seen) {
    Map<String, PodBinding> all = new LinkedHashMap<>(read);
    if (!map.isEmpty() && !map.equals(seen.getMetadata().getUid())) {
      last.forEach(all::putIfAbsent);
    }
    return all;
  }

  private static Map<String, PodBinding> read(ConfigMap from) {
    Map<String, PodBinding> bindings = new LinkedHashMap<>();
    if (from.getData() != null) {
      from.getData()
          .forEach(
              (key, text) -> {
                PodBinding binding = key.startsWith(PREFIX) ? PodBinding.read(text) : null;
                if (binding != null) {
                  bindings.put(binding.instanceId(), binding);
                }
              });
    }
    return bindings;
  }

  private boolean write(ConfigMap seen, Map<String, PodBinding> bindings) {
    Map<String, String> data = new LinkedHashMap<>();
    if (seen.getData() != null) {
      data.putAll(seen.getData());
    }
    data.keySet().removeIf(key -> key.startsWith(PREFIX));
    bindings.forEach((id, binding) -> data.put(PREFIX + id, binding.write()));
    ConfigMap changed = new ConfigMapBuilder(seen).withData(data).build();
    try {
      @Nullable ConfigMap unused =
          cluster.call(
              "writing the instances of " + heartbeats.owner(),
              client ->
                  client.configMaps().inNamespace(cluster.namespace()).resource(changed).update());
      return true;
    } catch (ClusterException e) {
      if (e.isConflict() || e.isNotFound()) {
        return false;
      }
      throw e;
    }
  }
}
