package dev.autodeploy.examples.whatif;

import dev.autodeploy.Money;
import dev.autodeploy.examples.standin.DurationOption;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The command line of {@link WhatIfMain}.
 *
 * @param file the file of requests; null if only the usage is wanted
 * @param csv whether it is of lines {@code time,busy}, rather than an access log
 * @param pricePerHour the price of an instance for an hour
 * @param start how long a start takes
 * @param busy how long a request takes whose line does not say it
 * @param path the beginning of the paths that count
 * @param concurrency the requests that one instance serves at once; 0 for any number
 * @param maxInstances the instances that may exist at once
 * @param skipUnreadable whether lines that cannot be read are skipped
 */
record WhatIfOptions(
    @Nullable Path file,
    boolean csv,
    Money pricePerHour,
    Duration start,
    Duration busy,
    String path,
    int concurrency,
    int maxInstances,
    boolean skipUnreadable) {

  static final String USAGE =
      """
      Usage: examples/whatif FILE [OPTION]...
      Says what the requests of FILE would have cost with instances that are started when they
      come: an access log of nginx or Apache (common or combined format; how long each request
      took may stand at the end of the line), or a CSV file of lines 'time,busy seconds'. FILE
      may be compressed by gzip.

        --price AMOUNT           what an instance costs for an hour, in US dollars (0.49)
        --start DURATION         how long a start takes (60s)
        --busy DURATION          how long a request takes whose line does not say it (1s)
        --path PREFIX            count only requests whose path begins so (all)
        --concurrency NUMBER     requests that one instance serves at once, 0 for any number (0)
        --max-instances NUMBER   instances that may exist at once (1)
        --format FORMAT          log or csv (by the name: csv if it has .csv in it)
        --skip-unreadable        skip lines that cannot be read, rather than stop
        --help                   print this and exit

      A DURATION is a number and ms, s, m or h: 500ms, 60s, 5m.
      """;

  /**
   * Reads arguments.
   *
   * @throws IllegalArgumentException if one is unknown or its value is wrong; the message is fit
   *     for the user
   */
  static WhatIfOptions parse(List<String> arguments) {
    Path file = null;
    Boolean csv = null;
    Money price = Money.of("0.49", "USD");
    Duration start = Duration.ofSeconds(60);
    Duration busy = Duration.ofSeconds(1);
    String path = "";
    int concurrency = 0;
    int maxInstances = 1;
    boolean skip = false;
    for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
      String word = rest.next();
      switch (word) {
        case "--price" -> price = price(value(word, rest));
        case "--start" ->
            start = DurationOption.parse(word, value(word, rest), Duration.ofHours(1));
        case "--busy" -> busy = DurationOption.parse(word, value(word, rest), Duration.ofHours(1));
        case "--path" -> path = value(word, rest);
        case "--concurrency" -> concurrency = number(word, value(word, rest), 0, 100_000);
        case "--max-instances" -> maxInstances = number(word, value(word, rest), 1, 1000);
        case "--format" -> csv = isCsv(value(word, rest));
        case "--skip-unreadable" -> skip = true;
        case "--help", "-h" -> {
          return new WhatIfOptions(null, false, price, start, busy, path, 0, 1, false);
        }
        default -> {
          if (word.startsWith("-")) {
            throw new IllegalArgumentException("unknown option " + word);
          }
          if (file != null) {
            throw new IllegalArgumentException("give one FILE, not both " + file + " and " + word);
          }
          file = file(word);
        }
      }
    }
    if (file == null) {
      throw new IllegalArgumentException("give the FILE of the requests");
    }
    boolean named = file.toString().toLowerCase(Locale.ROOT).contains(".csv");
    return new WhatIfOptions(
        file, csv == null ? named : csv, price, start, busy, path, concurrency, maxInstances, skip);
  }

  private static String value(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return rest.next();
  }

  private static Path file(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("'" + text + "' is no name of a file", e);
    }
  }

  private static Money price(String text) {
    try {
      Money price = Money.of(text, "USD");
      if (price.amount().signum() >= 0) {
        return price;
      }
    } catch (IllegalArgumentException e) {
      // said below
    }
    throw new IllegalArgumentException(
        "--price is '" + text + "'; write an amount in US dollars for an hour, such as 0.49");
  }

  private static int number(String option, String text, int min, int max) {
    try {
      int number = Integer.parseInt(text);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        option + " is '" + text + "'; write a number from " + min + " to " + max);
  }

  private static boolean isCsv(String text) {
    return switch (text) {
      case "csv" -> true;
      case "log" -> false;
      default ->
          throw new IllegalArgumentException("--format is '" + text + "'; there are log and csv");
    };
  }
}
