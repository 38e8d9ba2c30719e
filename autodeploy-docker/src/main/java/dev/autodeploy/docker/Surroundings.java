package dev.autodeploy.docker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The surroundings of this process, as far as it can see them itself.
 *
 * @param machine the machine; in a container its name is the container's
 * @param contained whether it is in a container of whatever kind
 * @param traces whether something says that it is, or its machine was, in a container of Docker's
 * @param containerId the id of that container, if it is Docker's or Podman's; else null
 * @param addresses its addresses, without the loopback's
 */
record Surroundings(
    Machine machine,
    boolean contained,
    boolean traces,
    @Nullable String containerId,
    List<InetAddress> addresses) {
  private static final Logger LOG = LoggerFactory.getLogger(Surroundings.class);

  /** The files that Docker and Podman mount into each container from its directory on the host. */
  private static final Pattern MOUNTED =
      Pattern.compile(
          "/([0-9a-f]{64})/(?:userdata/)?(?:hostname|hosts|resolv\\.conf) /etc/"
              + "(?:hostname|hosts|resolv\\.conf) ");

  /** Looks around. */
  static Surroundings ofProcess() {
    String id = containerId(read(Path.of("/proc/self/mountinfo")));
    // A virtual machine that was made of an image keeps this; runtimes that show nothing else do.
    boolean traces = Files.exists(Path.of("/.dockerenv"));
    boolean contained =
        id != null
            || Files.exists(Path.of("/run/.containerenv"))
            || System.getenv("KUBERNETES_SERVICE_HOST") != null;
    return new Surroundings(Machine.ofProcess(), contained, traces, id, ownAddresses());
  }

  /** Returns whether this is not the daemon's machine. */
  boolean isApartFrom(Machine daemons) {
    return machine.differsFrom(daemons, !contained);
  }

  /** Reads a container's id from the kernel's list of mounts; null if it shows none. */
  static @Nullable String containerId(String mounts) {
    Matcher mounted = MOUNTED.matcher(mounts);
    return mounted.find() ? mounted.group(1) : null;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return ""; // not Linux
    }
  }

  private static List<InetAddress> ownAddresses() {
    List<InetAddress> own = new ArrayList<>();
    try {
      for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        own.addAll(Collections.list(each.getInetAddresses()));
      }
    } catch (SocketException e) {
      LOG.debug("Looking for this machine's addresses: {}", e.toString());
    }
    own.removeIf(InetAddress::isLoopbackAddress);
    return own;
  }
}
