package dev.autodeploy.jdbc;

import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;

/** Checks of settings that several classes have. */
final class StateNames {
  static final Duration SHORTEST_TERM = Duration.ofSeconds(1);
  static final Duration LONGEST_TERM = Duration.ofMinutes(5);

  private static final int LONGEST_NAME = 100;

  private StateNames() {}

  static String checked(String name) {
    Arguments.notBlank("name", name);
    if (name.length() > LONGEST_NAME) {
      throw new IllegalArgumentException(
          "name must be 1 to " + LONGEST_NAME + " characters, but has " + name.length());
    }
    return name;
  }
}
