package dev.autodeploy.benchmarks.gpus;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * The calls of ten functions on one day of the Azure Functions trace of 2019, whose calls are
 * counted by minute: within a minute they are spread evenly.
 */
final class Arrivals {
  static final int FUNCTIONS = 10;

  private static final int FIRST_MINUTE_COLUMN = 3;
  private static final int LEAST = 50;
  private static final int MOST = 2000;
  private static final double MINUTE = 60;

  /**
   * One call.
   *
   * @param at when, in seconds of the day
   * @param function of which function, from 0
   */
  record Arrival(double at, int function) {}

  private Arrivals() {}

  /** Reads {@code invocations-per-minute.csv.gz}. */
  static List<Arrival> read(Path trace) throws IOException {
    List<int[]> fitting = new ArrayList<>();
    try (BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(
                    new GZIPInputStream(Files.newInputStream(trace)), StandardCharsets.UTF_8));
        Stream<String> lines = reader.lines()) {
      lines
          .skip(1)
          .map(Arrivals::minutes)
          .filter(minutes -> sum(minutes) >= LEAST && sum(minutes) <= MOST)
          .forEach(fitting::add);
    }
    fitting.sort(Comparator.comparingInt(Arrivals::sum));
    List<Arrival> arrivals = new ArrayList<>();
    for (int function = 0; function < FUNCTIONS; function++) {
      // Evenly by how often they are called, the rarest and the most frequent among them.
      add(arrivals, function, fitting.get(function * (fitting.size() - 1) / (FUNCTIONS - 1)));
    }
    arrivals.sort(Comparator.comparingDouble(Arrival::at).thenComparingInt(Arrival::function));
    return arrivals;
  }

  private static int[] minutes(String line) {
    return Stream.of(line.split(",", -1))
        .skip(FIRST_MINUTE_COLUMN)
        .mapToInt(value -> value.isEmpty() ? 0 : Integer.parseInt(value))
        .toArray();
  }

  private static int sum(int[] minutes) {
    return Stream.of(minutes).flatMapToInt(java.util.Arrays::stream).sum();
  }

  private static void add(List<Arrival> arrivals, int function, int[] minutes) {
    for (int minute = 0; minute < minutes.length; minute++) {
      for (int call = 0; call < minutes[minute]; call++) {
        double at = (minute + (call + 0.5) / minutes[minute]) * MINUTE;
        arrivals.add(new Arrival(at, function));
      }
    }
  }
}
