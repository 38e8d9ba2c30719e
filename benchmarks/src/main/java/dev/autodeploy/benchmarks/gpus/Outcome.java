package dev.autodeploy.benchmarks.gpus;

import java.util.List;
import java.util.Locale;

/**
 * The outcome of a day under one rule.
 *
 * @param rule the rule
 * @param swaps how many instances were started
 * @param waits for how long each call waited, in seconds; those that were lost for all their
 *     patience
 * @param lost how many calls were not served within it
 */
record Outcome(String rule, int swaps, List<Double> waits, int lost) {

  double percentile(double part) {
    List<Double> sorted = waits.stream().sorted().toList();
    return sorted.get((int) Math.min(sorted.size() - 1, Math.floor(part * sorted.size())));
  }

  String line(int gpus) {
    return String.format(
        Locale.ROOT,
        "| %d | %s | %d | %.1f s | %.1f s | %.1f s | %d |",
        gpus,
        rule,
        swaps,
        percentile(0.50),
        percentile(0.95),
        percentile(0.99),
        lost);
  }
}
