package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.spi.LedgerEntry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of the ledger: one JSON object a line, appended to, and replaced as a whole when
 * intervals were moved to pages. Each line has a number, one more than that of the line before, and
 * a checksum: a line that is missing or was changed is noticed. Lines of earlier versions have
 * neither. Lines that are missing at the end are noticed by {@link LedgerSeal}.
 *
 * <p>An entry counts when its line break is durable. A last line that did not get that far is what
 * a killed process, a full disk or a loss of power leaves behind, and is cut off; whatever else is
 * wrong was not done by this class and is left for a person to look at.
 */
final class LedgerFile {
  private static final String NAME = "ledger.jsonl";
  private static final String CHECK_READING =
      "Check the permissions and the health of its file system.";

  /** The beginnings of a ledger's first line. */
  private static final List<String> BEGINNINGS = List.of("{\"lines\":", "{\"type\":");

  private static final Logger LOG = LoggerFactory.getLogger(LedgerFile.class);

  private final Path file;
  private final Disk disk;
  private final AtomicFile whole;
  private final AppendedFile lines;
  private final LedgerSeal seal;

  /** The number of the next line; the first line of a ledger has 1. */
  private long next = 1;

  /** The number of lines that came into being at once, with the head; none of them can be torn. */
  private int atOnce;

  /** The number of lines that were read. */
  private int read;

  LedgerFile(Path directory, Disk disk) {
    this.file = directory.resolve(NAME);
    this.disk = disk;
    this.whole = new AtomicFile(directory, NAME, disk);
    this.lines = new AppendedFile(directory, file, disk);
    this.seal = new LedgerSeal(directory, disk);
  }

  /** Reads all entries, and makes the file ready to be appended to. */
  void read(Consumer<LedgerEntry> each) {
    StoredLine torn = null;
    next = 1;
    atOnce = 0;
    read = 0;
    long end = 0;
    try {
      whole.tidyUp();
      try (InputStream in = disk.read(file)) {
        StoredLine.Reader reader = new StoredLine.Reader(in);
        for (StoredLine line = reader.next(); line != null; ) {
          StoredLine following = reader.next();
          if (following == null && line.isTorn() && line.number() > atOnce) {
            refuseIfForeign(line);
            torn = line;
          } else {
            decode(line, each);
            end = line.end();
            read = line.number();
          }
          line = following;
        }
      } catch (NoSuchFileException e) {
        seal.check(0, file);
        lines.known(0);
        return;
      }
      refuseIfIncomplete();
      seal.check(next - 1, file);
    } catch (IOException e) {
      throw Failures.io("cannot read", file, e, CHECK_READING);
    }
    settle(end, torn);
  }

  /** Refuses a file of somebody else, of which else its only line would be cut off as torn. */
  private void refuseIfForeign(StoredLine line) {
    byte[] bytes = line.bytes();
    if (line.number() > 1 || BEGINNINGS.stream().anyMatch(ours -> mayBegin(bytes, ours))) {
      return;
    }
    throw Failures.failed(
        file + " is not a ledger of AutoDeploy: move it away, or use another state directory");
  }

  /** Returns whether a line can be what is left of another: what never reached the disk is 0. */
  private static boolean mayBegin(byte[] line, String whole) {
    for (int i = 0; i < Math.min(line.length, whole.length()); i++) {
      if (line[i] != 0 && line[i] != whole.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private void refuseIfIncomplete() {
    if (read < atOnce) {
      throw Failures.failed(
          file
              + " is damaged: it has "
              + read
              + " of the "
              + atOnce
              + " lines that were written at once. Restore the file from a backup.");
    }
  }

  private void decode(StoredLine line, Consumer<LedgerEntry> each) {
    LedgerEntry entry;
    try {
      Fields json = StrictJson.parse(NumberedLine.content(line.bytes()));
      NumberedLine.check(line.bytes());
      boolean head = line.number() == 1 && json.has("lines");
      if (json.has("n")) {
        long number = json.longInteger("n");
        NumberedLine.check(number, head ? number : next);
        next = number;
      }
      next++; // a line of an earlier version has no number, but its place
      if (head) {
        atOnce = json.integer("lines");
        json.end();
        return;
      }
      entry = LedgerCodec.read(json);
    } catch (FormatException e) {
      throw Failures.damaged(
          file,
          line.number(),
          line.bytes(),
          e,
          "Repair that line or restore the file from a backup. Without the line the costs that it"
              + " stands for are forgotten.");
    }
    each.accept(entry);
  }

  /**
   * Replaces the file by one with a head, which says how many lines came into being at once, and
   * those lines. Numbers go on from those that there were.
   */
  void replace(List<LedgerEntry> entries) {
    if (!lines.isKnown()) {
      read(entry -> {});
    }
    long first = next;
    try {
      long length =
          whole.replace(
              out -> {
                long number = first;
                ObjectNode head = StrictJson.object().put("lines", entries.size() + 1);
                out.write(line(head, number));
                for (LedgerEntry entry : entries) {
                  out.write(line(LedgerCodec.write(entry), ++number));
                }
              });
      lines.known(length);
    } catch (IOException e) {
      lines.forget(); // it may be the old one or the new one
      throw Failures.io(
          "cannot replace",
          file,
          e,
          "Nothing is lost. Check that its file system has space left and that this process may"
              + " write there.");
    }
    next = first + entries.size() + 1;
    seal();
  }

  /** Notes where the ledger ends, as far as that is known. */
  void seal() {
    if (lines.isKnown() && next > 1) {
      try {
        seal.write(next - 1);
      } catch (IOException e) {
        LOG.warn("the end of {} could not be noted: {}", file, e.toString());
      }
    }
  }

  private static byte[] line(ObjectNode json, long number) throws IOException {
    return AppendedFile.withLineBreak(NumberedLine.of(StrictJson.line(json.put("n", number))));
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
      read(any -> {});
    }
    byte[] line;
    try {
      line = line(LedgerCodec.write(entry), next);
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
