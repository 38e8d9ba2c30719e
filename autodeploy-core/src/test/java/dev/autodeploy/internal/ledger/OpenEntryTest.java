package dev.autodeploy.internal.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.UsageInterval.Sleep;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The sleeps of an instance as lines of the ledger. */
final class OpenEntryTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private static Instant at(long second) {
    return START.plusSeconds(second);
  }

  private static LedgerEntry.Slept slept(long seconds, @Nullable Long since, boolean keepsRoom) {
    return new LedgerEntry.Slept(
        "i-1", Duration.ofSeconds(seconds), since == null ? null : at(since), keepsRoom);
  }

  private static OpenEntry read(List<LedgerEntry> lines) {
    LedgerTail tail = new LedgerTail();
    lines.forEach(tail::apply);
    return tail.open().get("i-1");
  }

  private static OpenEntry entry(LedgerEntry... slept) {
    LedgerTail tail = new LedgerTail();
    tail.apply(new LedgerEntry.Started("voice", "i-1", GpuRequest.count(1), START));
    tail.apply(new LedgerEntry.Used("i-1", at(10), at(20), Duration.ofSeconds(5)));
    List.of(slept).forEach(tail::apply);
    OpenEntry entry = tail.open().get("i-1");
    OpenEntry again = read(tail.lines(List.of()));
    assertThat(again).as("the lines of what is known say all of it").isEqualTo(entry);
    return entry;
  }

  @Test
  void sleeps_areWhatTheLinesSay() {
    OpenEntry entry = entry(slept(0, 30L, false), slept(20, null, false), slept(20, 100L, false));
    assertThat(entry.sleepsUntil(at(110)))
        .containsExactly(new Sleep(at(30), at(50)), new Sleep(at(100), at(110)));
    assertThat(entry.sleepsUntil(at(99))).containsExactly(new Sleep(at(30), at(50)));
  }

  @Test
  void sleepThatKeepsItsRoom_isNone_untilItNoLongerDoes() {
    OpenEntry kept = entry(slept(0, 30L, true));
    assertThat(kept.sleepsUntil(at(90))).isEmpty();
    OpenEntry left = entry(slept(0, 30L, true), slept(0, 60L, false));
    assertThat(left.sleepsUntil(at(90))).containsExactly(new Sleep(at(60), at(90)));
  }

  @Test
  void sleepOfWhichNoBeginningIsKnown_isPutWhereItWasReady() {
    OpenEntry entry = entry(slept(40, null, false));
    assertThat(entry.sleepsUntil(at(500))).containsExactly(new Sleep(at(10), at(50)));
  }
}
