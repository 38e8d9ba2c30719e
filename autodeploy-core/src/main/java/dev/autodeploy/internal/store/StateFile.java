package dev.autodeploy.internal.store;

import dev.autodeploy.spi.StoredState;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The file of the deployments. It is replaced as a whole: a new one is written beside it, made
 * durable, and given its name.
 */
final class StateFile {
  private static final String NAME = "deployments.json";
  private static final String NEXT_NAME = NAME + ".tmp";

  private final Path directory;
  private final Path file;
  private final Path next;
  private final Disk disk;

  StateFile(Path directory, Disk disk) {
    this.directory = directory;
    this.file = directory.resolve(NAME);
    this.next = directory.resolve(NEXT_NAME);
    this.disk = disk;
  }

  StoredState load() {
    StoredState state = read();
    try {
      disk.delete(next);
      // What was just read may not be durable yet if the process before this one was killed.
      disk.forceDirectory(directory);
    } catch (IOException e) {
      throw Failures.io(
          "cannot tidy up",
          directory,
          e,
          "Check the permissions and the health of its file system.");
    }
    return state;
  }

  private StoredState read() {
    byte[] document;
    try (InputStream in = disk.read(file)) {
      document = in.readAllBytes();
    } catch (NoSuchFileException e) {
      return StoredState.empty();
    } catch (IOException e) {
      throw Failures.io(
          "cannot read", file, e, "Check the permissions and the health of its file system.");
    }
    try {
      return StateCodec.read(Json.parse(document));
    } catch (FormatException e) {
      throw Failures.damaged(
          file,
          1,
          document,
          e,
          "Repair it or restore it from a backup. Moving it away also gives up the deployments and"
              + " the owner in it: instances that still run must then be ended by hand.");
    } catch (StateCodec.NewerVersion e) {
      throw Failures.failed(
          file
              + " was written by a later version of AutoDeploy (format "
              + e.version()
              + "; this one reads up to "
              + StateCodec.VERSION
              + "). Use that version, or another state directory.");
    }
  }

  void save(StoredState state) {
    try {
      byte[] document = Json.page(StateCodec.write(state));
      disk.delete(next);
      try (Disk.OpenFile out = disk.open(next)) {
        out.write(0, document);
        out.force();
      }
      disk.replace(next, file);
      disk.forceDirectory(directory);
    } catch (IOException e) {
      tidyUp(e);
      throw Failures.io(
          "cannot write",
          file,
          e,
          "The change may not survive a restart. Check that its file system has space left and"
              + " that this process may write there; then make the change again.");
    }
  }

  /** An unfinished file is of no use; if it cannot be removed now, the next save or load does. */
  private void tidyUp(IOException failure) {
    try {
      disk.delete(next);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }
}
