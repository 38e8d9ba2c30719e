package dev.autodeploy.internal.decision;

import dev.autodeploy.spi.WeightedGap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The lengths of a deployment's gaps, in buckets of an eighth of an octave. Only gaps that an
 * instance could have been released in make older ones count less: a burst of requests, of which
 * each leaves a gap of milliseconds, does not push out the nights.
 */
final class GapHistogram {
  /** The first word of a bucket's line of text. */
  static final String LINE = "bucket";

  private static final int PER_OCTAVE = 8;

  /** The buckets up to 2^17 seconds, a day and a half; the last one has all that is longer. */
  private static final int BUCKETS = 17 * PER_OCTAVE + 1;

  private static final double LONG_SECONDS = 30;

  /** The number of later long gaps after which a gap counts half. */
  private static final double HALF_LIFE = 24;

  private static final float DECAY = (float) Math.pow(0.5, 1 / HALF_LIFE);

  /** The weight below which a gap is forgotten. */
  private static final float NEGLIGIBLE = 0.01f;

  private final float[] weights = new float[BUCKETS];
  private final float[] seconds = new float[BUCKETS];

  void add(long nanos) {
    double gap = nanos / 1e9;
    if (gap >= LONG_SECONDS) {
      for (int i = 0; i < BUCKETS; i++) {
        weights[i] *= DECAY;
        seconds[i] *= DECAY;
        if (weights[i] < NEGLIGIBLE) {
          weights[i] = 0;
          seconds[i] = 0;
        }
      }
    }
    int bucket = bucket(gap);
    weights[bucket] += 1;
    seconds[bucket] += (float) gap;
  }

  private static int bucket(double seconds) {
    return seconds < 1
        ? 0
        : Math.min(BUCKETS - 1, 1 + (int) (PER_OCTAVE * Math.log(seconds) / Math.log(2)));
  }

  List<WeightedGap> toList() {
    List<WeightedGap> list = new ArrayList<>();
    for (int i = 0; i < BUCKETS; i++) {
      if (weights[i] > 0) {
        double mean = seconds[i] / weights[i];
        double atMost = Math.max(mean, Math.pow(2, (double) i / PER_OCTAVE));
        list.add(new WeightedGap(duration(mean), duration(atMost), weights[i]));
      }
    }
    return list;
  }

  /** Returns a line of text for each bucket in which there are gaps. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < BUCKETS; i++) {
      if (weights[i] > 0) {
        lines.add(LINE + " " + i + " " + weights[i] + " " + seconds[i]);
      }
    }
    return lines;
  }

  /** Takes the words of such a line over. */
  void restore(String[] words) {
    if (words.length != 4) {
      throw new IllegalArgumentException("a bucket of gaps has " + words.length + " words");
    }
    int bucket = Integer.parseInt(words[1]);
    float weight = Float.parseFloat(words[2]);
    float sum = Float.parseFloat(words[3]);
    if (bucket < 0
        || bucket >= BUCKETS
        || !(weight > 0 && weight < 1e9 && sum >= 0 && sum < 1e15)) {
      throw new IllegalArgumentException("a bucket of gaps has numbers that it cannot have");
    }
    weights[bucket] = weight;
    seconds[bucket] = sum;
  }

  private static Duration duration(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }
}
