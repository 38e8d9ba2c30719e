package dev.autodeploy.internal.ledger;

import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.store.StateText;
import dev.autodeploy.spi.LedgerEntry;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * Pages of the ledger as text, readable by eye: a page of intervals has them as the ledger had
 * them, a line of JSON each. Those of their sums are {@link SumText}'s.
 */
final class PageText {
  private static final String START = "\"startRequestedAt\":\"";
  private static final String END = "\"endedAt\":\"";

  private PageText() {}

  static List<String> intervals(List<UsageInterval> usage) {
    return usage.stream().map(one -> StateText.write(new LedgerEntry.Released(one))).toList();
  }

  /** Reads intervals; those that are not wanted are not even read. */
  static void intervals(
      List<String> lines,
      String place,
      BiPredicate<Instant, Instant> wanted,
      Consumer<UsageInterval> each) {
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (wanted.test(instant(line, START), instant(line, END))
          && StateText.entry(line, place + ", line " + (i + 1))
              instanceof LedgerEntry.Released released) {
        each.accept(released.usage());
      }
    }
  }

  /** Reads a field of a line whose checksum is right, so that it is one of ours. */
  private static Instant instant(String line, String field) {
    int from = line.indexOf(field) + field.length();
    return Instant.parse(line.substring(from, line.indexOf('"', from)));
  }

  static String checksum(List<String> lines) {
    CRC32C sum = new CRC32C();
    for (String line : lines) {
      sum.update(line.getBytes(StandardCharsets.UTF_8));
      sum.update('\n');
    }
    return HexFormat.of().toHexDigits((int) sum.getValue());
  }
}
