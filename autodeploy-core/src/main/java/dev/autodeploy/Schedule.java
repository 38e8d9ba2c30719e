package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weekly schedule of a deployment: windows in local time in which instances are kept warm,
 * another idle timeout is in force, or the deployment is closed. Immutable; each method returns
 * another schedule.
 *
 * <p>A window begins and ends when the clock of the zone first shows its time, or skips it. So in
 * the night in which clocks are set back a time that comes twice counts the first time, in the
 * night in which they are set forward one that does not come counts when it is skipped, and two
 * windows of which one ends when the other begins never overlap or leave a gap.
 *
 * <p>Where windows overlap, closed goes before all others; of the instances kept warm the largest
 * number counts, and of the idle timeouts the one that was added last.
 *
 * <pre>{@code
 * Schedule hours = Schedule.weekly(ZoneId.of("Europe/Berlin"))
 *     .warm("MON-FRI", "08:30", "18:00", 1)
 *     .idleTimeout("MON-FRI", "18:00", "22:00", Duration.ofMinutes(1))
 *     .closed("SAT,SUN", "00:00", "24:00");
 * }</pre>
 */
public final class Schedule {
  private static final int MOST_WINDOWS = 50;

  /** The longest look ahead, in changes: more than all windows of two weeks can make. */
  private static final int MOST_CHANGES = 2 * 7 * 2 * MOST_WINDOWS;

  private static final Duration LOOK_AHEAD = Duration.ofDays(15);

  private final ZoneId zone;
  private final List<Window> windows;

  private Schedule(ZoneId zone, List<Window> windows) {
    this.zone = zone;
    this.windows = List.copyOf(windows);
  }

  /**
   * Returns a schedule without windows.
   *
   * @param zone the zone in whose local time windows are given
   * @return the schedule
   */
  public static Schedule weekly(ZoneId zone) {
    return new Schedule(requireNonNull(zone, "zone"), List.of());
  }

  /**
   * Adds a window in which instances are kept warm, even without requests. They are started when it
   * begins, and released when it has ended and they have been idle for their timeout.
   *
   * @param days days on which it begins, such as {@code MON-FRI}, {@code SAT,SUN} or {@code daily}
   * @param from when it begins, {@code 00:00} to {@code 23:59}
   * @param to when it ends, up to {@code 24:00}; on the next day if that is not after {@code from}
   * @param instances how many, 1 to 1000 and at most {@code maxInstances}
   * @return the schedule with that window
   */
  public Schedule warm(String days, String from, String to, int instances) {
    return with(Window.parse(days, from, to, new Rule.Warm(instances)));
  }

  /**
   * Adds a window with an idle timeout of its own, in place of the idle policy.
   *
   * @param days days on which it begins, such as {@code MON-FRI}, {@code SAT,SUN} or {@code daily}
   * @param from when it begins, {@code 00:00} to {@code 23:59}
   * @param to when it ends, up to {@code 24:00}; on the next day if that is not after {@code from}
   * @param timeout 0 or longer
   * @return the schedule with that window
   */
  public Schedule idleTimeout(String days, String from, String to, Duration timeout) {
    return with(Window.parse(days, from, to, new Rule.Idle(timeout)));
  }

  /**
   * Adds a window in which the deployment is closed: requests are refused with {@link
   * DeploymentClosedException}, which says when it opens. Requests that came before are still
   * served; then the instances are released.
   *
   * @param days days on which it begins, such as {@code MON-FRI}, {@code SAT,SUN} or {@code daily}
   * @param from when it begins, {@code 00:00} to {@code 23:59}
   * @param to when it ends, up to {@code 24:00}; on the next day if that is not after {@code from}
   * @return the schedule with that window
   */
  public Schedule closed(String days, String from, String to) {
    return with(Window.parse(days, from, to, new Rule.Closed()));
  }

  /**
   * Adds a window.
   *
   * @param window the window
   * @return the schedule with that window
   * @throws IllegalArgumentException if there are 50 already
   */
  public Schedule with(Window window) {
    requireNonNull(window, "window");
    Arguments.inRange("schedule", windows.size() + 1, 1, MOST_WINDOWS, " windows");
    List<Window> more = new ArrayList<>(windows);
    more.add(window);
    return new Schedule(zone, more);
  }

  /**
   * Returns the zone in whose local time the windows are.
   *
   * @return the zone
   */
  public ZoneId zone() {
    return zone;
  }

  /**
   * Returns the windows.
   *
   * @return in the order in which they were added
   */
  public List<Window> windows() {
    return windows;
  }

  /**
   * Returns the most instances that any window keeps warm.
   *
   * @return the number, 0 if none does
   */
  public int mostWarm() {
    int most = 0;
    for (Window window : windows) {
      most = window.rule() instanceof Rule.Warm warm ? Math.max(most, warm.instances()) : most;
    }
    return most;
  }

  /**
   * Returns what is in force at a moment.
   *
   * @param moment the moment
   * @return what is in force, and until when at least
   */
  public State at(Instant moment) {
    requireNonNull(moment, "moment");
    boolean closed = false;
    int warm = 0;
    Duration idle = null;
    Instant until = null;
    for (Window window : windows) {
      Period period = window.currentOrNext(zone, moment);
      if (period == null) {
        continue;
      }
      boolean active = !moment.isBefore(period.from());
      Instant change = active ? period.to() : period.from();
      until = until == null || change.isBefore(until) ? change : until;
      if (active && window.rule() instanceof Rule.Closed) {
        closed = true;
      } else if (active && window.rule() instanceof Rule.Warm kept) {
        warm = Math.max(warm, kept.instances());
      } else if (active && window.rule() instanceof Rule.Idle other) {
        idle = other.timeout();
      }
    }
    return new State(closed, closed ? 0 : warm, idle, until);
  }

  /**
   * Returns when the deployment opens.
   *
   * @param moment a moment
   * @return the first moment from that one on at which it is not closed, or null if there is none
   *     within two weeks
   */
  public @Nullable Instant opensAt(Instant moment) {
    Instant at = requireNonNull(moment, "moment");
    Instant last = moment.plus(LOOK_AHEAD);
    for (int i = 0; i < MOST_CHANGES; i++) {
      State state = at(at);
      if (!state.closed()) {
        return at;
      }
      if (state.until() == null || state.until().isAfter(last)) {
        return null;
      }
      at = state.until();
    }
    return null;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Schedule that && zone.equals(that.zone) && windows.equals(that.windows);
  }

  @Override
  public int hashCode() {
    return 31 * zone.hashCode() + windows.hashCode();
  }

  /** Returns the windows in one line, for people. */
  @Override
  public String toString() {
    return zone + windows.toString();
  }

  /** A thing that a window does. */
  public sealed interface Rule {

    /**
     * Keeps instances warm.
     *
     * @param instances how many
     */
    record Warm(int instances) implements Rule {

      /**
       * Checks the number.
       *
       * @param instances how many, 1 to 1000
       */
      public Warm {
        Arguments.inRange("warm", instances, 1, 1000, " instances");
      }
    }

    /**
     * Sets the idle timeout.
     *
     * @param timeout the timeout
     */
    record Idle(Duration timeout) implements Rule {

      /**
       * Checks the timeout.
       *
       * @param timeout 0 or longer
       */
      public Idle {
        Arguments.notNegative("idleTimeout", timeout);
      }
    }

    /** Refuses requests. */
    record Closed() implements Rule {}
  }

  /**
   * A time in which a window is in force.
   *
   * @param from its beginning
   * @param to its end, exclusive
   */
  record Period(Instant from, Instant to) {}

  /**
   * A window that comes every week.
   *
   * @param days days on which it begins, in the order of the week
   * @param from local time at which it begins
   * @param to local time at which it ends; on the next day if that is not after {@code from}
   * @param rule what it does
   */
  public record Window(List<DayOfWeek> days, LocalTime from, LocalTime to, Rule rule) {

    /**
     * Checks the values.
     *
     * @param days at least one day; their order does not count
     * @param from local time at which it begins, whole minutes
     * @param to local time at which it ends, whole minutes
     * @param rule what it does
     */
    public Window {
      days = days.stream().distinct().sorted().toList();
      if (days.isEmpty()) {
        throw new IllegalArgumentException("a window of a schedule needs a day, such as MON");
      }
      WeeklyTimes.wholeMinutes(requireNonNull(from, "from"));
      WeeklyTimes.wholeMinutes(requireNonNull(to, "to"));
      requireNonNull(rule, "rule");
    }

    /**
     * Returns a window that is given in words.
     *
     * @param days such as {@code MON-FRI}, {@code SAT,SUN} or {@code daily}
     * @param from such as {@code 08:30}
     * @param to such as {@code 18:00} or {@code 24:00}
     * @param rule what it does
     * @return the window
     */
    public static Window parse(String days, String from, String to, Rule rule) {
      return new Window(
          WeeklyTimes.days(days), WeeklyTimes.time(from, false), WeeklyTimes.time(to, true), rule);
    }

    /**
     * Returns the days in words.
     *
     * @return such as {@code MON-FRI}
     */
    public String daysText() {
      return WeeklyTimes.text(days);
    }

    /**
     * Returns the end in words.
     *
     * @return such as {@code 18:00}, and {@code 24:00} for midnight
     */
    public String toText() {
      return to.equals(LocalTime.MIDNIGHT) ? "24:00" : to.toString();
    }

    /** Returns the period in which a moment is, or else the next one; null if there is none. */
    @Nullable Period currentOrNext(ZoneId zone, Instant moment) {
      return WeeklyTimes.currentOrNext(this, zone, moment);
    }

    /** Returns the window in words. */
    @Override
    public String toString() {
      return daysText() + " " + from + "-" + toText() + " " + rule;
    }
  }

  /**
   * A schedule at a moment.
   *
   * @param closed whether requests are refused
   * @param warm how many instances are kept, 0 while closed
   * @param idleTimeout the idle timeout in force, or null for that of the idle policy
   * @param until when a window begins or ends next, or null if none does
   */
  public record State(
      boolean closed, int warm, @Nullable Duration idleTimeout, @Nullable Instant until) {}
}
