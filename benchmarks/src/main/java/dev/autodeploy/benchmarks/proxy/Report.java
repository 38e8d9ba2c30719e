package dev.autodeploy.benchmarks.proxy;

import dev.autodeploy.benchmarks.proxy.Sample.Load;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The tables of a run, in Markdown. */
final class Report {
  private static final String DIRECT = "direct";

  private final List<Sample> samples;
  private final List<Load> loads;
  private final List<String> candidates;

  Report(List<Sample> samples) {
    this.samples = List.copyOf(samples);
    loads = samples.stream().map(Sample::load).distinct().toList();
    candidates = samples.stream().map(Sample::candidate).distinct().toList();
  }

  /** Returns the text. */
  String markdown() {
    StringBuilder text = new StringBuilder();
    loads.forEach(load -> load(load, text));
    for (String ours : candidates) {
      if (isOurs(ours)) {
        compare(ours, text);
      }
    }
    goals(text);
    return text.toString();
  }

  private static boolean isOurs(String candidate) {
    return candidate.startsWith("ours-") || candidate.startsWith("netty-");
  }

  private void load(Load load, StringBuilder text) {
    text.append("**").append(load).append("**\n\n");
    row(
        text,
        List.of(
            "proxy", "req/s", "of direct", "p50 ms", "p99 ms", "CPU us/req", "RSS MB", "errors"));
    row(text, List.of("---", "--:", "--:", "--:", "--:", "--:", "--:", "--:"));
    for (String candidate : candidates) {
      List<Sample> mine = of(load, candidate);
      row(
          text,
          List.of(
              name(candidate),
              String.format(Locale.ROOT, "%.0f", median(mine, Sample::requestsPerSecond)),
              String.format(
                  Locale.ROOT, "%.2f", ratio(load, candidate, DIRECT, Sample::requestsPerSecond)),
              String.format(Locale.ROOT, "%.2f", median(mine, Sample::medianMillis)),
              String.format(Locale.ROOT, "%.1f", median(mine, Sample::p99Millis)),
              String.format(Locale.ROOT, "%.1f", median(mine, Sample::cpuMicros)),
              String.format(Locale.ROOT, "%.0f", median(mine, Sample::residentKib) / 1024),
              String.format(Locale.ROOT, "%d", mine.stream().mapToLong(Sample::errors).sum())));
    }
    text.append('\n');
  }

  private void compare(String ours, StringBuilder text) {
    text.append("**").append(name(ours)).append(" against each**: requests per second");
    text.append(" (CPU per request), median of the rounds' ratios\n\n");
    List<String> cells = new ArrayList<>(List.of("against"));
    loads.forEach(load -> cells.add(load.toString()));
    row(text, cells);
    row(text, cells.stream().map(cell -> cell.equals("against") ? "---" : "--:").toList());
    for (String other : candidates) {
      if (isOurs(other)) {
        continue;
      }
      cells.clear();
      cells.add(name(other));
      for (Load load : loads) {
        String rate =
            String.format(Locale.ROOT, "%.2f", ratio(load, ours, other, Sample::requestsPerSecond));
        cells.add(
            other.equals(DIRECT)
                ? rate
                : rate
                    + String.format(
                        Locale.ROOT, " (%.2f)", ratio(load, ours, other, Sample::cpuMicros)));
      }
      row(text, cells);
    }
    text.append('\n');
  }

  private void goals(StringBuilder text) {
    List<String> lines = new ArrayList<>();
    goal(lines, "ours-25", "jetty", "100", 32, 1.0);
    goal(lines, "ours-25", "caddy", "64k", 32, 1.0);
    goal(lines, "ours-25", "caddy", "1m", 32, 1.0);
    goal(lines, "ours-17", "caddy", "100", 32, 1.2);
    goal(lines, "ours-17", "caddy", "64k", 32, 0.9);
    goal(lines, "ours-17", "caddy", "1m", 32, 0.9);
    goal(lines, "ours-25", "gateway", "100", 32, 1.0);
    goal(lines, "ours-17", "gateway", "100", 32, 1.0);
    for (String front : List.of("netty-25", "netty-17")) {
      for (int connections : new int[] {32, 256}) {
        goal(lines, front, "nginx", "100", connections, 0.95);
        goal(lines, front, "nginx", "64k", connections, 0.95);
        goal(lines, front, "nginx", "1m", connections, 1.2);
        goal(lines, front, "undertow", "100", connections, 1.05);
        goal(lines, front, "undertow", "64k", connections, 1.05);
        goal(lines, front, "undertow", "1m", connections, 1.05);
      }
    }
    if (lines.isEmpty()) {
      return;
    }
    text.append("**Goals**\n\n");
    row(text, List.of("goal", "at least", "measured", ""));
    row(text, List.of("---", "--:", "--:", "---"));
    lines.forEach(line -> text.append(line).append('\n'));
  }

  private void goal(
      List<String> lines, String ours, String other, String body, int connections, double least) {
    Load load = new Load(body, connections);
    if (of(load, ours).isEmpty() || of(load, other).isEmpty()) {
      return;
    }
    double measured = ratio(load, ours, other, Sample::requestsPerSecond);
    lines.add(
        String.format(
            Locale.ROOT,
            "| %s against %s, %s | %s | %.2f | %s |",
            name(ours),
            name(other),
            load,
            least,
            measured,
            measured >= least ? "reached" : "**missed**"));
  }

  /** Ratios are taken round by round, since the machine may be faster in one than in another. */
  private double ratio(Load load, String one, String other, ToDoubleFunction<Sample> figure) {
    List<Sample> mine = of(load, one);
    List<Sample> theirs = of(load, other);
    List<Double> ratios = new ArrayList<>();
    for (Sample sample : mine) {
      for (Sample base : theirs) {
        if (base.round() == sample.round()) {
          ratios.add(figure.applyAsDouble(sample) / figure.applyAsDouble(base));
        }
      }
    }
    return median(ratios);
  }

  private List<Sample> of(Load load, String candidate) {
    return samples.stream()
        .filter(sample -> sample.load().equals(load) && sample.candidate().equals(candidate))
        .toList();
  }

  private static double median(List<Sample> samples, ToDoubleFunction<Sample> figure) {
    return median(samples.stream().map(figure::applyAsDouble).toList());
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int half = sorted.size() / 2;
    return sorted.isEmpty()
        ? Double.NaN
        : sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  private static String name(String candidate) {
    return switch (candidate) {
      case DIRECT -> "direct to the backend";
      case "nginx" -> "nginx";
      case "haproxy" -> "HAProxy";
      case "caddy" -> "Caddy";
      case "jetty" -> "Jetty";
      case "undertow" -> "Undertow";
      case "gateway" -> "Spring Cloud Gateway";
      case "okhttp" -> "bare JDK 25 server, OkHttp";
      case "apache" -> "bare JDK 25 server, Apache HttpClient";
      case "ours-25" -> "ours, JDK 25";
      case "ours-17" -> "ours, JDK 17";
      case "netty-25" -> "ours on Netty, JDK 25";
      case "netty-17" -> "ours on Netty, JDK 17";
      default -> candidate;
    };
  }

  private static void row(StringBuilder text, List<String> cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }
}
