package dev.autodeploy.internal.store;

import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.spi.StoredState;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The file {@code deployments.json}: it says that the deployments are in the journal. One of format
 * version 1 holds them itself, and counts until it is replaced by one that names the journal.
 */
final class DeploymentsFile {
  private static final String NAME = "deployments.json";

  /** The contents that the file can have. */
  sealed interface Content {

    /** There is no file. */
    record Missing() implements Content {}

    /** The deployments are in the journal. */
    record InJournal() implements Content {}

    /** An earlier version has stored its state here. */
    record State(StoredState state) implements Content {}
  }

  private final AtomicFile file;
  private final Disk disk;

  DeploymentsFile(Path directory, Disk disk) {
    this.file = new AtomicFile(directory, NAME, disk);
    this.disk = disk;
  }

  Path path() {
    return file.path();
  }

  Content read() {
    byte[] document;
    try (InputStream in = disk.read(path())) {
      document = ReadLimit.all(in);
    } catch (NoSuchFileException e) {
      return new Content.Missing();
    } catch (IOException e) {
      throw Failures.io(
          "cannot read", path(), e, "Check the permissions and the health of its file system.");
    }
    try {
      StoredState state = StateCodec.read(StrictJson.parse(document));
      return state == null ? new Content.InJournal() : new Content.State(state);
    } catch (FormatException e) {
      throw Failures.damaged(
          path(),
          1,
          document,
          e,
          "Repair it or restore it from a backup. Moving it away also gives up the deployments and"
              + " the owner in it: instances that still run must then be ended by hand.");
    } catch (StateCodec.NewerVersion e) {
      throw Failures.failed(
          path()
              + " was written by a later version of AutoDeploy (format "
              + e.version()
              + "; this one reads up to "
              + StateCodec.VERSION
              + "). Use that version, or another state directory.");
    }
  }

  /** Says that the deployments are in the journal, which has to be durable. */
  void write(String journal) throws IOException {
    file.replace(out -> out.write(StrictJson.page(StateCodec.write(journal))));
  }

  void tidyUp() throws IOException {
    file.tidyUp();
  }
}
