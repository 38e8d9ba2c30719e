package dev.autodeploy.internal.store;

import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.spi.LedgerEntry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of the ledger: one JSON object a line, only ever appended to. Each line has a number,
 * one more than that of the line before, and a checksum: a line that is missing or was changed is
 * noticed. Lines of earlier versions have neither.
 *
 * <p>An entry counts when its line break is durable. A last line that did not get that far is what
 * a killed process, a full disk or a loss of power leaves behind, and is cut off; whatever else is
 * wrong was not done by this class and is left for a person to look at.
 */
final class LedgerFile {
  private static final String NAME = "ledger.jsonl";
  private static final String CHECK_READING =
      "Check the permissions and the health of its file system.";
  private static final Logger LOG = LoggerFactory.getLogger(LedgerFile.class);

  private final Path file;
  private final Disk disk;
  private final AppendedFile lines;

  /** The number of the next line; the first line of a ledger has 1. */
  private long next = 1;

  LedgerFile(Path directory, Disk disk) {
    this.file = directory.resolve(NAME);
    this.disk = disk;
    this.lines = new AppendedFile(directory, file, disk);
  }

  List<LedgerEntry> read() {
    List<LedgerEntry> entries = new ArrayList<>();
    StoredLine torn = null;
    next = 1;
    long end = 0;
    try (InputStream in = disk.read(file)) {
      StoredLine.Reader reader = new StoredLine.Reader(in);
      for (StoredLine line = reader.next(); line != null; ) {
        StoredLine following = reader.next();
        LedgerEntry entry = decode(line, following == null);
        if (entry == null) {
          torn = line;
        } else {
          entries.add(entry);
          end = line.end();
        }
        line = following;
      }
    } catch (NoSuchFileException e) {
      lines.known(0);
      return entries;
    } catch (IOException e) {
      throw Failures.io("cannot read", file, e, CHECK_READING);
    }
    settle(end, torn);
    return entries;
  }

  /** Returns the line's entry, or null if it is the last one and torn. */
  private @Nullable LedgerEntry decode(StoredLine line, boolean last) {
    if (last && line.isTorn()) {
      return null;
    }
    try {
      Fields json = Json.parse(NumberedLine.content(line.bytes()));
      NumberedLine.check(line.bytes());
      if (json.has("n")) {
        long number = json.longInteger("n");
        NumberedLine.check(number, next);
        next = number;
      }
      next++; // a line of an earlier version has no number, but its place
      return LedgerCodec.read(json);
    } catch (FormatException e) {
      throw Failures.damaged(
          file,
          line.number(),
          line.bytes(),
          e,
          "Repair that line or restore the file from a backup. Without the line the costs that it"
              + " stands for are forgotten.");
    }
  }

  /** Makes durable what was read, which it is not yet if the process before was killed. */
  private void settle(long end, @Nullable StoredLine torn) {
    try {
      lines.settle(end, torn != null);
    } catch (IOException e) {
      throw Failures.io("cannot write", file, e, CHECK_READING);
    }
    if (torn != null) {
      LOG.warn(
          "{}, line {}: the last entry was not written to its end and is cut off: {}",
          file,
          torn.number(),
          torn.shown());
    }
  }

  void append(LedgerEntry entry) {
    if (!lines.isKnown()) {
      read();
    }
    byte[] line;
    try {
      line =
          AppendedFile.withLineBreak(
              NumberedLine.of(Json.line(LedgerCodec.write(entry).put("n", next))));
      lines.prepare();
    } catch (IOException e) {
      throw Failures.io(
          "nothing is appended to the ledger while the rest of an earlier, failed entry cannot be"
              + " cut off from",
          file,
          e,
          "Check its file system, then try again.");
    }
    try {
      lines.append(line);
      next++;
    } catch (IOException e) {
      throw Failures.io(
          "cannot append to the ledger",
          file,
          e,
          "The entry is not recorded. Check that its file system has space left and that this"
              + " process may write there.");
    }
  }
}
