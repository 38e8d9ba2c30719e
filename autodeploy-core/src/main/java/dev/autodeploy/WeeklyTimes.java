package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.Schedule.Period;
import dev.autodeploy.Schedule.Window;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.time.zone.ZoneOffsetTransition;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** The days and times of weekly windows: in words, and as moments. */
final class WeeklyTimes {
  private static final DayOfWeek[] DAYS = DayOfWeek.values();

  /** A week, and a day on each side, as a window may be over midnight, and a day be skipped. */
  private static final int DAYS_BEFORE = 2;

  private static final int DAYS_AFTER = 8;

  private WeeklyTimes() {}

  static void wholeMinutes(LocalTime time) {
    if (time.getSecond() != 0 || time.getNano() != 0) {
      throw new IllegalArgumentException(
          "the times of a schedule are whole minutes, such as 08:30, but one is " + time);
    }
  }

  /** Reads days such as {@code MON-FRI} or {@code SAT,SUN}. */
  static List<DayOfWeek> days(String text) {
    requireNonNull(text, "days");
    Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
    String given = text.strip().toUpperCase(Locale.ROOT);
    if (given.equals("DAILY")) {
      return List.of(DAYS);
    }
    for (String part : given.split(",", -1)) {
      String[] ends = part.strip().split("-", -1);
      DayOfWeek day = day(ends[0], text);
      DayOfWeek last = ends.length == 1 ? day : day(ends[1], text);
      if (ends.length > 2) {
        throw badDays(text);
      }
      for (; day != last; day = day.plus(1)) {
        days.add(day);
      }
      days.add(last);
    }
    return List.copyOf(days);
  }

  private static DayOfWeek day(String name, String text) {
    String wanted = name.strip();
    for (DayOfWeek day : DAYS) {
      if (wanted.equals(day.name()) || wanted.equals(shortName(day))) {
        return day;
      }
    }
    throw badDays(text);
  }

  private static IllegalArgumentException badDays(String text) {
    return new IllegalArgumentException(
        "days must be such as MON-FRI, SAT,SUN or daily, but were '" + text + "'");
  }

  private static String shortName(DayOfWeek day) {
    return day.name().substring(0, 3);
  }

  /** Writes days as they are read: three and more in a row as a range. */
  static String text(List<DayOfWeek> days) {
    StringJoiner text = new StringJoiner(",");
    for (int i = 0; i < days.size(); i++) {
      int last = i;
      while (last + 1 < days.size() && days.get(last + 1) == days.get(last).plus(1)) {
        last++;
      }
      if (last - i >= 2) {
        text.add(shortName(days.get(i)) + "-" + shortName(days.get(last)));
        i = last;
      } else {
        text.add(shortName(days.get(i)));
      }
    }
    return text.toString();
  }

  /** Reads a time such as {@code 08:30}; an end may be {@code 24:00}. */
  static LocalTime time(String text, boolean end) {
    requireNonNull(text, end ? "to" : "from");
    String given = text.strip();
    if (end && given.equals("24:00")) {
      return LocalTime.MIDNIGHT;
    }
    try {
      if (given.length() == 5) {
        return LocalTime.parse(given);
      }
    } catch (DateTimeParseException e) {
      // told below
    }
    throw new IllegalArgumentException(
        "the times of a schedule are such as 08:30"
            + (end ? " or 24:00" : "")
            + ", but one is '"
            + text
            + "'");
  }

  /** Returns the period in which a moment is, or else the next one; null if there is none. */
  static @Nullable Period currentOrNext(Window window, ZoneId zone, Instant moment) {
    LocalDate today = moment.atZone(zone).toLocalDate();
    for (int i = -DAYS_BEFORE; i <= DAYS_AFTER; i++) {
      LocalDate date = today.plusDays(i);
      if (window.days().contains(date.getDayOfWeek())) {
        Period period = period(window, zone, date);
        if (period.to().isAfter(moment) && period.to().isAfter(period.from())) {
          return period;
        }
      }
    }
    return null;
  }

  private static Period period(Window window, ZoneId zone, LocalDate date) {
    LocalDate end = window.to().isAfter(window.from()) ? date : date.plusDays(1);
    return new Period(
        first(zone, date.atTime(window.from())), first(zone, end.atTime(window.to())));
  }

  /** Returns the first moment at which a zone's clock shows a time, or skips it. */
  private static Instant first(ZoneId zone, LocalDateTime time) {
    List<ZoneOffset> offsets = zone.getRules().getValidOffsets(time);
    if (offsets.isEmpty()) {
      ZoneOffsetTransition gap = zone.getRules().getTransition(time);
      return gap.getInstant();
    }
    return time.toInstant(offsets.get(0));
  }
}
