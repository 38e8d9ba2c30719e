package dev.autodeploy.internal.util;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/** Checks of arguments. An error names the parameter, the value and the range with its unit. */
public final class Arguments {

  private Arguments() {}

  /**
   * Returns a number that is in a range.
   *
   * @param parameter its name
   * @param value the number
   * @param min the least that is allowed
   * @param max the most; {@code Integer.MAX_VALUE} is called unlimited
   * @param unit what follows each number in the message, or an empty text
   * @return the number
   */
  public static int inRange(String parameter, int value, int min, int max, String unit) {
    if (value < min || value > max) {
      String most = max == Integer.MAX_VALUE ? "unlimited" : String.valueOf(max);
      throw new IllegalArgumentException(
          parameter + " must be " + min + " to " + most + unit + ", but was " + value + unit);
    }
    return value;
  }

  /**
   * Returns a duration that is in a range.
   *
   * @param parameter its name
   * @param value the duration
   * @param min the shortest that is allowed
   * @param max the longest
   * @return the duration
   */
  public static Duration inRange(String parameter, Duration value, Duration min, Duration max) {
    requireNonNull(value, parameter);
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      String range = Durations.text(min) + " to " + Durations.text(max);
      throw new IllegalArgumentException(
          parameter + " must be " + range + ", but was " + Durations.text(value));
    }
    return value;
  }

  /**
   * Returns a duration that is not negative.
   *
   * @param parameter its name
   * @param value the duration
   * @return the duration
   */
  public static Duration notNegative(String parameter, Duration value) {
    requireNonNull(value, parameter);
    if (value.isNegative()) {
      throw new IllegalArgumentException(
          parameter + " must be 0 or longer, but was " + Durations.text(value));
    }
    return value;
  }

  /**
   * Returns a duration that is longer than 0.
   *
   * @param parameter its name
   * @param value the duration
   * @return the duration
   */
  public static Duration positive(String parameter, Duration value) {
    requireNonNull(value, parameter);
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(
          parameter + " must be longer than 0, but was " + Durations.text(value));
    }
    return value;
  }

  /**
   * Returns a duration that is long enough.
   *
   * @param parameter its name
   * @param value the duration
   * @param min the shortest that is allowed
   * @return the duration
   */
  public static Duration atLeast(String parameter, Duration value, Duration min) {
    requireNonNull(value, parameter);
    if (value.compareTo(min) < 0) {
      throw new IllegalArgumentException(
          parameter
              + " must be "
              + Durations.text(min)
              + " or longer, but was "
              + Durations.text(value));
    }
    return value;
  }

  /**
   * Returns a number that is in a range.
   *
   * @param parameter its name
   * @param value the number
   * @param min the least that is allowed
   * @param max the most
   * @return the number
   */
  public static long inRange(String parameter, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          parameter + " must be " + min + " to " + max + ", but was " + value);
    }
    return value;
  }

  /**
   * Returns a number that is in a range.
   *
   * @param parameter its name
   * @param value the number
   * @param min the least that is allowed
   * @param max the most
   * @return the number
   */
  public static int inRange(String parameter, int value, int min, int max) {
    return inRange(parameter, value, min, max, "");
  }

  /**
   * Returns a number that is large enough.
   *
   * @param parameter its name
   * @param value the number
   * @param min the least that is allowed
   * @return the number
   */
  public static int atLeast(String parameter, int value, int min) {
    return (int) atLeast(parameter, (long) value, min, "");
  }

  /**
   * Returns a number that is large enough.
   *
   * @param parameter its name
   * @param value the number
   * @param min the least that is allowed
   * @param unit what follows each number in the message, or an empty text
   * @return the number
   */
  public static long atLeast(String parameter, long value, long min, String unit) {
    if (value < min) {
      throw new IllegalArgumentException(
          parameter + " must be " + min + unit + " or more, but was " + value + unit);
    }
    return value;
  }

  /**
   * Returns a text that is not blank and has no NUL.
   *
   * @param parameter its name
   * @param value the text
   * @return the text
   */
  public static String notBlank(String parameter, String value) {
    requireNonNull(value, parameter);
    if (value.isBlank() || value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(parameter + " must not be blank or contain NUL");
    }
    return value;
  }
}
