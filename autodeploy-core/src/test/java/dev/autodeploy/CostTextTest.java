package dev.autodeploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names of others in the text that a spreadsheet reads. */
final class CostTextTest {
  private static final Instant FROM = Instant.parse("2026-11-01T00:00:00Z");

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      textBlock =
          """
          =1+1            ~ '=1+1
          -1              ~ '-1
          @SUM(A1)        ~ '@SUM(A1)
          ` =1`           ~ `' =1`
          ＝1             ~ '＝1
          ann;=1          ~ "ann;'=1"
          ann; +1         ~ "ann;' +1"
          ann,=1          ~ "ann,'=1"
          ann|@x          ~ "ann|'@x"
          `ann;"=1"`      ~ `"ann;'""=1""\"`
          a;b             ~ "a;b"
          a-b=c@d         ~ a-b=c@d
          it's "so"       ~ "it's ""so""\"
          """)
  void csv_namesThatAProgramTakesForFormulas_areText(String name, String cell) {
    assertThat(cellOf(name)).isEqualTo(cell);
  }

  @ParameterizedTest
  @CsvSource({"'\n'", "'\r\n'", "'\t'"})
  void csv_formulasAfterLineBreaksAndTabs_areText(String separator) {
    assertThat(cellOf("ann" + separator + "=1")).isEqualTo("\"ann" + separator + "'=1\"");
  }

  private static String cellOf(String caller) {
    Money none = Money.of("0", "USD");
    Duration zero = Duration.ZERO;
    CostLine line =
        new CostLine(
            null,
            FROM,
            FROM,
            null,
            caller,
            none.currency(),
            none,
            none,
            none,
            none,
            none,
            zero,
            zero,
            zero,
            zero,
            zero,
            false);
    String csv = new CostText(List.of(line), ZoneOffset.UTC, Set.of(CostKey.CALLER)).csv();
    String start = "2026-11-01T00:00:00Z,2026-11-01T00:00:00Z,";
    return csv.substring(csv.indexOf(start) + start.length(), csv.indexOf(",USD"));
  }
}
