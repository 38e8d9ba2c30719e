package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.StartRequest;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The labels of a pod managed by this provider, by which it is selected, and the annotations beside
 * them, which hold the same in full: a label's value has 63 characters at most.
 *
 * @param owner the owner
 * @param deployment the deployment's name
 * @param slot the slot
 * @param instanceId the instance
 * @param fingerprint the fingerprint
 * @param gpus the GPUs that the engine counts it on
 * @param port the service's port inside
 * @param startedAt when its start was asked for
 * @param heartbeat whether it ends by itself without heartbeats
 * @param epoch the epoch of the leader that started it, or 0
 */
record PodLabels(
    String owner,
    String deployment,
    int slot,
    String instanceId,
    String fingerprint,
    List<String> gpus,
    int port,
    Instant startedAt,
    boolean heartbeat,
    long epoch) {
  static final String MANAGED_BY = "app.kubernetes.io/managed-by";
  static final String MANAGER = "autodeploy";
  static final String OWNER = "autodeploy.dev/owner";
  static final String DEPLOYMENT = "autodeploy.dev/deployment";
  static final String INSTANCE = "autodeploy.dev/instance";
  private static final String SLOT = "autodeploy.dev/slot";
  private static final String FINGERPRINT = "autodeploy.dev/fingerprint";
  private static final String GPUS = "autodeploy.dev/gpus";
  private static final String PORT = "autodeploy.dev/port";
  private static final String STARTED = "autodeploy.dev/started";
  private static final String EPOCH = "autodeploy.dev/epoch";
  private static final String HEARTBEAT = "autodeploy.dev/heartbeat";

  PodLabels {
    gpus = List.copyOf(gpus);
  }

  static PodLabels of(StartRequest request, int port, Instant startedAt, boolean heartbeat) {
    return new PodLabels(
        request.owner(),
        request.deployment(),
        request.slot(),
        request.instanceId(),
        request.fingerprint(),
        request.gpus(),
        port,
        startedAt,
        heartbeat,
        request.epoch());
  }

  /** Returns the selector of all objects of an owner. */
  static Map<String, String> selector(String owner) {
    return Map.of(MANAGED_BY, MANAGER, OWNER, Names.label(owner));
  }

  String name() {
    return Names.ofInstance(instanceId);
  }

  boolean isOf(String anOwner, String anInstanceId) {
    return owner.equals(anOwner) && instanceId.equals(anInstanceId);
  }

  Map<String, String> labels() {
    Map<String, String> map = new LinkedHashMap<>(selector(owner));
    map.put(DEPLOYMENT, Names.label(deployment));
    map.put(INSTANCE, Names.label(instanceId));
    return map;
  }

  Map<String, String> annotations() {
    Map<String, String> map = new LinkedHashMap<>();
    map.put(OWNER, owner);
    map.put(DEPLOYMENT, deployment);
    map.put(INSTANCE, instanceId);
    map.put(SLOT, String.valueOf(slot));
    map.put(FINGERPRINT, fingerprint);
    map.put(GPUS, String.join(" ", gpus));
    map.put(PORT, String.valueOf(port));
    map.put(STARTED, startedAt.toString());
    map.put(HEARTBEAT, String.valueOf(heartbeat));
    map.put(EPOCH, String.valueOf(epoch));
    return map;
  }

  /** Reads the labels of an object; null if it is not ours, or was only copied from one of ours. */
  static @Nullable PodLabels of(HasMetadata object) {
    ObjectMeta meta = object.getMetadata();
    Map<String, String> annotations = meta.getAnnotations();
    Map<String, String> labels = meta.getLabels();
    if (annotations == null || labels == null || !MANAGER.equals(labels.get(MANAGED_BY))) {
      return null;
    }
    PodLabels read = read(annotations);
    return read == null || !read.name().equals(meta.getName()) ? null : read;
  }

  /** Reads what {@link #annotations} returns; null if it is anything else. */
  static @Nullable PodLabels read(Map<String, String> annotations) {
    String instance = annotations.getOrDefault(INSTANCE, "");
    if (instance.isEmpty()) {
      return null;
    }
    try {
      String gpus = annotations.getOrDefault(GPUS, "");
      return new PodLabels(
          annotations.getOrDefault(OWNER, ""),
          annotations.getOrDefault(DEPLOYMENT, ""),
          Integer.parseInt(annotations.getOrDefault(SLOT, "0")),
          instance,
          annotations.getOrDefault(FINGERPRINT, ""),
          gpus.isEmpty() ? List.of() : List.of(gpus.split(" ", -1)),
          Integer.parseInt(annotations.getOrDefault(PORT, "0")),
          Instant.parse(annotations.getOrDefault(STARTED, "1970-01-01T00:00:00Z")),
          Boolean.parseBoolean(annotations.getOrDefault(HEARTBEAT, "false")),
          Long.parseLong(annotations.getOrDefault(EPOCH, "0")));
    } catch (NumberFormatException | DateTimeException e) {
      return null;
    }
  }
}
