package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.files.PrivateDirectory;
import dev.autodeploy.internal.files.TemporaryDirectory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The directory of answers that are kept, made when the first one is; for its owner alone. */
final class SpoolDirectory {
  private static final String PREFIX = "autodeploy-answer-";

  private static final String PURPOSE = "answers of tickets";

  private final @Nullable PrivateDirectory configured;
  private final long max;
  private final AtomicLong used = new AtomicLong();
  private @Nullable Path made;
  private @Nullable TemporaryDirectory temporary;

  /**
   * Creates one.
   *
   * @param configured the directory, or null for one of the system's temporary ones
   * @param max how many bytes all files may have together
   * @throws IllegalArgumentException if somebody else could read or replace what is in it
   */
  SpoolDirectory(@Nullable Path configured, long max) {
    this.configured = configured == null ? null : open(configured);
    this.max = max;
  }

  private static PrivateDirectory open(Path configured) {
    try {
      return PrivateDirectory.open(configured, PURPOSE, SpoolDirectory::holdsOnlyAnswers);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "asyncAnswers needs another directory: " + e.getMessage(), e);
    }
  }

  private static boolean isAnswer(String name) {
    return name.startsWith(PREFIX);
  }

  private static boolean holdsOnlyAnswers(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.allMatch(file -> isAnswer(String.valueOf(file.getFileName())));
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns whether so little room is left that old answers have to go. */
  boolean isCrowded() {
    return used.get() > max / 2;
  }

  /** Takes room for some bytes. */
  void take(long bytes) throws IOException {
    if (used.addAndGet(bytes) > max) {
      used.addAndGet(-bytes);
      throw new IOException("all answers that are kept have " + max + " bytes, the maximum");
    }
  }

  void giveBack(long bytes) {
    used.addAndGet(-bytes);
  }

  synchronized Path newFile() throws IOException {
    Path directory = made;
    if (directory == null) {
      PrivateDirectory wanted = configured;
      if (wanted == null) {
        TemporaryDirectory own =
            TemporaryDirectory.make("autodeploy-tickets", PURPOSE, SpoolDirectory::isAnswer);
        temporary = own;
        directory = own.path();
      } else {
        directory = wanted.path();
        deleteFiles(directory); // of a process that has ended; its tickets are gone
      }
      made = directory;
    }
    return Files.createTempFile(
        directory,
        PREFIX,
        null,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  private static void deleteFiles(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*")) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Deletes the files, and the directory if it was a temporary one. */
  synchronized void close() throws IOException {
    TemporaryDirectory own = temporary;
    if (own != null) {
      own.close();
    } else if (made != null) {
      deleteFiles(made);
    }
  }
}
