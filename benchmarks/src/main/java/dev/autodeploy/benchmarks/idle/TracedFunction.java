package dev.autodeploy.benchmarks.idle;

import dev.autodeploy.replay.Traffic;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * One function of the Azure Functions trace of 2019: its calls by minute of a day, and how long
 * they take on average.
 *
 * @param minutes the number of calls in each minute
 * @param busy how long a call takes
 */
record TracedFunction(List<Integer> minutes, Duration busy) {
  private static final int FIRST_MINUTE_COLUMN = 3;
  private static final int AVERAGE_COLUMN = 3;
  private static final Instant MIDNIGHT = Instant.parse("2019-07-15T00:00:00Z");

  /** Reads {@code invocations-per-minute.csv.gz} and {@code durations.csv} of a directory. */
  static List<TracedFunction> read(Path directory) throws IOException {
    Map<String, Duration> durations = new HashMap<>();
    try (Stream<String> lines = Files.lines(directory.resolve("durations.csv"))) {
      lines
          .skip(1)
          .map(line -> line.split(",", -1))
          .forEach(
              fields ->
                  durations.put(
                      fields[0],
                      Duration.ofMillis(Math.max(1, Long.parseLong(fields[AVERAGE_COLUMN])))));
    }
    List<TracedFunction> functions = new ArrayList<>();
    Path invocations = directory.resolve("invocations-per-minute.csv.gz");
    try (BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(
                    new GZIPInputStream(Files.newInputStream(invocations)),
                    StandardCharsets.UTF_8));
        Stream<String> lines = reader.lines()) {
      lines
          .skip(1)
          .map(line -> line.split(",", -1))
          .forEach(
              fields ->
                  functions.add(
                      new TracedFunction(
                          minutes(fields),
                          durations.getOrDefault(fields[0], Duration.ofSeconds(1)))));
    }
    return functions;
  }

  private static List<Integer> minutes(String[] fields) {
    return Stream.of(fields)
        .skip(FIRST_MINUTE_COLUMN)
        .map(value -> value.isEmpty() ? 0 : Integer.parseInt(value))
        .toList();
  }

  /** Returns the day with its second half first: what is learned from that is the other half. */
  TracedFunction halvesExchanged() {
    int half = minutes.size() / 2;
    List<Integer> exchanged = new ArrayList<>(minutes.subList(half, minutes.size()));
    exchanged.addAll(minutes.subList(0, half));
    return new TracedFunction(exchanged, busy);
  }

  /** Returns the calls, those of a minute spread evenly over it. */
  Traffic traffic() {
    Traffic.Builder builder = Traffic.builder().from(MIDNIGHT).until(moment(minutes.size()));
    for (int minute = 0; minute < minutes.size(); minute++) {
      for (int call = 0; call < minutes.get(minute); call++) {
        builder.add(moment(minute + (call + 0.5) / minutes.get(minute)), busy);
      }
    }
    return builder.build();
  }

  static Instant moment(double minutes) {
    return MIDNIGHT.plusMillis(Math.round(minutes * 60_000));
  }
}
