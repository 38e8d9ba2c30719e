package dev.autodeploy.internal.process;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds out which process listens on a port, where Linux tells. */
final class Listeners {
  private static final String LISTENING = "0A";

  private Listeners() {}

  /**
   * Returns a process that listens on a port, unless one of the given ones does.
   *
   * @return its id, or null if one of them does, or if that cannot be told: the listener belongs to
   *     another user or network, or this is not Linux
   */
  static @Nullable Long other(int port, Set<ProcessId> ours) {
    if (!ProcFs.AVAILABLE) {
      return null;
    }
    Set<String> sockets = sockets(port);
    if (sockets.isEmpty() || ours.stream().anyMatch(id -> holds(id.pid(), sockets))) {
      return null;
    }
    return ProcFs.living().stream()
        .map(ProcFs.Stat::pid)
        .filter(pid -> holds(pid, sockets))
        .findFirst()
        .orElse(null);
  }

  private static Set<String> sockets(int port) {
    Set<String> sockets = new HashSet<>();
    String suffix = String.format(":%04X", port);
    for (String table : List.of("tcp", "tcp6")) {
      try {
        for (String line : Files.readAllLines(Path.of("/proc/net", table))) {
          String[] fields = line.strip().split("\\s+", -1);
          if (fields.length > 9 && fields[1].endsWith(suffix) && fields[3].equals(LISTENING)) {
            sockets.add("socket:[" + fields[9] + "]");
          }
        }
      } catch (IOException e) {
        // Without IPv6 there is no such table.
      }
    }
    return sockets;
  }

  private static boolean holds(long pid, Set<String> sockets) {
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(Path.of("/proc", String.valueOf(pid), "fd"))) {
      for (Path file : files) {
        if (isOneOf(file, sockets)) {
          return true;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      return false; // it has ended, or belongs to another user
    }
    return false;
  }

  private static boolean isOneOf(Path file, Set<String> sockets) {
    try {
      return sockets.contains(Files.readSymbolicLink(file).toString());
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }
}
