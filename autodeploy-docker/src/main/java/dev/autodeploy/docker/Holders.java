package dev.autodeploy.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.VolumeOptions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Containers that do nothing but hold an image, volumes and a network while no instance does, so
 * that cleaning up leaves them alone. Docker's prune removes containers that do not run before
 * anything else, so these run: one sleeps for every image, without a GPU and with hardly any
 * memory. It ends by itself after some hours, in case its engine never returns.
 */
final class Holders {
  private static final Logger LOG = LoggerFactory.getLogger(Holders.class);
  private static final String HOLDER = Labels.PREFIX + "holder";
  private static final String DIGEST = HOLDER + ".of";
  private static final List<String> SLEEP = List.of("/bin/sh", "-c", "exec sleep 43200");
  private static final long MEMORY = 32L << 20;
  private static final long PROCESSES = 16;

  private final DockerHost host;
  private final ImageShells shells;

  /** The holders whose program could not be started; they hold what they can as they are. */
  private final Set<String> sleepless = ConcurrentHashMap.newKeySet();

  Holders(DockerHost host, ImageShells shells) {
    this.host = host;
    this.shells = shells;
  }

  /**
   * One holder, as it should be.
   *
   * @param imageId what it is made of
   * @param volumes the volumes that it holds
   */
  record Wanted(String imageId, TreeSet<String> volumes) {
    Wanted(String imageId) {
      this(imageId, new TreeSet<>());
    }
  }

  /** Makes and starts those that are missing, and removes all others of the owner. */
  void bring(String owner, List<Wanted> wanted) {
    Map<String, Container> there = new HashMap<>();
    for (Container container : list(owner)) {
      there.put(container.getLabels().get(DIGEST), container);
    }
    for (Wanted each : wanted) {
      String digest = digest(each);
      Container container = there.remove(digest);
      try {
        if (container == null) {
          start(create(owner, each, digest), each);
        } else if (!"running".equals(container.getState())) {
          start(container.getId(), each);
        }
      } catch (DockerDaemonException e) {
        LOG.debug("Holding image {} failed: {}", each.imageId(), e.getMessage());
      }
    }
    there.values().forEach(container -> host.client().remove(container.getId()));
  }

  /** Ends what runs; what has ended still holds images and volumes against a prune of these. */
  void end(String owner) {
    for (Container container : list(owner)) {
      if ("running".equals(container.getState())) {
        boolean unused = host.client().signal(container.getId(), "KILL");
      }
    }
  }

  /** Removes those of an image, which is to be deleted. */
  void letGo(String owner, String imageId) {
    for (Container container : list(owner)) {
      if (imageId.equals(container.getImageId())) {
        host.client().remove(container.getId());
      }
    }
  }

  /**
   * Returns the holders of an owner: only a container whose name follows from its labels is one.
   */
  private List<Container> list(String owner) {
    return host.client().list(Map.of(HOLDER, owner)).stream()
        .filter(
            container ->
                container.getNames() != null
                    && List.of(container.getNames())
                        .contains("/" + name(owner, container.getLabels().get(DIGEST))))
        .toList();
  }

  private static String name(String owner, @Nullable String digest) {
    return "autodeploy-hold-" + owner + "-" + digest;
  }

  private String create(String owner, Wanted wanted, String digest) {
    String name = name(owner, digest);
    return host.client()
        .create("creating " + name, wanted.imageId(), cmd -> applyTo(cmd, owner, wanted, digest));
  }

  private CreateContainerCmd applyTo(
      CreateContainerCmd cmd, String owner, Wanted wanted, String digest) {
    List<Mount> mounts = new ArrayList<>();
    for (String volume : wanted.volumes()) {
      mounts.add(
          new Mount()
              .withType(MountType.VOLUME)
              .withSource(volume)
              .withTarget("/autodeploy-hold/" + mounts.size())
              .withReadOnly(true)
              .withVolumeOptions(new VolumeOptions().withNoCopy(true)));
    }
    HostConfig config =
        HostConfig.newHostConfig()
            .withNetworkMode(
                isUserDefined(host.reach().network()) ? host.reach().network() : "none")
            .withMounts(mounts)
            .withMemory(MEMORY)
            .withPidsLimit(PROCESSES)
            .withReadonlyRootfs(true)
            .withCapDrop(Capability.ALL)
            .withSecurityOpts(List.of("no-new-privileges"))
            .withLogConfig(ContainerCreation.LOGS);
    return cmd.withName(name(owner, digest))
        .withHostConfig(config)
        .withEntrypoint(SLEEP.subList(0, 1))
        .withCmd(SLEEP.subList(1, SLEEP.size()))
        .withEnv("NVIDIA_VISIBLE_DEVICES=void")
        .withLabels(Map.of(HOLDER, owner, DIGEST, digest, Labels.MANAGED, ""));
  }

  /** Returns whether a network is one that somebody made, and can remove. */
  static boolean isUserDefined(@Nullable String network) {
    return network != null && !Set.of("bridge", "host", "none", "default").contains(network);
  }

  private void start(String container, Wanted wanted) {
    InspectImageResponse image = host.client().findImage(wanted.imageId());
    if (image == null || sleepless.contains(wanted.imageId())) {
      return;
    }
    try {
      if (shells.hasShell(image, container)) {
        host.client().start("holding image " + wanted.imageId(), container);
        return;
      }
    } catch (DockerDaemonException e) {
      if (e.problem().unreachable()) {
        throw e;
      }
      LOG.debug("A holder of {} does not start: {}", wanted.imageId(), e.getMessage());
    }
    sleepless.add(wanted.imageId());
  }

  private String digest(Wanted wanted) {
    try {
      String all = wanted + " " + host.reach().network() + " " + SLEEP;
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(all.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
