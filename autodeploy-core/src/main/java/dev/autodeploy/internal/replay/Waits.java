package dev.autodeploy.internal.replay;

import java.time.Duration;
import java.util.Arrays;

/** The waiting times of requests, most of which have not waited. */
final class Waits {
  private long[] waited = new long[64];
  private int count;
  private long notAtAll;

  void add(long nanos) {
    if (nanos == 0) {
      notAtAll++;
      return;
    }
    if (count == waited.length) {
      waited = Arrays.copyOf(waited, 2 * count);
    }
    waited[count++] = nanos;
  }

  void clear() {
    count = 0;
    notAtAll = 0;
  }

  long requests() {
    return notAtAll + count;
  }

  /** Returns the time within which a share of the requests were served. */
  Duration quantile(double share) {
    long rank = (long) Math.ceil(share * requests()); // the first is 1
    if (rank <= notAtAll) {
      return Duration.ZERO;
    }
    long[] sorted = Arrays.copyOf(waited, count);
    Arrays.sort(sorted);
    return Duration.ofNanos(sorted[(int) (rank - notAtAll) - 1]);
  }
}
