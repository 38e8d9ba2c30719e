package dev.autodeploy.internal.text;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Amounts of memory as people write them, such as {@code 16GiB}. */
public final class ByteSize {
  private static final Pattern TEXT =
      Pattern.compile("(\\d{1,9}(?:\\.\\d{1,3})?)\\s*([KMGT]i?B)", Pattern.CASE_INSENSITIVE);
  private static final List<String> UNITS = List.of("K", "M", "G", "T");
  private static final List<String> SHOWN = List.of("TiB", "GiB", "MiB", "KiB");

  private ByteSize() {}

  /**
   * Reads an amount.
   *
   * @param name what it is, for the error
   * @throws IllegalArgumentException if it is none
   */
  public static long parse(String name, String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          name + " is '" + text + "'; write an amount of memory such as 16GiB or 800MiB");
    }
    String unit = matcher.group(2).toUpperCase(Locale.ROOT);
    int power = UNITS.indexOf(unit.substring(0, 1)) + 1;
    BigDecimal factor = BigDecimal.valueOf(unit.contains("I") ? 1024 : 1000).pow(power);
    return new BigDecimal(matcher.group(1)).multiply(factor).longValue();
  }

  /** Writes an amount in the largest unit that does not hide more than a hundredth of it. */
  public static String format(long bytes) {
    for (int i = 0; i < SHOWN.size(); i++) {
      long unit = 1L << (10 * (SHOWN.size() - i));
      if (bytes >= unit) {
        BigDecimal amount =
            BigDecimal.valueOf(bytes).divide(BigDecimal.valueOf(unit), 2, RoundingMode.DOWN);
        return amount.stripTrailingZeros().toPlainString() + SHOWN.get(i);
      }
    }
    return bytes + "B";
  }
}
