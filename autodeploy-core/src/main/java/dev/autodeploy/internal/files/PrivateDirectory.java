package dev.autodeploy.internal.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory of ours: one that carries our marker and that no other user can change. Everything in
 * it is made for this user only, links in it are never followed, and only files that are named are
 * ever deleted. Thread-safe.
 */
public final class PrivateDirectory {
  /** The name of the file that tells our directories from others. */
  public static final String MARKER = ".autodeploy";

  private static final String EXPLANATION =
      "\nAutoDeploy has made this file and deletes its own files beside it.\n";
  private static final int MAX_FILE_BYTES = 1 << 20;
  private static final String UUID_TEXT = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
  private static final Pattern UNFINISHED = Pattern.compile("(.+)\\." + UUID_TEXT + "\\.tmp");
  private static final Pattern UNFINISHED_MARKER =
      Pattern.compile(Pattern.quote(MARKER) + "\\." + UUID_TEXT);

  /** Much longer than a replacement takes: what is older is of a process that was killed. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private final Path path;

  private PrivateDirectory(Path path) {
    this.path = path;
  }

  /**
   * Opens a directory, or makes it. One that exists has to be empty or to carry the marker.
   *
   * @param directory the directory
   * @param purpose the purpose that its marker names
   * @param earlier tells directories that an earlier version has made without a marker
   * @return the directory
   * @throws UnsafePathException if it is not ours, a link, or others could change it
   * @throws IOException if it cannot be made or read
   */
  public static PrivateDirectory open(Path directory, String purpose, Predicate<Path> earlier)
      throws IOException {
    Path real = TrustedPath.createDirectory(directory, TrustedPath.LastLink.REFUSED);
    PrivateDirectory opened = new PrivateDirectory(real);
    if (opened.isMarked(purpose)) {
      return opened;
    }
    boolean usable = opened.list().isEmpty() || earlier.test(real);
    if (opened.isMarked(purpose)) {
      return opened; // another process has made it just now
    }
    if (Files.exists(real.resolve(MARKER), LinkOption.NOFOLLOW_LINKS)) {
      throw new UnsafePathException(
          real + " belongs to another part of AutoDeploy: give a directory for this alone");
    }
    if (!usable) {
      throw new UnsafePathException(
          real
              + " is not empty and was not made by AutoDeploy, which deletes old files of its own"
              + " there: give an empty directory or one that does not exist, such as "
              + real.resolve("instances"));
    }
    opened.mark(purpose);
    return opened;
  }

  /**
   * Opens a directory in this one, or makes it.
   *
   * @param name its name
   * @param purpose the purpose that its marker names
   * @param earlier tells directories that an earlier version has made without a marker
   * @return the directory
   * @throws IOException if it is not ours or cannot be made
   */
  public PrivateDirectory child(String name, String purpose, Predicate<Path> earlier)
      throws IOException {
    return open(path.resolve(name), purpose, earlier);
  }

  /**
   * Returns a directory in this one if it is there and carries the marker.
   *
   * @param name its name
   * @param purpose the purpose that its marker names
   * @return the directory, or null
   */
  public @Nullable PrivateDirectory find(String name, String purpose) {
    return find(path.resolve(name), purpose);
  }

  /** Returns a directory if it is there and carries the marker. */
  static @Nullable PrivateDirectory find(Path directory, String purpose) {
    PrivateDirectory found = new PrivateDirectory(directory);
    return Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS) && found.isMarked(purpose)
        ? found
        : null;
  }

  /**
   * Returns a path in this directory. What is done with it follows no links as long as the name is
   * one that only this user writes.
   *
   * @param name the name of a file
   * @return its path
   */
  public Path resolve(String name) {
    return path.resolve(name);
  }

  /**
   * Returns where this directory is.
   *
   * @return its real path
   */
  public Path path() {
    return path;
  }

  /**
   * Returns the names of what is in this directory.
   *
   * @return the names, without the marker
   * @throws IOException if it cannot be read
   */
  public List<String> list() throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> !name.startsWith(MARKER))
          .toList();
    }
  }

  /**
   * Makes an empty file.
   *
   * @param name its name
   * @throws FileAlreadyExistsException if there is something of that name
   * @throws IOException if it cannot be made
   */
  public void create(String name) throws IOException {
    if (FileFacts.available(path)) {
      Files.createFile(path.resolve(name), TrustedPath.ownerOnly("rw-------"));
    } else {
      Files.createFile(path.resolve(name));
    }
  }

  /**
   * Returns the content of a file.
   *
   * @param name its name
   * @return at most a megabyte of it
   * @throws IOException if it is missing or no regular file, or cannot be read
   */
  public byte[] read(String name) throws IOException {
    return read(name, MAX_FILE_BYTES);
  }

  /**
   * Returns the beginning of a file.
   *
   * @param name its name
   * @param max the bytes that are read at most
   * @return what was read
   * @throws IOException if it is missing or no regular file, or cannot be read
   */
  public byte[] read(String name, int max) throws IOException {
    return RegularFile.head(path.resolve(name), max);
  }

  /**
   * Replaces a file, so that a reader sees the old content or the new one, and nothing in between.
   * Several processes may do so at once: the last one's content stays.
   *
   * @param name its name
   * @param content the new content, which is on the disk when this returns
   * @throws IOException if it cannot be written
   */
  public void replace(String name, byte[] content) throws IOException {
    String unfinished = name + "." + UUID.randomUUID() + ".tmp";
    Path next = path.resolve(unfinished);
    create(unfinished);
    OpenOption[] options = {StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS};
    try {
      try (FileChannel channel = FileChannel.open(next, options)) {
        ByteBuffer buffer = ByteBuffer.wrap(content);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      Files.move(
          next,
          path.resolve(name),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      try {
        Files.deleteIfExists(next);
      } catch (IOException f) {
        e.addSuppressed(f);
      }
      throw e;
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
    try {
      deleteAbandoned(name);
    } catch (IOException | UncheckedIOException e) {
      // The file is replaced, which is what was asked; the next time tidies up.
    }
  }

  /**
   * Returns the name of the file that a file was to replace, when its process was killed or is at
   * it now.
   *
   * @param name the name of a file
   * @return the name of the other one, or null if the file is none such
   */
  public static @Nullable String replaced(String name) {
    Matcher unfinished = UNFINISHED.matcher(name);
    return unfinished.matches() ? unfinished.group(1) : null;
  }

  private void deleteAbandoned(String name) throws IOException {
    FileTime limit = FileTime.from(Instant.now().minus(ABANDONED));
    for (String other : list()) {
      if (name.equals(replaced(other))) {
        try {
          Path file = path.resolve(other);
          if (Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).compareTo(limit) < 0) {
            Files.deleteIfExists(file);
          }
        } catch (NoSuchFileException e) {
          // It is in its place now.
        }
      }
    }
  }

  /**
   * Deletes files of ours, the marker, and this directory if nothing else is in it. The last ones
   * go last, in their order. What is not named stays, and so do marker and directory then.
   *
   * @param ours tells the names of our files and empty directories
   * @param last the names that go last
   * @return whether the directory is gone
   * @throws IOException if something of ours cannot be deleted
   */
  public boolean delete(Predicate<String> ours, List<String> last) throws IOException {
    List<String> names;
    try {
      names = list();
    } catch (NoSuchFileException e) {
      return true;
    }
    boolean foreign = false;
    for (String name : names) {
      if (last.contains(name)) {
        continue;
      }
      foreign |= !(ours.test(name) && deleteOne(path.resolve(name)));
    }
    for (String name : last) {
      Files.deleteIfExists(path.resolve(name));
    }
    if (foreign) {
      return false;
    }
    deleteUnfinishedMarkers();
    Files.deleteIfExists(path.resolve(MARKER));
    return deleteOne(path);
  }

  /** Deletes a file, a link itself, or an empty directory; returns whether it is gone. */
  private static boolean deleteOne(Path path) throws IOException {
    try {
      Files.deleteIfExists(path);
      return true;
    } catch (DirectoryNotEmptyException e) {
      return false;
    }
  }

  /** Deletes what is left where a process was killed as it marked the directory. */
  private void deleteUnfinishedMarkers() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(path, MARKER + ".*")) {
      for (Path file : files) {
        if (UNFINISHED_MARKER.matcher(String.valueOf(file.getFileName())).matches()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private boolean isMarked(String purpose) {
    try {
      String first =
          new String(read(MARKER), StandardCharsets.UTF_8).lines().findFirst().orElse("");
      return first.equals(purpose);
    } catch (IOException e) {
      return false;
    }
  }

  private void mark(String purpose) throws IOException {
    String next = MARKER + "." + UUID.randomUUID();
    create(next);
    OpenOption[] options = {StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS};
    Files.write(
        path.resolve(next), (purpose + EXPLANATION).getBytes(StandardCharsets.UTF_8), options);
    Files.move(path.resolve(next), path.resolve(MARKER), StandardCopyOption.ATOMIC_MOVE);
  }
}
