package dev.autodeploy.internal.process;

import dev.autodeploy.internal.files.RegularFile;
import dev.autodeploy.spi.LogSearch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The lines that an instance has written, read on from where the last search ended, also into the
 * file that the log was moved to meanwhile. Thread-safe.
 */
final class WrittenLines implements LogSearch {
  private static final int PIECE = 1 << 16;
  private static final int LONGEST_LINE = 1 << 16;

  private final Path file;
  private final Path previous;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Cursor> cursors = new HashMap<>();

  WrittenLines(LogFile log) {
    file = log.path();
    previous = log.previousPath();
  }

  @Override
  public boolean find(String key, LineMatch match) throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      Cursor cursor = cursors.computeIfAbsent(key, k -> new Cursor());
      return cursor.found || cursor.readOn(match);
    } finally {
      lock.unlock();
    }
  }

  /** A search, and how far it has read. */
  private final class Cursor {
    private boolean found;
    private boolean begun;
    private @Nullable Object read;
    private long offset;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private @Nullable IOException failure;

    boolean readOn(LineMatch match) throws IOException, InterruptedException {
      Object current = key(file);
      if (current == null) {
        return false; // nothing was written yet
      }
      Object before = key(previous);
      if (!begun) {
        begun = true;
        read = before == null ? current : before;
      }
      if (!current.equals(read)) {
        if (before != null && before.equals(read) && readFile(previous, match)) {
          return true;
        }
        read = current;
        offset = 0;
      }
      if (readFile(file, match)) {
        return true;
      }
      if (failure != null) {
        throw failure;
      }
      return false;
    }

    private boolean readFile(Path path, LineMatch match) throws IOException, InterruptedException {
      for (byte[] piece = RegularFile.part(path, offset, PIECE);
          piece.length > 0;
          piece = RegularFile.part(path, offset, PIECE)) {
        offset += piece.length;
        for (byte b : piece) {
          if (b == '\n') {
            if (matches(match)) {
              return true;
            }
            line.reset();
          } else if (line.size() < LONGEST_LINE) {
            line.write(b);
          }
        }
      }
      // A line that is not finished may stay so: a prompt, or the last word of a service.
      return line.size() > 0 && matches(match);
    }

    private boolean matches(LineMatch match) throws InterruptedException {
      try {
        found = match.matches(LogFile.shown(line.toString(StandardCharsets.UTF_8)));
      } catch (IOException e) { // of one line: another may match
        failure = e;
      }
      return found;
    }
  }

  private static @Nullable Object key(Path path) throws IOException {
    try {
      BasicFileAttributes facts =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return facts.fileKey() == null ? path : facts.fileKey();
    } catch (NoSuchFileException e) {
      return null;
    }
  }
}
