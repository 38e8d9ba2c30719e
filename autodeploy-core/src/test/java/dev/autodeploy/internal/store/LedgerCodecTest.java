package dev.autodeploy.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.Budget;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.spi.LedgerEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LedgerCodecTest {

  static Stream<LedgerEntry> entries() {
    return Stream.of(
        Examples.started(1),
        Examples.used(1),
        Examples.released(1),
        Examples.releasedUnready(1),
        Examples.preparing(1),
        Examples.prepared(1),
        Examples.releasedUnpulled(1),
        Examples.slept(1),
        Examples.woken(1),
        Examples.releasedAfterSleeps(1));
  }

  @ParameterizedTest
  @MethodSource("entries")
  void read_returnsWhatWasWritten(LedgerEntry entry) throws Exception {
    assertThat(LedgerCodec.read(StrictJson.parse(StrictJson.line(LedgerCodec.write(entry)))))
        .isEqualTo(entry);
  }

  @Test
  void write_isOneReadableLine() throws Exception {
    assertThat(entries().map(LedgerCodecTest::line))
        .containsExactly(
            "{\"type\":\"started\",\"deployment\":\"voice\",\"instance\":\"i-1\",\"gpu\":{\"count\":1},"
                + "\"at\":\"2026-01-31T12:00:00.123456789Z\"}",
            "{\"type\":\"used\",\"instance\":\"i-1\",\"readyAt\":\"2026-01-31T12:00:01.963456789Z\","
                + "\"lastUsedAt\":\"2026-01-31T12:00:09.123456789Z\",\"busy\":\"PT7.000000001S\"}",
            "{\"type\":\"released\",\"deployment\":\"voice\",\"instance\":\"i-1\","
                + "\"gpu\":{\"count\":\"all\",\"model\":\"L4\"},"
                + "\"startRequestedAt\":\"2026-01-31T12:00:00.123456789Z\","
                + "\"readyAt\":\"2026-01-31T12:00:01.963456789Z\","
                + "\"releaseRequestedAt\":\"2026-01-31T12:05:00.123456789Z\","
                + "\"endedAt\":\"2026-01-31T12:05:01.123456790Z\",\"busy\":\"PT7S\"}",
            "{\"type\":\"released\",\"deployment\":\"voice\",\"instance\":\"i-1\",\"gpu\":{\"count\":0},"
                + "\"startRequestedAt\":\"2026-01-31T12:00:00.123456789Z\","
                + "\"endedAt\":\"2026-01-31T12:00:01.123456789Z\",\"busy\":\"PT0S\"}",
            "{\"type\":\"prepared\",\"instance\":\"i-1\",\"preparing\":\"PT0S\","
                + "\"since\":\"2026-01-31T12:00:00.123456789Z\"}",
            "{\"type\":\"prepared\",\"instance\":\"i-1\",\"preparing\":\"PT1M30S\"}",
            "{\"type\":\"released\",\"deployment\":\"voice\",\"instance\":\"i-1\",\"gpu\":{\"count\":0},"
                + "\"startRequestedAt\":\"2026-01-31T12:00:00.123456789Z\","
                + "\"endedAt\":\"2026-01-31T12:00:01.123456789Z\",\"busy\":\"PT0S\","
                + "\"preparing\":\"PT1S\"}",
            "{\"type\":\"slept\",\"instance\":\"i-1\",\"asleep\":\"PT1M30S\","
                + "\"since\":\"2026-01-31T12:00:00.123456789Z\",\"keepsRoom\":true}",
            "{\"type\":\"slept\",\"instance\":\"i-1\",\"asleep\":\"PT3M\"}",
            "{\"type\":\"released\",\"deployment\":\"voice\",\"instance\":\"i-1\",\"gpu\":{\"count\":1},"
                + "\"startRequestedAt\":\"2026-01-31T12:00:00.123456789Z\","
                + "\"readyAt\":\"2026-01-31T12:00:10.123456789Z\","
                + "\"endedAt\":\"2026-01-31T12:10:00.123456789Z\",\"busy\":\"PT0S\","
                + "\"asleep\":\"PT1M30S\",\"sleeps\":["
                + "\"2026-01-31T12:01:00.123456789Z/2026-01-31T12:02:00.123456789Z\","
                + "\"2026-01-31T12:05:00.123456789Z/2026-01-31T12:05:30.123456789Z\"]}");
  }

  @Test
  void budgetOfTheEngine_isReadAsItWasWritten_andItsEnd() throws Exception {
    Budget built = Budget.money("20.50", "EUR").per(Budget.Period.WEEK, ZoneId.of("Asia/Kolkata"));
    Budget raised = Budget.gpuTime(Duration.ofHours(7)).cut().minimumUse(Duration.ofMinutes(2));
    for (LedgerEntry entry :
        List.of(
            new LedgerEntry.Budgeted(Examples.NOON, built, raised),
            new LedgerEntry.Budgeted(Examples.NOON, built, null),
            new LedgerEntry.Budgeted(Examples.NOON, null, null))) {
      read_returnsWhatWasWritten(entry);
    }
  }

  @Test
  void read_ofASleepOfWhichOnlyTheLengthWasKept_putsItWhereTheInstanceWasReady() throws Exception {
    String line = line(Examples.releasedAfterSleeps(1));
    String old = line.replaceAll(",\"sleeps\":\\[[^]]*]", "");
    assertThat(old).isNotEqualTo(line);

    LedgerEntry.Released read =
        (LedgerEntry.Released)
            LedgerCodec.read(StrictJson.parse(old.getBytes(StandardCharsets.UTF_8)));

    assertThat(read.usage().sleeps())
        .containsExactly(
            new UsageInterval.Sleep(Examples.NOON.plusSeconds(10), Examples.NOON.plusSeconds(100)));
    String bad = line.replaceFirst("2026-01-31T12:01:00.123456789Z/", "");
    assertThatThrownBy(
            () -> LedgerCodec.read(StrictJson.parse(bad.getBytes(StandardCharsets.UTF_8))))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("two instants");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9026-01-31T12:00:00Z",
        "-1000000000-01-01T00:00:00Z",
        "+1000000000-12-31T23:59:59Z",
        "1969-12-31T23:59:59Z"
      })
  void read_ofAnInstantWithWhichNothingCanBeCounted_isRefused(String instant) {
    String good = line(Examples.started(1));
    String bad = good.replace("2026-01-31T12:00:00.123456789Z", instant);

    assertThat(bad).isNotEqualTo(good);
    assertThatThrownBy(
            () -> LedgerCodec.read(StrictJson.parse(bad.getBytes(StandardCharsets.UTF_8))))
        .isInstanceOf(FormatException.class);
  }

  @Test
  void read_ofABusyTimeWithWhichNothingCanBeCounted_isRefused() {
    String bad = line(Examples.used(1)).replace("PT7.000000001S", "PT999999999999H");

    assertThatThrownBy(
            () -> LedgerCodec.read(StrictJson.parse(bad.getBytes(StandardCharsets.UTF_8))))
        .isInstanceOf(FormatException.class);
  }

  private static String line(LedgerEntry entry) {
    try {
      return new String(StrictJson.line(LedgerCodec.write(entry)), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
