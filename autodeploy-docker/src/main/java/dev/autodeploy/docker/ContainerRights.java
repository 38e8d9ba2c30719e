package dev.autodeploy.docker;

import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The rights of containers: Docker's default capabilities without those that no service for models
 * needs, plus those that were added.
 *
 * @param capabilities the capabilities that containers have beyond the default
 * @param newPrivileges whether a program may get more rights than its caller, as {@code sudo} does
 * @param readOnlyRoot whether the image's files cannot be changed
 */
record ContainerRights(Set<Capability> capabilities, boolean newPrivileges, boolean readOnlyRoot) {

  /**
   * The capabilities of Docker's default that containers do not get. The others stay: services that
   * begin as root and go on as somebody else change owners, groups and users at their start.
   */
  private static final Set<Capability> DROPPED =
      EnumSet.of(
          Capability.AUDIT_WRITE,
          Capability.MKNOD,
          Capability.NET_RAW,
          Capability.SETFCAP,
          Capability.SETPCAP,
          Capability.SYS_CHROOT);

  /**
   * The directories that stay writable where the image's files do not. Docker gives them the owner,
   * the mode and the content that they have in the image.
   */
  private static final Map<String, String> WRITABLE =
      Map.of("/tmp", "rw,exec,nosuid,nodev", "/run", "rw,exec,nosuid,nodev");

  static final ContainerRights DEFAULT = new ContainerRights(Set.of(), false, false);

  ContainerRights {
    capabilities = Set.copyOf(capabilities);
  }

  /** Reads a capability's name, with or without {@code CAP_}. */
  static Capability capability(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    try {
      return Capability.valueOf(upper.startsWith("CAP_") ? upper.substring(4) : upper);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "'" + name + "' is not a capability; names look like SYS_PTRACE", e);
    }
  }

  void applyTo(HostConfig host) {
    host.withCapDrop(without(DROPPED, capabilities)).withCapAdd(without(capabilities, DROPPED));
    if (!newPrivileges) {
      host.withSecurityOpts(List.of("no-new-privileges"));
    }
    if (readOnlyRoot) {
      host.withReadonlyRootfs(true).withTmpFs(WRITABLE);
    }
  }

  private static Capability[] without(Set<Capability> all, Set<Capability> others) {
    List<Capability> rest = new ArrayList<>(all);
    rest.removeAll(others);
    return rest.stream().sorted().toArray(Capability[]::new);
  }
}
