package dev.autodeploy.examples.whatif;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.replay.CostReplay;
import dev.autodeploy.replay.ReplayResult;
import dev.autodeploy.replay.Traffic;
import dev.autodeploy.replay.TrafficFormatException;
import dev.autodeploy.replay.TrafficReader;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Says what the requests of an access log would have cost with scale-to-zero: a table. */
public final class WhatIfMain {
  private final PrintStream out;
  private final PrintStream err;

  WhatIfMain(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /**
   * Runs the program; ends with 1 if the file cannot be read, and with 2 if an argument is wrong.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    int status = new WhatIfMain(out, System.err).run(List.of(args));
    if (status != 0) {
      System.exit(status);
    }
  }

  int run(List<String> arguments) {
    WhatIfOptions options;
    try {
      options = WhatIfOptions.parse(arguments);
    } catch (IllegalArgumentException e) {
      err.println("whatif: " + e.getMessage() + "; see --help");
      return 2;
    }
    Path file = options.file();
    if (file == null) {
      out.print(WhatIfOptions.USAGE);
      return 0;
    }
    Traffic traffic;
    try {
      traffic = read(options, file);
    } catch (IOException e) {
      err.println("whatif: cannot read " + file + ": " + e);
      return 1;
    } catch (TrafficFormatException e) {
      err.println("whatif: " + e.getMessage());
      err.println("--skip-unreadable skips them; --format says what kind of file it is.");
      return 1;
    }
    if (traffic.size() == 0) {
      err.println("whatif: there is no request in " + file + " that counts");
      return 1;
    }
    print(options, traffic);
    return 0;
  }

  private Traffic read(WhatIfOptions options, Path file) throws IOException {
    TrafficReader reader = options.csv() ? TrafficReader.csv() : TrafficReader.accessLog();
    reader = reader.busy(options.busy()).path(options.path());
    if (options.skipUnreadable()) {
      reader = reader.skipUnreadable(problem -> err.println("skipped " + problem));
    }
    return reader.read(file);
  }

  private void print(WhatIfOptions options, Traffic traffic) {
    DeploymentSpec.Builder spec =
        DeploymentSpec.builder("whatif")
            .startCommand("none")
            .port(8080)
            .maxPending(100_000)
            .maxInstances(options.maxInstances());
    if (options.concurrency() > 0) {
      spec.concurrency(options.concurrency());
    }
    CostReplay replay =
        CostReplay.of(traffic)
            .spec(spec.build())
            .costMeter(CostMeter.perHour(options.pricePerHour().amount().toPlainString(), "USD"))
            .startDuration(options.start());
    Map<String, CostReplay> rows = new LinkedHashMap<>();
    for (int minutes : new int[] {1, 2, 5, 10, 20, 30, 60}) {
      IdlePolicy policy = IdlePolicy.after(Duration.ofMinutes(minutes));
      rows.put("idle " + minutes + " min", replay.idlePolicy(policy));
    }
    rows.put("adaptive", replay.idlePolicy(IdlePolicy.adaptive()));
    rows.put("always on", replay.alwaysOn());
    ReplayResult always = replay.alwaysOn().run();
    out.printf(
        Locale.ROOT,
        "%,d requests from %s until %s; %s an hour, a start takes %s%n%n",
        traffic.size(),
        traffic.from(),
        traffic.until(),
        options.pricePerHour(),
        text(options.start()));
    String format = "%-12s %14s %8s %10s %12s %10s %10s%n";
    out.printf(format, "policy", "cost", "saved", "hours", "cold starts", "wait p50", "wait p95");
    rows.forEach((name, row) -> print(format, name, row.run(), always));
    if (traffic.size() > 1 && always.requests() == 0) {
      out.println("No request was served; see --max-instances and --concurrency.");
    }
  }

  private void print(String format, String name, ReplayResult result, ReplayResult always) {
    double whole = always.cost().amount().doubleValue();
    double saved = whole == 0 ? 0 : 100 * (1 - result.cost().amount().doubleValue() / whole);
    out.printf(
        Locale.ROOT,
        format,
        name,
        String.format(Locale.ROOT, "%,.2f %s", result.cost().amount(), result.cost().currency()),
        String.format(Locale.ROOT, "%.0f %%", saved),
        String.format(Locale.ROOT, "%.1f", result.instanceTime().toSeconds() / 3600.0),
        result.coldStarts(),
        text(result.waitP50()),
        text(result.waitP95()));
    if (result.refused() > 0) {
      out.println("  (" + result.refused() + " requests found the queue full)");
    }
  }

  private static String text(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }
}
