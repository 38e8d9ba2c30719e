package dev.autodeploy.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of requests, with all that is in them. */
class TrafficReaderTest {
  private static final String COMMON =
      "192.0.2.1 - ann [10/Oct/2026:13:55:36 -0700] \"GET /a HTTP/1.1\" 200 2326";
  private static final String COMBINED = COMMON + " \"http://host/\" \"agent \\\"1\\\" [x]\"";
  private static final Instant AT = Instant.parse("2026-10-10T20:55:36Z");

  private static Traffic read(TrafficReader reader, String... lines) throws IOException {
    return reader.read(
        new BufferedReader(new StringReader(String.join("\n", lines))), "access.log");
  }

  @Test
  void commonAndCombined_requestsOfTheUsualLength() throws IOException {
    Traffic traffic = read(TrafficReader.accessLog().busy(Duration.ofSeconds(3)), COMMON, COMBINED);

    assertThat(traffic.size()).isEqualTo(2);
    assertThat(traffic.at(1)).isEqualTo(AT);
    assertThat(traffic.busy(1)).isEqualTo(Duration.ofSeconds(3));
    assertThat(traffic.until()).isEqualTo(AT.plusSeconds(3));
  }

  @Test
  void secondsAtTheEnd_countBackFromTheLine() throws IOException {
    Traffic traffic = read(TrafficReader.accessLog(), COMBINED + " 2.250", COMBINED + " 0.000");

    assertThat(traffic.at(0)).isEqualTo(AT.minusMillis(2250));
    assertThat(traffic.busy(0)).isEqualTo(Duration.ofMillis(2250));
    assertThat(traffic.busy(1)).isZero();
  }

  @Test
  void microsecondsAtTheEnd_countFromTheLine() throws IOException {
    Traffic traffic = read(TrafficReader.accessLog(), COMBINED + " 2250000");

    assertThat(traffic.at(0)).isEqualTo(AT);
    assertThat(traffic.busy(0)).isEqualTo(Duration.ofMillis(2250));
  }

  @Test
  void strangersBytes_areARequestLikeAnother() throws IOException {
    String attack =
        "192.0.2.1 - - [10/Oct/2026:13:55:36 +0000] \"\\x16\\x03 \\\" \u00ff\" 400 157 \"-\" \"-\"";

    assertThat(read(TrafficReader.accessLog(), attack).size()).isEqualTo(1);
    assertThat(read(TrafficReader.accessLog().path("/"), attack).size()).isZero();
  }

  @Test
  void path_onlyThoseBelowItCount() throws IOException {
    Traffic traffic =
        read(TrafficReader.accessLog().path("/b"), COMMON, COMMON.replace("/a", "/b/c"));

    assertThat(traffic.size()).isEqualTo(1);
  }

  @Test
  void unreadableLines_areNamedWithTheirNumbers() {
    assertThatThrownBy(
            () ->
                read(
                    TrafficReader.accessLog(),
                    COMMON,
                    "",
                    "nonsense",
                    COMMON.replace("Oct", "Okt"),
                    COMMON.replace("\"", ""),
                    COMMON.replace(" 200 ", " OK ")))
        .isInstanceOf(TrafficFormatException.class)
        .hasMessageStartingWith("access.log: 4 lines cannot be read; correct them, or")
        .hasMessageContaining("line 3: there is no time in brackets; expected is 'host ident")
        .hasMessageContaining("line 4: the time '10/Okt/2026:13:55:36 -0700' is not one such as")
        .hasMessageContaining("line 5: there is no request in quotes")
        .hasMessageContaining("line 6: there is no status of three digits after the request");
  }

  @Test
  void skipUnreadable_tellsOfThemAndReadsTheRest() throws IOException {
    List<String> problems = new ArrayList<>();

    Traffic traffic =
        read(TrafficReader.accessLog().skipUnreadable(problems::add), "nonsense", COMMON);

    assertThat(traffic.size()).isEqualTo(1);
    assertThat(problems).singleElement().asString().startsWith("line 1: ");
  }

  @Test
  void csv_timesOfBothKinds() throws IOException {
    Traffic traffic =
        read(
            TrafficReader.csv(),
            "Time,busy",
            "2026-10-10T22:55:36+02:00,1.5",
            "2026-10-10 20:55:37Z",
            AT.getEpochSecond() + 2 + ".5, 0.25");

    assertThat(traffic.at(0)).isEqualTo(AT);
    assertThat(traffic.busy(0)).isEqualTo(Duration.ofMillis(1500));
    assertThat(traffic.at(1)).isEqualTo(AT.plusSeconds(1));
    assertThat(traffic.busy(1)).isEqualTo(Duration.ofSeconds(1));
    assertThat(traffic.at(2)).isEqualTo(AT.plusMillis(2500));
  }

  @Test
  void csv_whatIsWrongIsSaid() {
    assertThatThrownBy(
            () ->
                read(
                    TrafficReader.csv(),
                    "2026-10-10T20:55:36",
                    "1,2,3",
                    "1,-2",
                    "1,NaN",
                    "99999999999999,1",
                    "1.2.3"))
        .hasMessageContaining("line 1: the time '2026-10-10T20:55:36' is neither of ISO 8601 with")
        .hasMessageContaining("line 2: it has 3 fields")
        .hasMessageContaining("line 3: the busy time '-2' is not a number of seconds from 0 to")
        .hasMessageContaining("line 4: the busy time 'NaN'")
        .hasMessageContaining("line 5: the time '99999999999999'")
        .hasMessageContaining("line 6: the time '1.2.3'");
  }

  @Test
  void csv_momentsThatNoRequestCanHave_areNamed() {
    assertThatThrownBy(
            () ->
                read(
                    TrafficReader.csv(),
                    "+999999999-12-31T23:59:59Z,1",
                    "-999999999-01-01T00:00:00Z,1"))
        .isInstanceOf(TrafficFormatException.class)
        .hasMessageContaining("line 1: +999999999-12-31T23:59:59Z is too far away")
        .hasMessageContaining("line 2: -999999999-01-01T00:00:00Z is too far away");
  }

  @Test
  void manyUnreadableLines_tenAreShown() {
    assertThatThrownBy(() -> read(TrafficReader.csv(), "x\n".repeat(5000)))
        .hasMessageContaining("line 10: ")
        .hasMessageContaining("and 990 more")
        .message()
        .doesNotContain("line 11: ");
  }

  @Test
  void compressedFile_isRead(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("access.log.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(COMMON.getBytes(StandardCharsets.US_ASCII));
    }

    assertThat(TrafficReader.accessLog().read(file).size()).isEqualTo(1);
  }

  @Test
  void requestsOutOfOrder_areSorted() {
    Traffic traffic =
        Traffic.builder()
            .add(AT.plusSeconds(1), Duration.ofSeconds(7))
            .addGivenUp(AT, Duration.ofSeconds(2))
            .build();

    assertThat(traffic.at(0)).isEqualTo(AT);
    assertThat(traffic.gaveUp(0)).isTrue();
    assertThat(traffic.busy(0)).isEqualTo(Duration.ofSeconds(2));
    assertThat(traffic.busy(1)).isEqualTo(Duration.ofSeconds(7));
    assertThat(traffic.gaveUp(1)).isFalse();
  }

  @Test
  void lineWithoutEnd_isAProblemAndNotKept(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("bomb.log.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write((COMMON + "\n").getBytes(StandardCharsets.UTF_8));
      byte[] piece = "A".repeat(1 << 20).getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i < 64; i++) {
        out.write(piece);
      }
      out.write(("\n" + COMMON).getBytes(StandardCharsets.UTF_8));
    }
    List<String> problems = new ArrayList<>();

    assertThat(Files.size(file)).isLessThan(1 << 20);
    assertThat(TrafficReader.accessLog().skipUnreadable(problems::add).read(file).size())
        .isEqualTo(2);
    assertThat(problems).containsExactly("line 2: it is longer than 65536 characters");
    assertThatThrownBy(() -> TrafficReader.accessLog().read(file))
        .isInstanceOf(TrafficFormatException.class)
        .hasMessageContaining("line 2: it is longer than 65536 characters");
  }
}
