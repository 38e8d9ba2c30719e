package dev.autodeploy.docker;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The ports on which something listens within a container, as its kernel lists them.
 *
 * @param everywhere the ports that can be reached from outside
 * @param loopback the ports that only the container itself reaches
 */
record ContainerPorts(Set<Integer> everywhere, Set<Integer> loopback) {
  static final List<String> COMMAND = List.of("cat", "/proc/net/tcp", "/proc/net/tcp6");

  /** A socket that listens: its number, its address, no peer, and the state 0A. */
  private static final Pattern LISTENER =
      Pattern.compile("^\\s*\\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:0000 0A .*");

  private static final Set<String> LOOPBACKS =
      Set.of("0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F");

  /** The address of Docker's own name server within a container. */
  private static final String DOCKER_DNS = "0B00007F";

  /** Reads the kernel's tables. */
  static ContainerPorts parse(List<String> lines) {
    Set<Integer> everywhere = new TreeSet<>();
    Set<Integer> loopback = new TreeSet<>();
    for (String line : lines) {
      Matcher listener = LISTENER.matcher(line);
      if (listener.matches() && !listener.group(1).equals(DOCKER_DNS)) {
        int port = Integer.parseInt(listener.group(2), 16);
        (LOOPBACKS.contains(listener.group(1)) ? loopback : everywhere).add(port);
      }
    }
    return new ContainerPorts(everywhere, loopback);
  }

  /** Returns what to change so that a port can be reached; an empty text if it can be. */
  String advice(int port) {
    if (everywhere.contains(port)) {
      return "";
    }
    if (loopback.contains(port)) {
      return "the service listens on 127.0.0.1:"
          + port
          + " inside its container, where nothing reaches it: have it listen on 0.0.0.0";
    }
    if (!everywhere.isEmpty()) {
      return "the service listens on port "
          + everywhere.stream().map(String::valueOf).collect(Collectors.joining(", "))
          + ", not on "
          + port
          + ": change the deployment's port, or the service's";
    }
    if (!loopback.isEmpty()) {
      return "the service listens on 127.0.0.1:"
          + loopback.stream().map(String::valueOf).collect(Collectors.joining(", "))
          + " inside its container, where nothing reaches it: have it listen on 0.0.0.0:"
          + port;
    }
    return "nothing listens on port " + port + " inside the container";
  }
}
