package dev.autodeploy.internal.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The sockets that get connections to a port of this machine's loopback address, and the processes
 * that hold them, as Linux tells them in {@code /proc}.
 */
final class PortListeners {
  private static final String LISTENING = "0A";
  private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  private static final String LOOPBACK = LITTLE_ENDIAN ? "0100007F" : "7F000001";
  private static final String MAPPED =
      "0".repeat(16) + (LITTLE_ENDIAN ? "FFFF0000" : "0000FFFF") + LOOPBACK;
  private static final String ANY = "0".repeat(8);
  private static final String ANY_6 = "0".repeat(32);

  private final int port;

  /** The link that a descriptor of each socket is, with the user who made the socket. */
  private final Map<String, Long> sockets;

  private PortListeners(int port, Map<String, Long> sockets) {
    this.port = port;
    this.sockets = sockets;
  }

  /**
   * Finds the sockets that serve a port.
   *
   * @throws IOException if the system does not tell
   */
  static PortListeners of(int port) throws IOException {
    Map<String, Map<String, Long>> byAddress = new HashMap<>();
    read(Path.of("/proc/net/tcp"), port, byAddress);
    try {
      read(Path.of("/proc/net/tcp6"), port, byAddress);
    } catch (NoSuchFileException e) {
      // A machine without IPv6 has no such table.
    }
    Map<String, Long> exact = new HashMap<>(byAddress.getOrDefault(LOOPBACK, Map.of()));
    exact.putAll(byAddress.getOrDefault(MAPPED, Map.of()));
    if (!exact.isEmpty()) {
      return new PortListeners(port, exact); // the most specific address gets the connection
    }
    Map<String, Long> any = byAddress.getOrDefault(ANY, Map.of());
    return new PortListeners(port, any.isEmpty() ? byAddress.getOrDefault(ANY_6, Map.of()) : any);
  }

  private static void read(Path table, int port, Map<String, Map<String, Long>> byAddress)
      throws IOException {
    String suffix = String.format(":%04X", port);
    // A line at a time: on a busy machine the table has a line for each of very many connections.
    try (BufferedReader lines = Files.newBufferedReader(table, StandardCharsets.US_ASCII)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.contains(suffix)) {
          continue;
        }
        String[] fields = line.strip().split("\\s+", -1);
        if (fields.length > 9 && fields[1].endsWith(suffix) && fields[3].equals(LISTENING)) {
          byAddress
              .computeIfAbsent(
                  fields[1].substring(0, fields[1].length() - suffix.length()),
                  a -> new HashMap<>())
              .put("socket:[" + fields[9] + "]", Long.valueOf(fields[7]));
        }
      }
    }
  }

  /**
   * Returns the ports on which processes listen, at whatever address.
   *
   * @throws IOException if the system does not tell
   */
  static Set<Integer> heldBy(Set<ProcessId> processes) throws IOException {
    Set<String> held = new HashSet<>();
    processes.forEach(id -> addHeld(id.pid(), held));
    Set<Integer> ports = new TreeSet<>();
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      try (BufferedReader lines =
          Files.newBufferedReader(Path.of(table), StandardCharsets.US_ASCII)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          String[] fields = line.strip().split("\\s+", -1);
          if (fields.length > 9
              && fields[3].equals(LISTENING)
              && held.contains("socket:[" + fields[9] + "]")) {
            ports.add(Integer.parseInt(fields[1].substring(fields[1].indexOf(':') + 1), 16));
          }
        }
      } catch (NoSuchFileException e) { // a machine without IPv6
      }
    }
    return ports;
  }

  boolean isEmpty() {
    return sockets.isEmpty();
  }

  /**
   * Refuses a port that is not served by the given processes alone. A socket counts as theirs if
   * one of them holds it; or, as descriptors of a process that changed its user are hidden from
   * others, if one of them runs as the socket's user and hides its own.
   *
   * @throws IOException if a socket is not theirs, or that cannot be told
   */
  void requireHeldBy(Set<ProcessId> ours) throws IOException {
    Set<String> held = new HashSet<>();
    Set<Long> hiding = new HashSet<>();
    for (ProcessId id : ours) {
      if (!addHeld(id.pid(), held)) {
        Long user = ProcFs.user(id.pid());
        if (user != null) {
          hiding.add(user);
        }
      }
    }
    for (Map.Entry<String, Long> socket : sockets.entrySet()) {
      if (held.contains(socket.getKey())) {
        continue;
      }
      Long holder = holder(socket.getKey());
      if (holder != null || !hiding.contains(socket.getValue())) {
        throw new IOException(
            String.format(
                "port %d is held by %s, which the instance did not start; end that one, or switch"
                    + " checkListener off if the start command means it",
                port, describe(holder, socket.getValue())));
      }
    }
  }

  /** Returns who holds the port as errors name it. */
  String describe() {
    return sockets.entrySet().stream()
        .map(socket -> describe(holder(socket.getKey()), socket.getValue()))
        .findFirst()
        .orElse("another process");
  }

  private static String describe(@Nullable Long holder, long user) {
    Long us = ProcFs.user(ProcessHandle.current().pid());
    String pid = holder == null ? "" : " " + holder;
    if (us != null && us != user) {
      return "another user's process" + pid + " (uid " + user + ")";
    }
    return holder == null ? "a process that cannot be told" : "process" + pid;
  }

  private static @Nullable Long holder(String socket) {
    for (ProcFs.Stat stat : ProcFs.living()) {
      Set<String> held = new HashSet<>();
      if (addHeld(stat.pid(), held) && held.contains(socket)) {
        return stat.pid();
      }
    }
    return null;
  }

  /** Adds the sockets of a process; returns whether it shows them. */
  private static boolean addHeld(long pid, Set<String> held) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> listed =
        Files.newDirectoryStream(Path.of("/proc", String.valueOf(pid), "fd"))) {
      listed.forEach(files::add);
    } catch (AccessDeniedException e) {
      return false;
    } catch (IOException | DirectoryIteratorException e) {
      return true; // it has ended
    }
    for (Path file : files) {
      String target = target(file);
      if (target != null && target.startsWith("socket:")) {
        held.add(target);
      }
    }
    return true;
  }

  private static @Nullable String target(Path file) {
    try {
      return Files.readSymbolicLink(file).toString();
    } catch (IOException e) {
      return null; // closed meanwhile
    }
  }
}
