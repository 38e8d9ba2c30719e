package dev.autodeploy.internal.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The directory of one instance, which its host and its watcher share. */
final class InstanceFiles {
  private static final String RECORD = "instance.json";
  private static final String EXIT = "exit";

  private final Path directory;
  private final LogFile log;

  InstanceFiles(Path directory) {
    this.directory = directory;
    log = new LogFile(directory);
  }

  /**
   * How an instance ended, as its watcher wrote it down.
   *
   * @param code its exit code, or null if the watcher does not know it
   * @param at when it ended
   */
  record Exit(@Nullable Integer code, Instant at) {}

  /** Whether a file tells by its time when an instance ended. */
  static boolean isExit(Path file) {
    return file.endsWith(EXIT);
  }

  Path directory() {
    return directory;
  }

  LogFile log() {
    return log;
  }

  /** A text that only this instance's processes have in their environment. */
  String token() {
    try {
      byte[] name = directory.toString().getBytes(StandardCharsets.UTF_8);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(name);
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  boolean hasRecord() {
    return Files.exists(directory.resolve(RECORD));
  }

  void writeRecord(InstanceRecord record) throws IOException {
    AtomicFiles.replace(directory.resolve(RECORD), record.toJson());
  }

  InstanceRecord readRecord() throws IOException {
    return InstanceRecord.parse(Files.readAllBytes(directory.resolve(RECORD)));
  }

  /** Tells the watcher for whom the instance lives, and how long it may live on without them. */
  void writeLease(ProcessId host, Duration without) throws IOException {
    writeLease(host.pid() + " " + host.start(), without);
  }

  /** Tells the watcher that the instance may live without a host for some time. */
  void writeLeaseWithoutHost(Duration without) throws IOException {
    writeLease("0 " + ProcessId.UNKNOWN, without);
  }

  private void writeLease(String host, Duration without) throws IOException {
    String lease = host + " " + Math.max(1, without.toSeconds()) + "\n";
    AtomicFiles.replace(directory.resolve("lease"), lease.getBytes(StandardCharsets.US_ASCII));
  }

  /** Whether the watcher has begun to end an instance without a host. */
  boolean isEnding() {
    return Files.exists(directory.resolve("ending"));
  }

  /** Tells the watcher that it need not ask the processes to end. */
  void markReleasing() throws IOException {
    Files.write(directory.resolve("releasing"), new byte[0]);
  }

  /** The process that the command became, or null if it has not begun or is gone. */
  @Nullable ProcessId command() {
    return process("command");
  }

  /** The process beside the watcher, or null if it has not begun or is gone. */
  @Nullable ProcessId guard() {
    return process("guard");
  }

  /** Whether the watcher got as far as running the command. */
  boolean hasRun() {
    return Files.exists(directory.resolve("guard"));
  }

  /** How the instance ended, or null if nothing is written down about that. */
  @Nullable Exit exit() {
    try {
      Path file = directory.resolve(EXIT);
      String code = Files.readString(file).strip();
      if (code.isEmpty()) {
        return null; // just being written
      }
      Instant at = Files.getLastModifiedTime(file).toInstant();
      return new Exit(code.matches("[0-9]{1,3}") ? Integer.valueOf(code) : null, at);
    } catch (IOException e) {
      return null;
    }
  }

  /** Writes down that the instance ended just now, unless something is written down already. */
  void recordEnd() throws IOException {
    if (exit() == null) {
      Files.writeString(directory.resolve(EXIT), "-\n");
    }
  }

  /** Deletes everything, the record last: as long as it is there the instance is found again. */
  void delete() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        if (!file.endsWith(RECORD)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (NoSuchFileException e) {
      return;
    }
    Files.deleteIfExists(directory.resolve(RECORD));
    Files.deleteIfExists(directory);
  }

  private @Nullable ProcessId process(String file) {
    try {
      String line = Files.readString(directory.resolve(file), StandardCharsets.ISO_8859_1).strip();
      int space = line.indexOf(' ');
      long pid = Long.parseLong(space < 0 ? line : line.substring(0, space));
      ProcessId now = ProcessId.of(pid);
      ProcFs.Stat then = space < 0 ? null : ProcFs.Stat.parse(line.substring(space + 1));
      if (now == null || !ProcFs.AVAILABLE) {
        return now;
      }
      return then != null && now.start().equals(then.start()) ? now : null;
    } catch (IOException | NumberFormatException e) {
      return null;
    }
  }
}
