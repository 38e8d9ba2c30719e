package dev.autodeploy.benchmarks.idle;

import dev.autodeploy.replay.CostReplay;
import dev.autodeploy.replay.ReplayResult;
import dev.autodeploy.replay.Traffic;
import dev.autodeploy.spi.IdlePolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Replays a day of the Azure Functions trace of 2019 with a timeout of 5 minutes and with the
 * adaptive idle policy, both as they are by default, on the whole and on halves.
 */
public final class IdlePolicyMain {
  private static final Duration START = Duration.ofSeconds(60);
  private static final IdlePolicy FIXED = IdlePolicy.after(IdlePolicy.DEFAULT_TIMEOUT);
  private static final double NOON = 720;
  private static final double GOAL = -15;

  private IdlePolicyMain() {}

  /** The sums of some functions with one policy. */
  private record Sums(double gpuHours, long coldStarts) {
    static Sums of(List<ReplayResult> results, IntPredicate counts) {
      double hours = 0;
      long cold = 0;
      for (int i = 0; i < results.size(); i++) {
        if (counts.test(i)) {
          hours += results.get(i).gpuTime().toMillis() / 3_600_000.0;
          cold += results.get(i).coldStarts();
        }
      }
      return new Sums(hours, cold);
    }
  }

  /**
   * Runs the benchmark.
   *
   * @param args the directory with the trace
   * @throws IOException if the trace cannot be read
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      System.err.println("Usage: benchmarks/run idle DIRECTORY");
      System.exit(2);
    }
    List<TracedFunction> day = TracedFunction.read(Path.of(args[0]));
    System.out.printf(
        "%d functions, %d calls, a start takes %d s%n%n",
        day.size(),
        day.stream().flatMap(f -> f.minutes().stream()).mapToLong(Integer::longValue).sum(),
        START.toSeconds());
    System.out.println(
        "| measured | GPU hours, 5 min | adaptive | | cold starts, 5 min | adaptive | |");
    System.out.println("|---|---:|---:|---:|---:|---:|---:|");
    List<ReplayResult> fixed = new ArrayList<>();
    List<ReplayResult> adaptive = new ArrayList<>();
    boolean met = true;
    run(day, 0, fixed, adaptive);
    met &= row("the whole day", fixed, adaptive, i -> true);
    row("even functions", fixed, adaptive, i -> i % 2 == 0);
    row("odd functions", fixed, adaptive, i -> i % 2 == 1);
    run(day, NOON, fixed, adaptive);
    met &= row("second half, learned on the first", fixed, adaptive, i -> true);
    List<TracedFunction> exchanged = day.stream().map(TracedFunction::halvesExchanged).toList();
    run(exchanged, NOON, fixed, adaptive);
    met &= row("first half, learned on the second", fixed, adaptive, i -> true);
    System.out.println(
        met
            ? "\nBoth goals of 15 % are met, on the whole and on halves learned from the other."
            : "\nA goal is missed.");
  }

  private static void run(
      List<TracedFunction> day,
      double measuredFrom,
      List<ReplayResult> fixed,
      List<ReplayResult> adaptive) {
    record Pair(ReplayResult fixed, ReplayResult adaptive) {}
    List<Pair> pairs =
        day.parallelStream()
            .map(
                function -> {
                  Traffic traffic = function.traffic();
                  CostReplay replay =
                      CostReplay.of(traffic)
                          .startDuration(START)
                          .measuredFrom(TracedFunction.moment(measuredFrom));
                  return new Pair(
                      replay.idlePolicy(FIXED).run(),
                      replay.idlePolicy(IdlePolicy.adaptive()).run());
                })
            .toList();
    fixed.clear();
    adaptive.clear();
    pairs.forEach(
        pair -> {
          fixed.add(pair.fixed);
          adaptive.add(pair.adaptive);
        });
  }

  private static boolean row(
      String name, List<ReplayResult> fixed, List<ReplayResult> adaptive, IntPredicate counts) {
    Sums before = Sums.of(fixed, counts);
    Sums after = Sums.of(adaptive, counts);
    double hours = change(before.gpuHours, after.gpuHours);
    double cold = change((double) before.coldStarts, (double) after.coldStarts);
    System.out.printf(
        "| %s | %.0f | %.0f | %+.1f %% | %d | %d | %+.1f %% |%n",
        name, before.gpuHours, after.gpuHours, hours, before.coldStarts, after.coldStarts, cold);
    return hours <= GOAL && cold <= GOAL;
  }

  private static double change(double before, double after) {
    return 100 * (after / before - 1);
  }
}
