package dev.autodeploy.internal.store;

import dev.autodeploy.internal.spec.FormatException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** A line of the ledger with a checksum at its end, as the last field of its object. */
final class NumberedLine {
  private static final byte[] FIELD = ",\"crc\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final int DIGITS = 8;

  private NumberedLine() {}

  /** Returns an object's line with its checksum. */
  static byte[] of(byte[] object) {
    int end = object.length - 1; // without the closing brace
    byte[] line = Arrays.copyOf(object, end + FIELD.length + DIGITS + 2);
    System.arraycopy(FIELD, 0, line, end, FIELD.length);
    byte[] sum = checksum(object, end).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(sum, 0, line, end + FIELD.length, DIGITS);
    line[line.length - 2] = '"';
    line[line.length - 1] = '}';
    return line;
  }

  /** Returns the object of a line without its checksum. */
  static byte[] content(byte[] line) {
    int end = end(line);
    if (end < 0) {
      return line;
    }
    byte[] object = Arrays.copyOf(line, end + 1);
    object[end] = '}';
    return object;
  }

  /** Refuses a line that has another content than when it was written. */
  static void check(byte[] line) throws FormatException {
    int end = end(line);
    if (end < 0) {
      return;
    }
    String sum = new String(line, end + FIELD.length, DIGITS, StandardCharsets.ISO_8859_1);
    if (!sum.equals(checksum(line, end))) {
      throw new FormatException.NotJson(
          "its checksum is "
              + checksum(line, end)
              + " and not "
              + sum
              + ": it was changed (remove its field crc if that was on purpose)",
          1,
          1);
    }
  }

  private static int end(byte[] line) {
    int end = line.length - FIELD.length - DIGITS - 2;
    boolean has = end > 0 && Arrays.equals(FIELD, 0, FIELD.length, line, end, end + FIELD.length);
    return has ? end : -1;
  }

  /** Refuses a line that does not follow the one before it. */
  static void check(long number, long expected) throws FormatException {
    if (number != expected) {
      throw new FormatException.NotJson(
          number > expected
              ? (number - expected)
                  + " lines before it are missing, from number "
                  + expected
                  + " (remove the fields n and crc of this line if they are lost for good)"
              : "it has number " + number + ", but " + expected + " is next",
          1,
          1);
    }
  }

  private static String checksum(byte[] bytes, int length) {
    CRC32C sum = new CRC32C();
    sum.update(bytes, 0, length);
    return HexFormat.of().toHexDigits((int) sum.getValue());
  }
}
