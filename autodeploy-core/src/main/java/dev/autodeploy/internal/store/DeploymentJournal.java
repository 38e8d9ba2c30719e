package dev.autodeploy.internal.store;

import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal of the deployments, {@code deployments.jsonl}: a head, a line for each deployment
 * that there was when the file was written as a whole, and a line for each change since.
 *
 * <p>The file is written as a whole, beside the old one and in its place, when it is loaded with
 * changes in it, and when far more outdated deployments than current ones have come into it. A last
 * line that is torn is cut off, if it is a change; whatever else is wrong is left for a person to
 * look at.
 */
final class DeploymentJournal {
  static final String NAME = "deployments.jsonl";

  /** The number of outdated deployments that is no reason to write the file as a whole. */
  static final int SLACK = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(DeploymentJournal.class);

  private final AtomicFile whole;
  private final AppendedFile lines;
  private final Path directory;
  private final Disk disk;
  private final int slack;
  private final Map<String, StoredDeployment> deployments = new LinkedHashMap<>();
  private @Nullable String owner;

  /** The number of the last line. */
  private int last;

  /** The number of changes in the file beyond one for each deployment that there is. */
  private int outdated;

  private int outdatedAtMost;

  DeploymentJournal(Path directory, Disk disk, int slack) {
    this.directory = directory;
    this.whole = new AtomicFile(directory, NAME, disk);
    this.lines = new AppendedFile(directory, whole.path(), disk);
    this.disk = disk;
    this.slack = slack;
  }

  Path path() {
    return whole.path();
  }

  StoredState state() {
    return new StoredState(owner, List.copyOf(deployments.values()));
  }

  void tidyUp() throws IOException {
    whole.tidyUp();
  }

  // Reading.

  /** Returns whether there is a journal, which is then read. */
  boolean read() {
    deployments.clear();
    owner = null;
    last = 0;
    outdated = 0;
    Reading reading = new Reading();
    try (InputStream in = disk.read(path())) {
      reading.all(in);
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw Failures.io(
          "cannot read", path(), e, "Check the permissions and the health of its file system.");
    }
    reading.settle();
    allowMore();
    return true;
  }

  /** A pass over the whole file. */
  private final class Reading {
    private JournalLine.@Nullable Head head;
    private @Nullable StoredLine torn;
    private long end;

    void all(InputStream in) throws IOException {
      StoredLine.Reader reader = new StoredLine.Reader(in);
      for (StoredLine line = reader.next(); line != null; ) {
        StoredLine following = reader.next();
        if (following == null && isTornChange(line)) {
          torn = line;
        } else {
          apply(line);
          last = line.number();
          end = line.end();
        }
        line = following;
      }
      refuseIfIncomplete();
    }

    /** Returns whether a last line is what is left of a change that was not written to its end. */
    private boolean isTornChange(StoredLine line) {
      return head != null && line.number() > 1 + head.deployments() && line.isTorn();
    }

    private void apply(StoredLine line) {
      try {
        if (head == null) {
          head = JournalLine.readHead(line);
          owner = head.owner();
        } else {
          int before = deployments.size();
          int changed = JournalLine.apply(line, deployments, it -> owner = it);
          outdated += changed - (deployments.size() - before);
        }
      } catch (FormatException e) {
        throw Failures.damaged(
            path(),
            line.number(),
            line.bytes(),
            e,
            "Restore the file from a backup. A line that you have changed yourself needs no"
                + " checksum: take its \"crc\" out.");
      }
    }

    /** The lines that were written with the head came into being all at once. */
    private void refuseIfIncomplete() {
      if (head == null || last < 1 + head.deployments()) {
        throw Failures.failed(
            path()
                + " is damaged: it has "
                + last
                + " of the "
                + (head == null ? "lines" : (1 + head.deployments()) + " lines")
                + " that were written at once. Restore the file from a backup.");
      }
    }

    /**
     * Makes durable what was read, which it is not yet if the process before was killed, or a
     * replacement failed in its middle: neither the content nor the name.
     */
    void settle() {
      try {
        lines.settle(end, torn != null);
        disk.forceDirectory(directory);
      } catch (IOException e) {
        throw Failures.io(
            "cannot write", path(), e, "Check the permissions and the health of its file system.");
      }
      if (torn != null) {
        // Without the line's text, which may hold secrets.
        LOG.warn(
            "{}, line {}: the last change was not written to its end, and its {} bytes are cut off",
            path(),
            torn.number(),
            torn.bytes().length);
      }
    }
  }

  // Writing.

  void saveOwner(String newOwner) {
    append(number -> JournalLine.owner(number, newOwner));
    owner = newOwner;
    outdated++;
    compactIfWorthwhile();
  }

  void saveAll(Collection<StoredDeployment> saved) {
    if (saved.isEmpty()) {
      return;
    }
    append(
        number ->
            saved.size() == 1
                ? JournalLine.save(number, saved.iterator().next())
                : JournalLine.saveAll(number, saved));
    for (StoredDeployment deployment : saved) {
      if (deployments.put(deployment.spec().name(), deployment) != null) {
        outdated++;
      }
    }
    compactIfWorthwhile();
  }

  void remove(String name) {
    if (lines.isKnown() && !deployments.containsKey(name)) {
      return;
    }
    append(number -> JournalLine.remove(number, name));
    deployments.remove(name);
    outdated += 2;
    compactIfWorthwhile();
  }

  private void append(Line line) {
    if (!lines.isKnown() && !read()) {
      throw Failures.failed(path() + " is missing: restore it from a backup");
    }
    try {
      lines.prepare();
      lines.append(line.of(last + 1));
    } catch (IOException e) {
      throw Failures.io(
          "cannot write",
          path(),
          e,
          "The change may not survive a restart. Check that its file system has space left and"
              + " that this process may write there; then make the change again.");
    }
    last++;
  }

  private interface Line {
    byte[] of(int number) throws IOException;
  }

  // Writing as a whole.

  /** Writes the file as a whole, with another state. */
  void replace(StoredState state) throws IOException {
    deployments.clear();
    state.deployments().forEach(it -> deployments.put(it.spec().name(), it));
    owner = state.owner();
    write();
  }

  /** Leaves out of the file what is outdated; that it cannot be done now does no harm. */
  void compact() {
    try {
      write();
    } catch (IOException e) {
      allowMore();
      LOG.warn(
          "{} keeps {} outdated lines for now, as it could not be written as a whole: {}",
          path(),
          outdated,
          Failures.reason(e));
    }
  }

  boolean hasOutdated() {
    return outdated > 0;
  }

  private void compactIfWorthwhile() {
    if (outdated > outdatedAtMost) {
      compact();
    }
  }

  private void allowMore() {
    outdatedAtMost = outdated + slack + deployments.size();
  }

  private void write() throws IOException {
    lines.forget(); // until it is known which of the two files there is
    long length =
        whole.replace(
            out -> {
              out.write(JournalLine.head(owner, deployments.size()));
              int number = 1;
              for (StoredDeployment deployment : deployments.values()) {
                out.write(JournalLine.save(++number, deployment));
              }
            });
    lines.known(length);
    last = 1 + deployments.size();
    outdated = 0;
    allowMore();
  }
}
