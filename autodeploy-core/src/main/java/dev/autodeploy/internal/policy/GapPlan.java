package dev.autodeploy.internal.policy;

import dev.autodeploy.spi.WeightedGap;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The plan for the next gap, chosen to cost least if it is like the gaps so far. All times are in
 * seconds, and all costs in seconds of an instance.
 *
 * <p>With an idle timeout {@code T}, a start duration {@code S} and the value {@code w} of a second
 * of waiting, a gap {@code g} costs {@code min(g, T)}, and {@code S * (1 + w)} more if it is longer
 * than {@code T}. With a start ahead, at {@code a}, of an instance that is kept for {@code k}, one
 * that falls in the window {@code [a, a + S + k]} costs the time from {@code a} on, at least {@code
 * S}, and {@code w} for each second that the request comes before the instance is ready; one before
 * it costs {@code S * (1 + w)}, and one after it the unused instance too.
 *
 * @param timeout the idle timeout
 * @param startAt when an instance is started ahead, counted from the start of the gap, or a
 *     negative number for never
 * @param keep how long it is kept from being ready on
 * @param cost the expected cost of a gap
 */
record GapPlan(double timeout, double startAt, double keep, double cost) {

  /** Gaps that were not seen yet, and are longer than all others: nothing is ever certain. */
  private static final double UNSEEN = 2;

  /** A start ahead has to be cheaper by so much than the best timeout alone. */
  private static final double WORTHWHILE = 0.9;

  /** The shares of the gaps that may lie before and after the window of a start ahead. */
  private static final double TAIL = 0.1;

  /** No start ahead is looked for behind gaps longer than this. */
  private static final double LONGEST_BURST = 300;

  /** A start ahead is judged by at least so many gaps. */
  private static final double ENOUGH = 1.5;

  /** The instance is ready so much before it is expected to be needed, and kept so much longer. */
  private static final double MARGIN = 5;

  boolean startsAhead() {
    return startAt >= 0;
  }

  /**
   * The numbers of a choice.
   *
   * @param startDuration how long a start takes
   * @param waitValue what a second of waiting costs
   * @param shortest the shortest idle timeout
   * @param longest the longest
   */
  record Terms(double startDuration, double waitValue, double shortest, double longest) {
    double coldStart() {
      return startDuration * (1 + waitValue);
    }
  }

  /** Returns the cost of a gap with a fixed timeout and no start ahead. */
  static double costOf(double timeout, List<WeightedGap> gaps, Terms terms) {
    double cost = UNSEEN * (timeout + terms.coldStart());
    for (WeightedGap gap : gaps) {
      double length = seconds(gap);
      cost += gap.weight() * (length <= timeout ? length : timeout + terms.coldStart());
    }
    return cost / total(gaps);
  }

  /** Returns the cheapest plan. */
  static GapPlan cheapest(List<WeightedGap> gaps, Terms terms, boolean mayStartAhead) {
    GapPlan best = cheapestTimeout(gaps, terms);
    GapPlan ahead = mayStartAhead ? cheapestAhead(gaps, terms, best.cost * WORTHWHILE) : null;
    return ahead == null ? best : ahead;
  }

  private static GapPlan cheapestTimeout(List<WeightedGap> gaps, Terms terms) {
    double total = total(gaps);
    double below = 0;
    double spent = 0;
    double bestTimeout = terms.shortest;
    double bestCost = costOf(terms.shortest, gaps, terms);
    for (WeightedGap gap : gaps) {
      below += gap.weight();
      spent += gap.weight() * seconds(gap);
      double timeout = justOver(gap);
      if (timeout >= terms.shortest && timeout <= terms.longest) {
        double cost = (spent + (total - below) * (timeout + terms.coldStart())) / total;
        if (cost < bestCost) {
          bestCost = cost;
          bestTimeout = timeout;
        }
      }
    }
    return new GapPlan(bestTimeout, -1, 0, bestCost);
  }

  /** Tries to keep the instance over the short gaps, and to start one ahead of the others' end. */
  private static @Nullable GapPlan cheapestAhead(
      List<WeightedGap> gaps, Terms terms, double costBefore) {
    double cost = costBefore;
    GapPlan best = null;
    double total = total(gaps);
    double remaining = total - UNSEEN;
    for (int first = 0; first < gaps.size() && remaining >= ENOUGH; first++) {
      double timeout = first == 0 ? terms.shortest : justOver(gaps.get(first - 1));
      if (timeout > Math.min(LONGEST_BURST, terms.longest)) {
        break;
      }
      if (timeout >= terms.shortest) {
        GapPlan plan = ahead(gaps, first, remaining, timeout, total, terms);
        if (plan != null && plan.cost < cost) {
          cost = plan.cost;
          best = plan;
        }
      }
      remaining -= gaps.get(first).weight();
    }
    return best;
  }

  private static @Nullable GapPlan ahead(
      List<WeightedGap> gaps,
      int first,
      double remaining,
      double timeout,
      double total,
      Terms terms) {
    double earliest = seconds(gaps.get(quantile(gaps, first, remaining * TAIL)));
    double latest = seconds(gaps.get(quantile(gaps, first, remaining * (1 - TAIL))).atMost());
    double startAt = earliest * (1 - 1.0 / 16) - terms.startDuration - MARGIN;
    double keep = latest - earliest * (1 - 1.0 / 16) + 2 * MARGIN;
    if (startAt <= timeout + terms.startDuration) {
      return null; // to keep the instance is simpler
    }
    double unused = terms.startDuration + keep;
    double cost = UNSEEN * (timeout + unused + terms.coldStart());
    for (int i = 0; i < gaps.size(); i++) {
      double length = seconds(gaps.get(i));
      double one;
      if (i < first) {
        one = length;
      } else if (length < startAt) {
        one = timeout + terms.coldStart();
      } else if (length <= startAt + unused) {
        double waited = Math.max(0, startAt + terms.startDuration - length);
        one = timeout + Math.max(length - startAt, terms.startDuration) + terms.waitValue * waited;
      } else {
        one = timeout + unused + terms.coldStart();
      }
      cost += gaps.get(i).weight() * one;
    }
    return new GapPlan(timeout, startAt, keep, cost / total);
  }

  private static int quantile(List<WeightedGap> gaps, int first, double weight) {
    double sum = 0;
    for (int i = first; i < gaps.size(); i++) {
      sum += gaps.get(i).weight();
      if (sum > weight) {
        return i;
      }
    }
    return gaps.size() - 1;
  }

  /** Returns a timeout that covers a gap and those a little longer. */
  private static double justOver(WeightedGap gap) {
    return seconds(gap.atMost()) * 1.02 + 2;
  }

  private static double seconds(WeightedGap gap) {
    return seconds(gap.mean());
  }

  private static double seconds(Duration duration) {
    return duration.getSeconds() + duration.getNano() / 1e9;
  }

  private static double total(List<WeightedGap> gaps) {
    double total = UNSEEN;
    for (WeightedGap gap : gaps) {
      total += gap.weight();
    }
    return total;
  }
}
