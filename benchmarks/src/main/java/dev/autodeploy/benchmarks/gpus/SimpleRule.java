package dev.autodeploy.benchmarks.gpus;

import dev.autodeploy.benchmarks.gpus.Arrivals.Arrival;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules to compare with: calls are served strictly in the order in which they come, and one
 * whose model is on no GPU has a GPU swapped, once what is in flight there is done.
 */
final class SimpleRule {
  private final int gpus;
  private final boolean leastRecentlyUsed;

  /**
   * Makes one.
   *
   * @param leastRecentlyUsed whether the GPU is swapped that was used least recently; otherwise one
   *     after the other
   */
  SimpleRule(int gpus, boolean leastRecentlyUsed) {
    this.gpus = gpus;
    this.leastRecentlyUsed = leastRecentlyUsed;
  }

  Outcome run(List<Arrival> arrivals) {
    int[] model = new int[gpus];
    double[] readyAt = new double[gpus];
    double[] busyUntil = new double[gpus];
    double[] usedAt = new double[gpus];
    java.util.Arrays.fill(model, -1);
    List<Double> waits = new ArrayList<>();
    int swaps = 0;
    int lost = 0;
    int next = 0;
    double now = 0;
    for (Arrival arrival : arrivals) {
      now = Math.max(now, arrival.at());
      if (now - arrival.at() > SharedGpuMain.PATIENCE) {
        waits.add(SharedGpuMain.PATIENCE);
        lost++;
        continue; // it has gone, and nothing is swapped for it
      }
      int gpu = indexOf(model, arrival.function());
      if (gpu < 0) {
        gpu = leastRecentlyUsed ? least(usedAt) : next++ % gpus;
        swaps++;
        double free = Math.max(now, busyUntil[gpu]);
        model[gpu] = arrival.function();
        readyAt[gpu] = free + (swaps > gpus ? SharedGpuMain.RELEASE : 0) + SharedGpuMain.COLD_START;
      }
      now = Math.max(now, readyAt[gpu]);
      double wait = now - arrival.at();
      if (wait > SharedGpuMain.PATIENCE) {
        waits.add(SharedGpuMain.PATIENCE);
        lost++;
      } else {
        waits.add(wait);
        busyUntil[gpu] = Math.max(busyUntil[gpu], now + SharedGpuMain.SERVICE);
      }
      usedAt[gpu] = now;
    }
    String rule =
        leastRecentlyUsed
            ? "first come, first served, least recently used goes"
            : "swap at every call that needs it";
    return new Outcome(rule, swaps, waits, lost);
  }

  private static int indexOf(int[] values, int value) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] == value) {
        return i;
      }
    }
    return -1;
  }

  private static int least(double[] values) {
    int least = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] < values[least]) {
        least = i;
      }
    }
    return least;
  }
}
