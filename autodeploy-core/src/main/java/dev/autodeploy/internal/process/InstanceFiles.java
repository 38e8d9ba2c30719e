package dev.autodeploy.internal.process;

import dev.autodeploy.internal.files.PrivateDirectory;
import dev.autodeploy.internal.files.RegularFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The directory of one instance, which its host and its watcher share. */
final class InstanceFiles {
  private static final Logger LOG = LoggerFactory.getLogger(InstanceFiles.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int TOKEN_BYTES = 16;

  /** The longest that a file of one line is: the instance could make it longer. */
  private static final int MAX_LINE_BYTES = 4096;

  private static final String RECORD = "instance.json";
  private static final String LEASE = "lease";
  private static final String EXIT = "exit";
  private static final String TOKEN = "token";
  private static final String RELEASING = "releasing";
  private static final String ENDING = "ending";
  private static final String COMMAND = "command";
  private static final String GUARD = "guard";

  /** All files that are ever made in the directory, by the host or the watcher. */
  private static final Set<String> OURS =
      Set.of(
          RECORD,
          RECORD + ".tmp", // of an earlier build that was killed there
          LEASE,
          LEASE + ".tmp",
          EXIT,
          TOKEN,
          RELEASING,
          ENDING,
          COMMAND,
          GUARD,
          "copier",
          "output",
          LogFile.NAME,
          LogFile.PREVIOUS);

  private final PrivateDirectory owner;
  private final String id;
  private final Path path;
  private final LogFile logFile;
  private volatile @Nullable String token;

  InstanceFiles(PrivateDirectory owner, String id) {
    this.owner = owner;
    this.id = id;
    path = owner.resolve(id);
    logFile = new LogFile(path);
  }

  /**
   * The end of an instance, as its watcher wrote it down.
   *
   * @param code its exit code, or null if the watcher does not know it
   * @param at when it ended
   */
  record Exit(@Nullable Integer code, Instant at) {}

  /** Returns whether the name is one of a file of ours. */
  static boolean isOurs(String name) {
    String replaced = PrivateDirectory.replaced(name);
    return OURS.contains(replaced == null ? name : replaced);
  }

  /** Returns whether the time of a file is the end of an instance. */
  static boolean isExit(String name) {
    return name.equals(EXIT);
  }

  /** Makes the directory, with a token and an empty log. */
  void create() throws IOException {
    PrivateDirectory directory = owner.child(id, RegistryDirectory.INSTANCE, earlier -> false);
    byte[] random = new byte[TOKEN_BYTES];
    RANDOM.nextBytes(random);
    String made = HexFormat.of().formatHex(random);
    directory.create(TOKEN);
    Files.writeString(directory.resolve(TOKEN), made + "\n");
    directory.create(LogFile.NAME);
    token = made;
  }

  /**
   * Opens the directory if it is ours: it carries the marker, is empty, or has nothing but what a
   * build without markers wrote.
   */
  boolean open() {
    try {
      owner.child(id, RegistryDirectory.INSTANCE, RegistryDirectory::isEarlierInstance);
      return true;
    } catch (IOException e) {
      LOG.warn("{} is left alone: {}", path, e.getMessage());
      return false;
    }
  }

  Path directory() {
    return path;
  }

  LogFile log() {
    return logFile;
  }

  /**
   * Returns a secret that only this instance's processes have in their environment, or null if
   * there is none.
   */
  @Nullable String token() {
    String known = token;
    if (known == null) {
      try {
        String read = line(TOKEN);
        known = read.matches("[0-9a-f]{" + 2 * TOKEN_BYTES + "}") ? read : null;
        token = known;
      } catch (IOException e) {
        return null;
      }
    }
    return known;
  }

  boolean hasRecord() {
    return Files.isRegularFile(path.resolve(RECORD), LinkOption.NOFOLLOW_LINKS);
  }

  void writeRecord(InstanceRecord record) throws IOException {
    directoryOfOurs().replace(RECORD, record.toJson());
  }

  InstanceRecord readRecord() throws IOException {
    return InstanceRecord.parse(directoryOfOurs().read(RECORD));
  }

  /** Writes the host for which the instance lives, and how long it may live on without it. */
  void writeKeepAlive(ProcessId host, Duration without) throws IOException {
    writeKeepAlive(host.pid() + " " + host.start(), without);
  }

  /** Writes that the instance may live without a host for some time. */
  void writeKeepAliveWithoutHost(Duration without) throws IOException {
    writeKeepAlive("0 " + ProcessId.UNKNOWN, without);
  }

  private void writeKeepAlive(String host, Duration without) throws IOException {
    String line = host + " " + Math.max(1, without.toSeconds()) + "\n";
    directoryOfOurs().replace(LEASE, line.getBytes(StandardCharsets.US_ASCII));
  }

  /** Returns whether the watcher has begun to end an instance without a host. */
  boolean isEnding() {
    return Files.exists(path.resolve(ENDING));
  }

  /** Lets the watcher know that it need not ask the processes to end. */
  void markReleasing() {
    make(RELEASING, "");
  }

  /** Returns the process that the command became, or null if it has not begun or is gone. */
  @Nullable ProcessId command() {
    return process(COMMAND);
  }

  /** Returns the process beside the watcher, or null if it has not begun or is gone. */
  @Nullable ProcessId guard() {
    return process(GUARD);
  }

  /** Returns whether the watcher got as far as running the command. */
  boolean hasRun() {
    return Files.exists(path.resolve(GUARD));
  }

  /** Returns how the instance ended, or null if nothing is written down about that. */
  @Nullable Exit exit() {
    try {
      String code = line(EXIT);
      if (code.isEmpty()) {
        return null; // just being written
      }
      Instant at =
          Files.getLastModifiedTime(path.resolve(EXIT), LinkOption.NOFOLLOW_LINKS).toInstant();
      return new Exit(code.matches("[0-9]{1,3}") ? Integer.valueOf(code) : null, at);
    } catch (IOException e) {
      return null;
    }
  }

  /** Writes down that the instance ended just now, unless something is written down already. */
  void recordEnd() {
    if (exit() == null) {
      make(EXIT, "-\n");
    }
  }

  /**
   * Deletes everything, the record last: as long as it is there the instance is found again. What
   * is not ours stays.
   */
  void delete() throws IOException {
    PrivateDirectory directory = owner.find(id, RegistryDirectory.INSTANCE);
    if (directory != null && !directory.delete(InstanceFiles::isOurs, List.of(RECORD))) {
      LOG.warn("There are files in {} that AutoDeploy has not made; they are left there", path);
    }
  }

  /**
   * Makes a small file if it can be made. It cannot if it is there, or if the instance has put
   * something else in the directory's place; that must not keep anybody from ending it.
   */
  private void make(String name, String content) {
    try {
      Files.writeString(
          path.resolve(name), content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      LOG.debug("{} is not written: {}", name, e.toString());
    }
  }

  private String line(String name) throws IOException {
    byte[] read = RegularFile.head(path.resolve(name), MAX_LINE_BYTES);
    return new String(read, StandardCharsets.ISO_8859_1).strip();
  }

  private PrivateDirectory directoryOfOurs() throws IOException {
    PrivateDirectory directory = owner.find(id, RegistryDirectory.INSTANCE);
    if (directory == null) {
      throw new NoSuchFileException(path.toString(), null, "it was cleared away");
    }
    return directory;
  }

  private @Nullable ProcessId process(String file) {
    try {
      String line = line(file);
      int space = line.indexOf(' ');
      long pid = Long.parseLong(space < 0 ? line : line.substring(0, space));
      ProcessId now = ProcessId.of(pid);
      ProcFs.Stat then = space < 0 ? null : ProcFs.Stat.parse(line.substring(space + 1));
      if (now == null || !ProcFs.isAvailable()) {
        return now;
      }
      return then != null && now.start().equals(then.start()) ? now : null;
    } catch (IOException | NumberFormatException e) {
      return null;
    }
  }
}
