package dev.autodeploy.internal.store;

import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The number of the ledger's last line when it was last known, in a file beside it: lines that are
 * lost at its end, which nothing follows, are noticed by it. Written when the store is closed and
 * when the ledger is written as a whole; lines that came after that are not covered.
 */
final class LedgerSeal {
  static final String NAME = "ledger.end";

  private static final int LONGEST = 1000;

  private final AtomicFile file;
  private final Disk disk;

  LedgerSeal(Path directory, Disk disk) {
    this.file = new AtomicFile(directory, NAME, disk);
    this.disk = disk;
  }

  /** Refuses a ledger that ends earlier than it did. */
  void check(long last, Path ledger) throws IOException {
    long sealed = read();
    if (last < sealed) {
      throw Failures.failed(
          ledger
              + " is damaged: "
              + (sealed - last)
              + " lines are missing at its end: it had "
              + sealed
              + " and has "
              + last
              + ". Restore the file from a backup. If they are lost for good, remove "
              + file.path()
              + ": the costs that they stand for are forgotten.");
    }
  }

  private long read() throws IOException {
    file.tidyUp();
    try (InputStream in = disk.read(file.path())) {
      byte[] bytes = in.readNBytes(LONGEST + 1);
      if (bytes.length > LONGEST) {
        throw Failures.failed(
            file.path()
                + " is damaged: it has more than "
                + LONGEST
                + " bytes. Remove the file, or restore it from a backup.");
      }
      try {
        Fields json = StrictJson.parse(NumberedLine.content(bytes));
        NumberedLine.check(bytes);
        long lines = json.longInteger("lines");
        json.end();
        return lines;
      } catch (FormatException e) {
        throw Failures.damaged(
            file.path(), 1, bytes, e, "Remove the file, or restore it from a backup.");
      }
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  void write(long last) throws IOException {
    byte[] line = NumberedLine.of(StrictJson.line(StrictJson.object().put("lines", last)));
    file.replace(out -> out.write(line));
  }
}
