package dev.autodeploy.internal.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what Linux tells about processes in {@code /proc}. */
final class ProcFs {
  private static final Path ROOT = Path.of("/proc");

  /**
   * The bytes that are read of a file: more than a process can be started with, 6 MiB. Any process
   * can point its command line and environment at gigabytes of its own.
   */
  private static final int MAX_BYTES = 8 << 20;

  private static volatile boolean available =
      System.getProperty("os.name", "").startsWith("Linux")
          && Files.isReadable(ROOT.resolve("self/stat"));

  /** The id of this run of the machine, or an empty text. */
  static final String BOOT_ID = bootId();

  private ProcFs() {}

  /** Returns whether there is such a thing here; other systems have another one, or none. */
  static boolean isAvailable() {
    return available;
  }

  /** For tests: from now on this JVM finds none, as on macOS. */
  static void hide() {
    available = false;
  }

  /**
   * One process.
   *
   * @param pid its id
   * @param dead whether it has ended and only waits to be reaped
   * @param parent its parent's id
   * @param session the id of its session's leader
   * @param start when it began, in clock ticks since the machine did
   */
  record Stat(long pid, boolean dead, long parent, long session, String start) {

    /** Parses a line of {@code /proc/PID/stat}; null if it is none. */
    static @Nullable Stat parse(String line) {
      // The second field is the name in brackets, which may itself contain blanks and brackets.
      int space = line.indexOf(' ');
      int bracket = line.lastIndexOf(')');
      if (space < 0 || bracket < space) {
        return null;
      }
      String[] fields = line.substring(bracket + 1).strip().split(" ", -1);
      if (fields.length < 20) {
        return null;
      }
      try {
        return new Stat(
            Long.parseLong(line.substring(0, space)),
            fields[0].equals("Z") || fields[0].equals("X"),
            Long.parseLong(fields[1]),
            Long.parseLong(fields[3]),
            fields[19]);
      } catch (NumberFormatException e) {
        return null;
      }
    }
  }

  /** Returns a process, or null if there is none with this id. */
  static @Nullable Stat stat(long pid) {
    String line = read(ROOT.resolve(pid + "/stat"));
    return line == null ? null : Stat.parse(line);
  }

  /** Returns all processes that have not ended. */
  static List<Stat> living() {
    List<Stat> all = new ArrayList<>();
    try (DirectoryStream<Path> pids = Files.newDirectoryStream(ROOT, "[0-9]*")) {
      for (Path pid : pids) {
        String line = read(pid.resolve("stat"));
        Stat stat = line == null ? null : Stat.parse(line);
        if (stat != null && !stat.dead()) {
          all.add(stat);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new IllegalStateException("the processes in " + ROOT + " could not be listed", e);
    }
    return all;
  }

  /** Returns whether a text is in the environment with which a process was started. */
  static boolean inEnvironment(long pid, String text) {
    String environment = read(ROOT.resolve(pid + "/environ"));
    return environment != null && environment.contains(text);
  }

  /** Returns the effective user of a process, or null if it is gone or hidden. */
  static @Nullable Long user(long pid) {
    String status = read(ROOT.resolve(pid + "/status"));
    if (status == null) {
      return null;
    }
    for (String line : status.split("\n", -1)) {
      if (line.startsWith("Uid:")) {
        return Long.valueOf(line.split("\\s+", -1)[2]);
      }
    }
    return null;
  }

  private static String bootId() {
    String id = read(ROOT.resolve("sys/kernel/random/boot_id"));
    return id == null ? "" : id.strip();
  }

  /**
   * Returns what a file holds, of an endless one the beginning. A process that ends meanwhile, or
   * belongs to somebody else, reads as null.
   */
  static @Nullable String read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MAX_BYTES), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return null;
    }
  }
}
