package dev.autodeploy.console;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Mount;
import dev.autodeploy.internal.text.Glob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The mounts, images and ports that deployments may have which are made or changed on the page, or
 * through its API. Immutable.
 */
final class SpecPolicy {
  /** Paths with which an instance could take over the host, or read the secrets of its users. */
  private static final Set<Path> SENSITIVE =
      Stream.of(
              "/bin",
              "/boot",
              "/dev",
              "/etc",
              "/home",
              "/lib",
              "/lib64",
              "/opt/containerd",
              "/proc",
              "/root",
              "/run",
              "/sbin",
              "/sys",
              "/usr",
              "/var/lib/containerd",
              "/var/lib/docker",
              "/var/lib/kubelet",
              "/var/run",
              "/var/spool/cron")
          .map(Path::of)
          .collect(Collectors.toUnmodifiableSet());

  private final Set<String> volumes;
  private final List<Path> prefixes;
  private final List<String> imagePatterns;
  private final List<Glob> images;

  private final int firstPort;
  private final int lastPort;

  /**
   * Makes it.
   *
   * @param firstPort the first port that the link of a deployment may have; 0 for none
   * @param lastPort the last one
   */
  SpecPolicy(List<String> allowedMounts, List<String> allowedImages, int firstPort, int lastPort) {
    this.firstPort = firstPort;
    this.lastPort = lastPort;
    volumes =
        allowedMounts.stream().filter(SpecPolicy::isVolume).collect(Collectors.toUnmodifiableSet());
    prefixes = allowedMounts.stream().filter(m -> !isVolume(m)).map(m -> Path.of(m)).toList();
    imagePatterns = List.copyOf(allowedImages);
    images = allowedImages.stream().map(Glob::of).toList();
  }

  /** Checks a range of ports that the application allows. */
  static void checkPorts(int first, int last) {
    if (first < 1 || last < first || last > 65_535) {
      throw new IllegalArgumentException(
          "allowed ports are a first and a last one from 1 to 65535, but were "
              + first
              + " and "
              + last);
    }
  }

  /** Checks a path or volume that the application allows. */
  static String checkedMount(String path) {
    if (isVolume(path)) {
      return path;
    }
    Path normal = Path.of(path).normalize();
    if (!normal.isAbsolute() || !normal.equals(Path.of(path))) {
      throw new IllegalArgumentException(
          "an allowed mount is an absolute path without '..', or a volume's name, but was '"
              + path
              + "'");
    }
    return path;
  }

  private static boolean isVolume(String source) {
    return source.matches("[A-Za-z0-9][A-Za-z0-9_.-]*");
  }

  /**
   * Refuses a specification with a mount or an image that is not allowed. What the deployment has
   * already stays allowed, so that its other settings can be changed.
   *
   * @param before the specification that the deployment has, or null for a new one
   */
  void check(DeploymentSpec spec, @Nullable DeploymentSpec before) {
    List<FieldError> errors = new ArrayList<>();
    for (Mount mount : spec.mounts()) {
      boolean kept = before != null && before.mounts().contains(mount);
      if (!kept && !isAllowed(mount.source())) {
        errors.add(
            new FieldError(
                "mounts",
                "'"
                    + mount.source()
                    + "' may not be mounted from here; the host application allows paths with"
                    + " allowedMounts"));
      }
    }
    check("image", spec.image(), before == null ? null : before.image(), errors);
    check("snapshot", spec.snapshot(), before == null ? null : before.snapshot(), errors);
    int port = spec.linkPort();
    boolean given = port == 0 || (before != null && before.linkPort() == port);
    if (!given && (port < firstPort || port > lastPort)) {
      errors.add(
          new FieldError(
              "linkPort",
              "port "
                  + port
                  + " may not be chosen from here: leave it out, and the proxy chooses one; the"
                  + " host application allows ports with allowedLinkPorts"));
    }
    if (!errors.isEmpty()) {
      throw ProblemException.invalid(errors);
    }
  }

  private void check(
      String field, @Nullable String image, @Nullable String before, List<FieldError> errors) {
    if (image == null || image.equals(before) || images.isEmpty()) {
      return;
    }
    if (images.stream().noneMatch(pattern -> pattern.matches(image))) {
      errors.add(
          new FieldError(
              field,
              "'"
                  + image
                  + "' is not among the images that the host application allows: "
                  + String.join(", ", imagePatterns)));
    }
  }

  private boolean isAllowed(String source) {
    if (isVolume(source)) {
      return volumes.contains(source);
    }
    try {
      Path path = Path.of(source);
      return path.isAbsolute()
          && path.equals(path.normalize())
          && isAllowed(path, prefixes)
          && isAllowed(real(path), prefixes.stream().map(SpecPolicy::real).toList());
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static boolean isAllowed(Path path, List<Path> prefixes) {
    return prefixes.contains(path)
        || prefixes.stream()
            .anyMatch(prefix -> path.startsWith(prefix) && !isGuarded(path, prefix));
  }

  /** Returns whether a sensitive path at or below a prefix holds a path, or is held by it. */
  private static boolean isGuarded(Path path, Path prefix) {
    return SENSITIVE.stream()
        .filter(sensitive -> sensitive.startsWith(prefix))
        .anyMatch(sensitive -> path.startsWith(sensitive) || sensitive.startsWith(path));
  }

  /** Follows the links of as much of a path as this machine has. */
  private static Path real(Path path) {
    Path there = path;
    while (there.getParent() != null && !Files.exists(there, LinkOption.NOFOLLOW_LINKS)) {
      there = there.getParent();
    }
    try {
      return there.toRealPath().resolve(there.relativize(path)).normalize();
    } catch (IOException e) {
      return path.getRoot(); // a link that leads nowhere: as good as everything
    }
  }
}
