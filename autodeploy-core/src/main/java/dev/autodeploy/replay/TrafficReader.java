package dev.autodeploy.replay;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.replay.AccessLogLine;
import dev.autodeploy.internal.replay.BoundedLines;
import dev.autodeploy.internal.replay.CsvLine;
import dev.autodeploy.internal.replay.TrafficLine;
import dev.autodeploy.internal.util.Arguments;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads requests of the past from a file, also from one that gzip has compressed. Immutable and
 * thread-safe: each setter returns another one.
 */
public final class TrafficReader {
  /** A request is taken to last so long where the file does not say it. */
  private static final Duration USUAL_BUSY = Duration.ofSeconds(1);

  private static final int MOST_PROBLEMS = 1000;
  private static final int MOST_REQUESTS = 100_000_000;

  /** The most text, decompressed: more than so many requests have. */
  private static final long MOST_CHARACTERS = 64L << 30;

  private final TrafficLine format;
  private final Duration busy;
  private final String path;
  private final @Nullable Consumer<String> skipped;

  private TrafficReader(
      TrafficLine format, Duration busy, String path, @Nullable Consumer<String> skipped) {
    this.format = format;
    this.busy = busy;
    this.path = path;
    this.skipped = skipped;
  }

  /**
   * Returns a reader of access logs in the common or combined format, as nginx and Apache write
   * them. A number at the end of the line is how long the request took: with a decimal point in
   * seconds, as nginx's {@code $request_time}, whose lines tell when a request ended; without one
   * in microseconds, as Apache's {@code %D}, whose lines tell when it came.
   *
   * @return the reader
   */
  public static TrafficReader accessLog() {
    return new TrafficReader(new AccessLogLine(), USUAL_BUSY, "", null);
  }

  /**
   * Returns a reader of lines {@code time,busy}: a time of ISO 8601 with its zone or in seconds
   * since 1970, and optionally the seconds for which an instance was busy. A first line that begins
   * with {@code time} is a heading.
   *
   * @return the reader
   */
  public static TrafficReader csv() {
    return new TrafficReader(new CsvLine(), USUAL_BUSY, "", null);
  }

  /**
   * Sets how long a request keeps an instance busy whose line does not say it. Default: a second.
   *
   * @param duration the time, zero or longer
   * @return the reader
   */
  public TrafficReader busy(Duration duration) {
    return new TrafficReader(format, Arguments.notNegative("duration", duration), path, skipped);
  }

  /**
   * Sets the beginning of the paths that count, of access logs. Default: all do.
   *
   * @param prefix such as {@code /synthesize}
   * @return the reader
   */
  public TrafficReader path(String prefix) {
    return new TrafficReader(format, busy, requireNonNull(prefix, "prefix"), skipped);
  }

  /**
   * Skips lines that cannot be read. By default they are an error.
   *
   * @param problem is told of each, with the line's number
   * @return the reader
   */
  public TrafficReader skipUnreadable(Consumer<String> problem) {
    return new TrafficReader(format, busy, path, requireNonNull(problem, "problem"));
  }

  /**
   * Reads a file; one whose name ends with {@code .gz} is decompressed. A line of more than 65,536
   * characters cannot be read; of a file at most 100 million requests and 64 GiB of text can.
   *
   * @param file the file
   * @return its requests
   * @throws IOException if the file cannot be read, or is too large
   * @throws TrafficFormatException if lines of it cannot, and are not skipped
   */
  public Traffic read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file);
        InputStream plain = file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in;
        // No byte is an error: what strangers send to a server is in its log as it came.
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(plain, StandardCharsets.ISO_8859_1))) {
      return read(reader, file.toString());
    }
  }

  /**
   * Reads lines up to the end.
   *
   * @param lines the lines
   * @param name what errors call them
   * @return their requests
   * @throws IOException if they cannot be read, or are too many
   * @throws TrafficFormatException if lines cannot, and are not skipped
   */
  public Traffic read(BufferedReader lines, String name) throws IOException {
    Traffic.Builder builder = Traffic.builder();
    List<String> problems = new ArrayList<>();
    BoundedLines bounded = new BoundedLines(lines, MOST_CHARACTERS);
    int requests = 0;
    for (String line = bounded.next(); line != null; line = bounded.next()) {
      if (line.isBlank() || (bounded.number() == 1 && format.isHeading(line))) {
        continue;
      }
      try {
        if (bounded.isCut()) {
          throw new IllegalArgumentException(
              "it is longer than " + BoundedLines.LONGEST + " characters");
        }
        if (format.addTo(builder, line, busy, path) && ++requests > MOST_REQUESTS) {
          throw new IOException(name + " has more than 100 million requests: read it in parts");
        }
      } catch (IllegalArgumentException e) {
        String problem = "line " + bounded.number() + ": " + e.getMessage();
        if (skipped != null) {
          skipped.accept(problem);
        } else if (problems.size() < MOST_PROBLEMS) {
          problems.add(problem);
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new TrafficFormatException(name, problems);
    }
    return builder.build();
  }
}
