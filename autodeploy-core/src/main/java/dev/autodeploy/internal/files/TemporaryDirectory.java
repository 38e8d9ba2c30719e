package dev.autodeploy.internal.files;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A temporary directory of this process, for this user alone. It is marked, and locked as long as
 * it is used; so the next process of the user that makes one deletes what killed ones have left.
 * Thread-safe.
 */
public final class TemporaryDirectory implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(TemporaryDirectory.class);
  private static final String LOCK = "lock";

  /** As many as are looked at, in a temporary directory that nobody tidies up. */
  private static final int MOST = 1000;

  private static final int TRIES = 3;

  private final Path path;
  private final @Nullable PrivateDirectory marked;
  private final @Nullable LockFile lock;
  private final Predicate<String> ours;

  private TemporaryDirectory(
      Path path,
      @Nullable PrivateDirectory marked,
      @Nullable LockFile lock,
      Predicate<String> ours) {
    this.path = path;
    this.marked = marked;
    this.lock = lock;
    this.ours = ours;
  }

  /**
   * Makes a directory in the one that {@code java.io.tmpdir} names, and deletes those that killed
   * processes have left there. Where others could put something into its place, it is neither
   * marked nor are others looked at: there a directory stays if its process is killed.
   *
   * @param prefix the beginning of its name
   * @param purpose the purpose that its marker names
   * @param ours tells the names of the files that are put into it
   * @return the directory
   * @throws IOException if it cannot be made
   */
  public static TemporaryDirectory make(String prefix, String purpose, Predicate<String> ours)
      throws IOException {
    return make(Path.of(System.getProperty("java.io.tmpdir")), prefix, purpose, ours);
  }

  static TemporaryDirectory make(Path parent, String prefix, String purpose, Predicate<String> ours)
      throws IOException {
    for (int attempt = 1; ; attempt++) {
      Path made = Files.createTempDirectory(parent, prefix); // with rwx------
      try {
        PrivateDirectory marked = PrivateDirectory.open(made, purpose, directory -> false);
        LockFile lock = LockFile.acquire(marked.resolve(LOCK));
        if (!Files.exists(marked.resolve(LOCK))) { // of a directory that was deleted meanwhile
          lock.close();
          throw new NoSuchFileException(made.toString());
        }
        deleteLeft(parent, prefix, purpose, ours);
        return new TemporaryDirectory(made, marked, lock, ours);
      } catch (UnsafePathException e) {
        LOG.debug("{} will stay if this process is killed: {}", made, e.getMessage());
        return new TemporaryDirectory(made, null, null, ours);
      } catch (LockFile.HeldException | NoSuchFileException | FileNotFoundException e) {
        // Another process has taken it for one that is left, before it was locked.
        if (attempt == TRIES) {
          throw e;
        }
      }
    }
  }

  private static void deleteLeft(
      Path parent, String prefix, String purpose, Predicate<String> ours) {
    int seen = 0;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(parent, prefix + "*")) {
      for (Path each : all) {
        if (seen++ >= MOST) {
          return;
        }
        if (isOfThisUserAlone(each)) {
          deleteIfLeft(each, purpose, ours);
        }
      }
    } catch (IOException e) {
      LOG.debug("What killed processes left in {} stays there: {}", parent, e.toString());
    }
  }

  private static boolean isOfThisUserAlone(Path path) throws IOException {
    if (!FileFacts.available(path)) {
      return true; // the system's own temporary directory of this user
    }
    FileFacts facts = FileFacts.of(path);
    return facts != null
        && facts.kind() == FileFacts.Kind.DIRECTORY
        && facts.uid() == LocalUser.current().uid()
        && (facts.mode() & 0077) == 0;
  }

  private static void deleteIfLeft(Path path, String purpose, Predicate<String> ours) {
    PrivateDirectory left = PrivateDirectory.find(path, purpose);
    if (left == null || !Files.isRegularFile(left.resolve(LOCK), LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try {
      LockFile lock = LockFile.acquire(left.resolve(LOCK));
      try (lock) {
        left.delete(ours, List.of(LOCK));
      }
    } catch (IOException e) {
      LOG.debug("{} is left alone: {}", path, e.toString()); // such as one that is in use
    }
  }

  /**
   * Returns where the directory is.
   *
   * @return its path
   */
  public Path path() {
    return path;
  }

  /**
   * Deletes the directory with the files that were put into it; what is none of them stays.
   *
   * @throws IOException if something cannot be deleted
   */
  @Override
  public void close() throws IOException {
    if (marked == null || lock == null) {
      deletePlain();
      return;
    }
    try (lock) {
      marked.delete(ours, List.of(LOCK));
    }
  }

  private void deletePlain() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
      for (Path file : files) {
        if (ours.test(String.valueOf(file.getFileName()))) {
          Files.deleteIfExists(file);
        }
      }
    }
    Files.deleteIfExists(path);
  }
}
