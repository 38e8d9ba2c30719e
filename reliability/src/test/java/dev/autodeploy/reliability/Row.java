package dev.autodeploy.reliability;

import java.time.Duration;
import java.util.Locale;

/** One line of the table. */
record Row(
    String test,
    int rounds,
    int requests,
    int answered,
    int told,
    int lost,
    int leaked,
    Duration longest) {

  static final String HEAD =
      """
      | test | rounds | requests | answered | told | lost | leaked instances | longest hang |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      """;

  private static final Duration LIMIT = Duration.ofSeconds(30);

  static Row of(String test, int rounds, Tally tally, int leaked) {
    return new Row(
        test,
        rounds,
        tally.requests(),
        tally.answered(),
        tally.count(Outcome.Kind.TOLD),
        tally.count(Outcome.Kind.LOST),
        leaked,
        tally.longest());
  }

  /** A service that serves nothing loses nothing, so every round is to have had an answer. */
  boolean good() {
    return answered >= Math.max(1, rounds)
        && lost == 0
        && leaked == 0
        && longest.compareTo(LIMIT) < 0;
  }

  String line() {
    return String.format(
        Locale.ROOT,
        "| %s | %d | %d | %d | %d | %d | %d | %.1f s |%n",
        test,
        rounds,
        requests,
        answered,
        told,
        lost,
        leaked,
        longest.toMillis() / 1000.0);
  }
}
