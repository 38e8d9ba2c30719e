package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names of header fields that most messages have, as messages share them: a head is read
 * without a new text for each name, and held requests keep none. Immutable.
 */
final class UsualNames {
  private static final @Nullable AsciiString[] TABLE = table(HttpHeaders.usualNames());

  private UsualNames() {}

  /** Fills a table that is sparse, so that a search ends soon. */
  private static @Nullable AsciiString[] table(Set<String> names) {
    @Nullable AsciiString[] table = new AsciiString[Integer.highestOneBit(8 * names.size())];
    for (String name : names) {
      AsciiString made = AsciiString.cached(name);
      int place = place(made.array(), 0, made.length(), table.length);
      while (table[place] != null) {
        place = (place + 1) % table.length;
      }
      table[place] = made;
    }
    return table;
  }

  /** Returns the shared name that a line begins with, or null if it is none of the usual ones. */
  static @Nullable AsciiString find(byte[] line, int start, int length) {
    if (length == 0) {
      return null;
    }
    int place = place(line, start, length, TABLE.length);
    AsciiString known = TABLE[place];
    while (known != null && !is(known, line, start, length)) {
      place = (place + 1) % TABLE.length;
      known = TABLE[place];
    }
    return known;
  }

  private static int place(byte[] line, int start, int length, int size) {
    int first = line[start];
    int middle = line[start + length / 2];
    int last = line[start + length - 1];
    return (31 * (31 * first + middle) + 7 * last + length) & (size - 1);
  }

  private static boolean is(AsciiString name, byte[] line, int start, int length) {
    return name.length() == length
        && Arrays.equals(name.array(), 0, length, line, start, start + length);
  }
}
