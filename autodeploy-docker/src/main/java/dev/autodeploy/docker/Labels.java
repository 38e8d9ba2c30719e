package dev.autodeploy.docker;

import com.github.dockerjava.api.model.Container;
import dev.autodeploy.spi.StartRequest;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The labels of a container managed by this provider.
 *
 * @param name the container's own name, without which the labels prove nothing: they are copied
 *     into images and from there into other people's containers. It follows from owner, deployment
 *     and slot, so an image cannot claim a container that somebody else has named
 * @param owner the owner
 * @param deployment the deployment's name
 * @param slot the slot
 * @param instanceId the instance
 * @param fingerprint the fingerprint
 * @param gpus the GPUs that it holds
 * @param gpuMemory how much memory of each; 0 if it holds them as a whole
 * @param port the service's port inside
 * @param startedAt when its start was asked for
 * @param heartbeat how it gets heartbeats, without which it ends by itself
 * @param lock the owner's lock under which it was made, or an empty text
 * @param epoch the epoch of the leader that started it, or 0
 */
record Labels(
    String name,
    String owner,
    String deployment,
    int slot,
    String instanceId,
    String fingerprint,
    List<String> gpus,
    long gpuMemory,
    int port,
    Instant startedAt,
    Heartbeat heartbeat,
    String lock,
    long epoch) {
  static final String PREFIX = "autodeploy.";
  static final String MANAGED = PREFIX + "managed";
  static final String OWNER = PREFIX + "owner";
  static final String INSTANCE = PREFIX + "instance";
  static final String PROBE = PREFIX + "probe";
  private static final String NAME = PREFIX + "name";

  /** The end of the name of a container whose release has begun. No name of a slot ends so. */
  private static final String ENDING = ".ending";

  private static final String DEPLOYMENT = PREFIX + "deployment";
  private static final String SLOT = PREFIX + "slot";
  private static final String FINGERPRINT = PREFIX + "fingerprint";
  private static final String GPUS = PREFIX + "gpus";
  private static final String GPU_MEMORY = PREFIX + "gpu-memory";
  private static final String PORT = PREFIX + "port";
  private static final String STARTED = PREFIX + "started";
  private static final String HEARTBEATS = PREFIX + "leased";
  private static final String LOCK = PREFIX + "lock";
  private static final String EPOCH = PREFIX + "epoch";

  static final List<String> ALL =
      List.of(
          MANAGED,
          NAME,
          OWNER,
          DEPLOYMENT,
          SLOT,
          INSTANCE,
          FINGERPRINT,
          GPUS,
          GPU_MEMORY,
          PORT,
          STARTED,
          HEARTBEATS,
          LOCK,
          EPOCH,
          PROBE);

  Labels {
    gpus = List.copyOf(gpus);
  }

  /** The name of the container of a slot: the lock that lets only one come up. */
  static String containerName(StartRequest request) {
    return containerName(request.owner(), request.deployment(), request.slot());
  }

  private static String containerName(String owner, String deployment, int slot) {
    return "autodeploy-" + owner + "-" + deployment + "-" + slot;
  }

  /**
   * Returns the name that a container gets when its release begins: whoever finds it then, as the
   * next process after a crash, knows that nobody may have it any longer.
   */
  String nameAtTheEnd() {
    return name + ENDING;
  }

  /** Returns whether the release of a listed container has begun. */
  static boolean isEnding(Container container) {
    String[] names = container.getNames();
    return names != null && Arrays.stream(names).anyMatch(name -> name.endsWith(ENDING));
  }

  boolean withHeartbeats() {
    return heartbeat != Heartbeat.NONE;
  }

  boolean isOf(String anOwner, String anInstanceId) {
    return owner.equals(anOwner) && instanceId.equals(anInstanceId);
  }

  Map<String, String> toMap() {
    Map<String, String> map = new LinkedHashMap<>();
    map.put(MANAGED, "true");
    map.put(NAME, name);
    map.put(OWNER, owner);
    map.put(DEPLOYMENT, deployment);
    map.put(SLOT, String.valueOf(slot));
    map.put(INSTANCE, instanceId);
    map.put(FINGERPRINT, fingerprint);
    map.put(GPUS, String.join(" ", gpus));
    map.put(GPU_MEMORY, String.valueOf(gpuMemory));
    map.put(PORT, String.valueOf(port));
    map.put(STARTED, startedAt.toString());
    map.put(HEARTBEATS, heartbeat.label());
    map.put(LOCK, lock);
    map.put(EPOCH, String.valueOf(epoch)); // always, as an image may bear another
    map.put(PROBE, ""); // an image may bear it
    return map;
  }

  /** Reads the labels of a listed container; null if it is not ours. */
  static @Nullable Labels of(Container container) {
    String[] names = container.getNames();
    if (names == null) {
      return null;
    }
    // Who links to it gives it another name, and they are listed in any order.
    for (String name : names) {
      Labels labels = of(name, container.getLabels());
      if (labels != null) {
        return labels;
      }
    }
    return null;
  }

  /** Reads labels; null if they are not ours, or were copied from a container of ours. */
  static @Nullable Labels of(@Nullable String containerName, @Nullable Map<String, String> map) {
    if (containerName == null || map == null) {
      return null;
    }
    String name = containerName.startsWith("/") ? containerName.substring(1) : containerName;
    if (name.endsWith(ENDING)) {
      name = name.substring(0, name.length() - ENDING.length());
    }
    if (!"true".equals(map.get(MANAGED)) || !name.equals(map.get(NAME))) {
      return null;
    }
    try {
      String gpus = map.getOrDefault(GPUS, "");
      Labels labels =
          new Labels(
              name,
              map.getOrDefault(OWNER, ""),
              map.getOrDefault(DEPLOYMENT, ""),
              Integer.parseInt(map.getOrDefault(SLOT, "0")),
              map.getOrDefault(INSTANCE, ""),
              map.getOrDefault(FINGERPRINT, ""),
              gpus.isEmpty() ? List.of() : List.of(gpus.split(" ")),
              Long.parseLong(map.getOrDefault(GPU_MEMORY, "0")),
              Integer.parseInt(map.getOrDefault(PORT, "0")),
              Instant.parse(map.getOrDefault(STARTED, "1970-01-01T00:00:00Z")),
              Heartbeat.of(map.getOrDefault(HEARTBEATS, "")),
              map.getOrDefault(LOCK, ""),
              Long.parseLong(map.getOrDefault(EPOCH, "0")));
      boolean named =
          name.equals(containerName(labels.owner(), labels.deployment(), labels.slot()));
      return named && !labels.instanceId().isEmpty() ? labels : null;
    } catch (NumberFormatException | DateTimeException e) {
      return null;
    }
  }
}
