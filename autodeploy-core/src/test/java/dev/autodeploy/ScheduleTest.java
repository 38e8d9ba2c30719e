package dev.autodeploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.autodeploy.Schedule.Period;
import dev.autodeploy.Schedule.Rule;
import dev.autodeploy.Schedule.Window;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Schedules mean what the clock on the wall shows. */
final class ScheduleTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  @Test
  void warm_isInForceOnItsDaysBetweenItsTimes() {
    Schedule schedule = Schedule.weekly(BERLIN).warm("MON-FRI", "08:30", "18:00", 2);

    assertThat(schedule.at(at("2026-11-25T08:29:59")).warm()).isZero();
    assertThat(schedule.at(at("2026-11-25T08:30:00")).warm()).isEqualTo(2);
    assertThat(schedule.at(at("2026-11-25T17:59:59")).warm()).isEqualTo(2);
    assertThat(schedule.at(at("2026-11-25T18:00:00")).warm()).isZero();
    assertThat(schedule.at(at("2026-11-28T12:00:00")).warm()).isZero();
    assertThat(schedule.at(at("2026-11-28T12:00:00")).until()).isEqualTo(at("2026-11-30T08:30:00"));
  }

  @Test
  void window_thatEndsBeforeItBegins_isOverMidnight() {
    Schedule schedule = Schedule.weekly(BERLIN).closed("FRI", "22:00", "06:00");

    assertThat(schedule.at(at("2026-11-27T23:00:00")).closed()).isTrue();
    assertThat(schedule.at(at("2026-11-28T05:59:00")).closed()).isTrue();
    assertThat(schedule.at(at("2026-11-28T06:00:00")).closed()).isFalse();
    assertThat(schedule.at(at("2026-11-28T23:00:00")).closed()).isFalse();
  }

  @Test
  void closed_goesBeforeWarm_andTheLastIdleTimeoutCounts() {
    Schedule schedule =
        Schedule.weekly(BERLIN)
            .warm("daily", "00:00", "24:00", 1)
            .warm("daily", "10:00", "12:00", 3)
            .idleTimeout("daily", "10:00", "12:00", Duration.ofMinutes(1))
            .idleTimeout("daily", "11:00", "12:00", Duration.ofMinutes(2))
            .closed("daily", "11:30", "11:45");

    assertThat(schedule.at(at("2026-11-25T09:00:00")).warm()).isEqualTo(1);
    assertThat(schedule.at(at("2026-11-25T10:00:00")).warm()).isEqualTo(3);
    assertThat(schedule.at(at("2026-11-25T11:00:00")).idleTimeout())
        .isEqualTo(Duration.ofMinutes(2));
    assertThat(schedule.at(at("2026-11-25T11:30:00")).warm()).isZero();
    assertThat(schedule.mostWarm()).isEqualTo(3);
  }

  @Test
  void opensAt_isTheEndOfAllClosedWindowsInARow() {
    Schedule schedule =
        Schedule.weekly(BERLIN)
            .closed("SAT,SUN", "00:00", "24:00")
            .closed("MON", "00:00", "08:30")
            .closed("FRI", "20:00", "24:00");

    assertThat(schedule.opensAt(at("2026-11-27T21:00:00"))).isEqualTo(at("2026-11-30T08:30:00"));
    assertThat(schedule.opensAt(at("2026-11-25T21:00:00"))).isEqualTo(at("2026-11-25T21:00:00"));
    assertThat(
            Schedule.weekly(BERLIN)
                .closed("daily", "00:00", "24:00")
                .opensAt(at("2026-11-25T21:00:00")))
        .isNull();
  }

  @Test
  void days_areReadAndWritten() {
    Window window = Window.parse("fri-mon, WED", "00:00", "24:00", new Rule.Closed());

    assertThat(window.days())
        .containsExactly(
            DayOfWeek.MONDAY,
            DayOfWeek.WEDNESDAY,
            DayOfWeek.FRIDAY,
            DayOfWeek.SATURDAY,
            DayOfWeek.SUNDAY);
    assertThat(window.daysText()).isEqualTo("MON,WED,FRI-SUN");
    assertThat(Window.parse(window.daysText(), "00:00", "24:00", new Rule.Closed()))
        .isEqualTo(window);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "MO", "MON-", "MON-TUE-WED", "weekend", "MON;TUE"})
  void days_thatAreNone_areRefused(String days) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.weekly(BERLIN).closed(days, "00:00", "24:00"))
        .withMessageContaining("days must be such as MON-FRI");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "8:30", "24:01", "25:00", "08:30:01", "noon"})
  void times_thatAreNone_areRefused(String time) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.weekly(BERLIN).closed("MON", "00:00", time));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.weekly(BERLIN).closed("MON", "24:00", "08:00"));
  }

  @Test
  void warm_aboveTheMaximum_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                DeploymentSpec.builder("voice")
                    .port(8080)
                    .schedule(Schedule.weekly(BERLIN).warm("MON", "08:00", "09:00", 2))
                    .build())
        .withMessageContaining("keeps 2 instances warm, but maxInstances is 1");
  }

  /**
   * Every window of ten years: it begins at the first minute at which the clock, as java.time tells
   * it, shows its time or a later one of that day, and ends likewise. Among the zones are one whose
   * summer time is half an hour, one that sets its clocks at midnight, and one without.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "Asia/Tokyo"
      })
  void windows_ofTenYears_areAsTheClockShowsThem(String name) {
    ZoneId zone = ZoneId.of(name);
    List<Window> windows =
        List.of(
            Window.parse("MON-FRI", "08:30", "18:00", new Rule.Closed()),
            Window.parse("daily", "00:00", "24:00", new Rule.Closed()),
            Window.parse("daily", "00:15", "01:45", new Rule.Closed()),
            Window.parse("daily", "01:45", "02:30", new Rule.Closed()),
            Window.parse("SAT,SUN", "22:00", "02:15", new Rule.Closed()));
    for (Window window : windows) {
      Instant cursor = LocalDate.of(2020, 1, 1).atStartOfDay(zone).toInstant();
      for (LocalDate day = LocalDate.of(2020, 1, 1); day.getYear() < 2030; day = day.plusDays(1)) {
        if (!window.days().contains(day.getDayOfWeek())) {
          continue;
        }
        boolean nextDay = !window.to().isAfter(window.from());
        Instant from = firstMinute(zone, day.atTime(window.from()));
        Instant to = firstMinute(zone, (nextDay ? day.plusDays(1) : day).atTime(window.to()));
        if (!to.isAfter(from)) {
          continue; // its times are all skipped on that day
        }
        Instant looked = cursor.isAfter(from) ? from : cursor;
        assertThat(window.currentOrNext(zone, looked))
            .as("%s on %s in %s", window, day, zone)
            .isEqualTo(new Period(from, to));
        assertThat(window.currentOrNext(zone, to.minusNanos(1)))
            .as("the end of %s on %s in %s", window, day, zone)
            .isEqualTo(new Period(from, to));
        cursor = to;
      }
    }
  }

  /** Looks at the clock minute by minute, beginning well before. */
  private static Instant firstMinute(ZoneId zone, LocalDateTime wanted) {
    Instant minute = wanted.minusHours(3).atZone(zone).toInstant().truncatedTo(ChronoUnit.MINUTES);
    while (minute.atZone(zone).toLocalDateTime().isBefore(wanted)) {
      LocalDateTime shown = minute.atZone(zone).toLocalDateTime();
      long left = ChronoUnit.MINUTES.between(shown, wanted);
      minute = minute.plus(left > 200 ? left - 200 : 1, ChronoUnit.MINUTES);
    }
    return minute;
  }

  private static Instant at(String local) {
    return LocalDateTime.parse(local).atZone(BERLIN).toInstant();
  }

  @Test
  void times_areWholeMinutes() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new Window(
                    List.of(DayOfWeek.MONDAY),
                    LocalTime.of(8, 0, 1),
                    LocalTime.NOON,
                    new Rule.Closed()));
  }
}
