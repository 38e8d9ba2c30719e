package dev.autodeploy.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.model.ContainerConfig;
import com.github.dockerjava.api.model.Image;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.Snapshot;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Snapshots: images made of containers. They carry neither our labels nor the environment that the
 * deployment set, since both would go on into whatever is started from them.
 */
final class Snapshots {
  private static final Logger LOG = LoggerFactory.getLogger(Snapshots.class);
  private static final String REPOSITORY = "autodeploy-snapshot";
  private static final String NAME = Labels.PREFIX + "snapshot";
  private static final String OF = NAME + ".of";
  private static final String CREATED = NAME + ".created";
  private static final String PORT = NAME + ".port";
  private static final String WITHOUT = NAME + ".without";

  /** The longest time for copying the content of volumes. */
  private static final Duration COPYING = Duration.ofHours(6);

  private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

  private final DaemonClient client;

  Snapshots(DaemonClient client) {
    this.client = client;
  }

  /** Returns the image of a snapshot that is given by its name or reference. */
  static String image(String reference) {
    return ALLOWED.matcher(reference).matches() ? REPOSITORY + ":" + reference : reference;
  }

  static boolean isLocal(String reference) {
    return image(reference).startsWith(REPOSITORY + ":");
  }

  /**
   * Makes a snapshot. The container stands still meanwhile, but for the time in which the content
   * of its volumes is copied.
   */
  Snapshot make(String containerId, Labels labels, SnapshotRequest request) {
    String name = request.name();
    if (!ALLOWED.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a snapshot's name is 1 to 128 of letters, digits, '_', '.' and '-', not beginning with"
              + " '.' or '-', but was '"
              + name
              + "'");
    }
    String reference = image(name);
    if (client.findImage(reference) != null) {
      throw new IllegalArgumentException(
          "there is a snapshot '" + name + "' already; delete it first, or choose another name");
    }
    InspectContainerResponse container = client.inspect(containerId);
    InspectImageResponse base = client.findImage(container.getImageId());
    ContainerConfig baseConfig = base == null ? null : base.getConfig();
    Instant now = Instant.now();
    List<String> command = command(container, labels, baseConfig);

    ObjectNode body = DaemonClient.JSON.createObjectNode();
    List<String> volumes = request.includesVolumes() ? VolumeContext.volumes(container) : List.of();
    List<String> leftOut = new ArrayList<>(mounts(container));
    leftOut.removeAll(volumes);
    leftOut.replaceAll(PlainText::line);
    Map<String, String> written = labels(labels, name, now);
    written.put(WITHOUT, String.join("\n", leftOut));
    written.forEach(body.putObject("Labels")::put);
    ArrayNode env = body.putArray("Env");
    environment(container.getConfig(), baseConfig).forEach(env::add);
    String path = "/commit?container=" + containerId + comment(labels) + "&pause=true";
    if (!command.isEmpty()) {
      path += "&changes=" + DaemonClient.encode("ENTRYPOINT " + json(command.subList(0, 1)));
      path += "&changes=" + DaemonClient.encode("CMD " + json(command.subList(1, command.size())));
    }
    String doing = "making snapshot '" + name + "' of " + labels.name();
    JsonNode committed =
        client.post(
            doing,
            path,
            body.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8),
            Duration.ZERO);
    String image = committed.path("Id").asText();
    if (volumes.isEmpty()) {
      commitAgain(doing, image, named(name) + comment(labels));
    } else {
      addVolumes(doing, container, image, reference, volumes);
    }
    InspectImageResponse made = client.findImage(reference);
    Long bytes = made == null ? null : made.getSize();
    if (!leftOut.isEmpty()) {
      LOG.warn(
          "Snapshot '{}' of {} holds the container's own files, but not what is in its volumes and"
              + " mounts: {}; a deployment that starts from it needs the same volumes",
          name,
          labels.deployment(),
          String.join(", ", leftOut));
    }
    return new Snapshot(reference, labels.deployment(), now, bytes == null ? 0 : bytes, leftOut);
  }

  private static String named(String name) {
    return "&repo=" + REPOSITORY + "&tag=" + DaemonClient.encode(name);
  }

  private static String comment(Labels labels) {
    return "&comment=" + DaemonClient.encode("snapshot of deployment " + labels.deployment());
  }

  /**
   * Gives the name to an image of the image. Daemons before Docker 23 keep the configuration of the
   * container that an image was made of in it, with all values of its environment, and push and
   * save it; a container that is made of the image has none of them.
   */
  private void commitAgain(String doing, String image, String how) {
    String container = null;
    boolean done = false;
    try {
      container = client.create(doing, image, plan -> plan);
      client.post(doing, "/commit?container=" + container + how, null, Duration.ZERO);
      done = true;
    } finally {
      tidyUp(container, image, done);
    }
  }

  private void tidyUp(@Nullable String container, String image, boolean isParent) {
    try {
      if (container != null) {
        client.remove(container);
      }
      client.removeImage(image);
    } catch (DockerDaemonException e) {
      // Where images know their parents, it goes with the snapshot.
      LOG.debug("Image {} stays, {}: {}", image, isParent ? "as a parent" : "unused", e.toString());
    }
  }

  /** Puts the content of volumes over an image, which has no name and is removed if that fails. */
  private void addVolumes(
      String doing,
      InspectContainerResponse container,
      String image,
      String reference,
      List<String> volumes) {
    VolumeContext context =
        new VolumeContext(client, container.getId(), image, volumes, mounts(container));
    String query = "t=" + DaemonClient.encode(reference) + "&nocache=true&rm=true&forcerm=true";
    try {
      client.build(doing, query, context, COPYING);
    } catch (RuntimeException e) {
      try {
        client.removeImage(image);
      } catch (DockerDaemonException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
  }

  /** Returns where volumes and directories of the host are mounted: a commit leaves them out. */
  private static List<String> mounts(InspectContainerResponse container) {
    List<String> paths = new ArrayList<>();
    if (container.getMounts() != null) {
      for (InspectContainerResponse.Mount mount : container.getMounts()) {
        if (mount.getDestination() != null) {
          paths.add(mount.getDestination().getPath());
        }
      }
    }
    paths.sort(null);
    return paths;
  }

  /** Deletes a snapshot, and nothing that is none. */
  void delete(String reference) {
    InspectImageResponse image = client.findImage(image(reference));
    if (image == null) {
      return;
    }
    Map<String, String> labels = image.getConfig() == null ? null : image.getConfig().getLabels();
    if (labels == null || labels.getOrDefault(NAME, "").isEmpty()) {
      throw new IllegalArgumentException(
          "'" + reference + "' is not a snapshot of a deployment, so it is not deleted");
    }
    client.removeImage(image(reference));
  }

  static List<Snapshot> in(List<Image> images) {
    List<Snapshot> snapshots = new ArrayList<>();
    for (Image image : images) {
      Map<String, String> labels = image.getLabels();
      String name = labels == null ? "" : labels.getOrDefault(NAME, "");
      if (!name.isEmpty() && labels != null && image.getRepoTags() != null) {
        for (String tag : image.getRepoTags()) {
          if (tag.equals(REPOSITORY + ":" + name)) {
            snapshots.add(
                new Snapshot(
                    tag,
                    labels.getOrDefault(OF, ""),
                    created(labels, image),
                    image.getSize(),
                    labels.getOrDefault(WITHOUT, "").lines().map(PlainText::line).toList()));
          }
        }
      }
    }
    return snapshots;
  }

  /** The tags of images that are no snapshots. */
  static List<String> others(List<Image> images) {
    Set<String> tags = new TreeSet<>();
    for (Image image : images) {
      if (image.getRepoTags() != null) {
        for (String tag : image.getRepoTags()) {
          if (!tag.startsWith("<none>") && !tag.startsWith(REPOSITORY + ":")) {
            tags.add(tag);
          }
        }
      }
    }
    return List.copyOf(tags);
  }

  private static Instant created(Map<String, String> labels, Image image) {
    try {
      return Instant.parse(labels.getOrDefault(CREATED, ""));
    } catch (DateTimeException e) {
      return Instant.ofEpochSecond(image.getCreated() == null ? 0 : image.getCreated());
    }
  }

  private static Map<String, String> labels(Labels labels, String name, Instant now) {
    Map<String, String> map = new LinkedHashMap<>();
    Labels.ALL.forEach(label -> map.put(label, ""));
    map.put(NAME, name);
    map.put(OF, labels.deployment());
    map.put(CREATED, now.toString());
    map.put(PORT, String.valueOf(labels.port()));
    return map;
  }

  /** Every variable that the deployment set is put back to the image's value, or blanked. */
  private static List<String> environment(
      ContainerConfig config, @Nullable ContainerConfig baseConfig) {
    Map<String, String> base = new HashMap<>();
    if (baseConfig != null && baseConfig.getEnv() != null) {
      for (String entry : baseConfig.getEnv()) {
        base.put(entry.split("=", 2)[0], entry);
      }
    }
    List<String> result = new ArrayList<>();
    String[] entries = config.getEnv() == null ? new String[0] : config.getEnv();
    for (String entry : entries) {
      String variable = entry.split("=", 2)[0];
      result.add(base.getOrDefault(variable, variable + "="));
    }
    return result;
  }

  /**
   * Returns the command that the snapshot starts by itself: what the deployment started, without
   * the wrapper.
   */
  private static List<String> command(
      InspectContainerResponse container, Labels labels, @Nullable ContainerConfig baseConfig) {
    List<String> line = new ArrayList<>();
    ContainerConfig config = container.getConfig();
    if (config.getEntrypoint() != null) {
      line.addAll(Arrays.asList(config.getEntrypoint()));
    }
    if (config.getCmd() != null) {
      line.addAll(Arrays.asList(config.getCmd()));
    }
    if (labels.withHeartbeats()) {
      return HeartbeatWatcher.unwrap(HeartbeatWrapper.unwrap(line));
    }
    if (line.isEmpty() && baseConfig != null && baseConfig.getCmd() != null) {
      line.addAll(Arrays.asList(baseConfig.getCmd()));
    }
    return line;
  }

  private static String json(List<String> words) {
    ArrayNode array = DaemonClient.JSON.createArrayNode();
    words.forEach(array::add);
    return array.toString();
  }
}
