package dev.autodeploy.internal.policy;

import dev.autodeploy.internal.policy.GapPlan.Terms;
import dev.autodeploy.spi.AdaptiveIdlePolicy;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.Prewarm;
import dev.autodeploy.spi.UsageHistory;
import dev.autodeploy.spi.WeightedGap;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The decisions of {@link AdaptiveIdlePolicy}. */
public final class AdaptiveIdlePolicies {
  private static final String NAME = "adaptive";

  /** A start is taken to last so long until one has been seen. */
  private static final Duration USUAL_START = Duration.ofMinutes(1);

  private static final Duration LONG_GAP = Duration.ofSeconds(30);

  /** Three gaps, the older of which count a little less already. */
  private static final double ENOUGH_LONG_GAPS = 2.8;

  private AdaptiveIdlePolicies() {}

  /**
   * The settings of the policy.
   *
   * @param waitValue the value of a second of waiting, in seconds of an instance
   * @param shortest the shortest idle timeout
   * @param longest the longest
   * @param prewarm whether instances are started ahead of expected requests
   */
  public record Settings(double waitValue, Duration shortest, Duration longest, boolean prewarm) {

    /**
     * Returns the settings as they are stored: those that are not the default.
     *
     * @return such as {@code adaptive waitValue=4 longest=PT2H prewarm=off}
     */
    public String text() {
      StringBuilder text = new StringBuilder(NAME);
      if (waitValue != AdaptiveIdlePolicy.DEFAULT_WAIT_VALUE) {
        String value = BigDecimal.valueOf(waitValue).stripTrailingZeros().toPlainString();
        text.append(" waitValue=").append(value);
      }
      if (!shortest.isZero()) {
        text.append(" shortest=").append(shortest);
      }
      if (!longest.equals(Duration.ofHours(1))) {
        text.append(" longest=").append(longest);
      }
      return text.append(prewarm ? "" : " prewarm=off").toString();
    }
  }

  /**
   * Returns the policy that a text of {@link Settings#text} stands for.
   *
   * @param text the text
   * @return the policy, or null if the text is of another kind
   * @throws IllegalArgumentException if a setting in it is wrong
   */
  public static @Nullable AdaptiveIdlePolicy parse(String text) {
    String[] words = text.trim().split(" +", -1);
    if (!words[0].equals(NAME)) {
      return null;
    }
    AdaptiveIdlePolicy policy = IdlePolicy.adaptive();
    Duration shortest = Duration.ZERO;
    Duration longest = Duration.ofHours(1);
    for (int i = 1; i < words.length; i++) {
      int equals = words[i].indexOf('=');
      String value = words[i].substring(equals + 1);
      try {
        switch (equals < 0 ? words[i] : words[i].substring(0, equals)) {
          case "waitValue" -> policy = policy.waitValue(Double.parseDouble(value));
          case "shortest" -> shortest = Duration.parse(value);
          case "longest" -> longest = Duration.parse(value);
          case "prewarm" -> policy = policy.prewarm(isOn(value));
          default -> throw unreadable(words[i]);
        }
      } catch (NumberFormatException | DateTimeParseException e) {
        throw unreadable(words[i]);
      }
    }
    return policy.between(shortest, longest);
  }

  private static boolean isOn(String value) {
    if (!value.equals("on") && !value.equals("off")) {
      throw unreadable("prewarm=" + value);
    }
    return value.equals("on");
  }

  private static IllegalArgumentException unreadable(String word) {
    return new IllegalArgumentException(
        "an adaptive idle policy is written as 'adaptive', with waitValue=<number>,"
            + " shortest=<ISO 8601 duration>, longest=<ISO 8601 duration> or prewarm=off after it;"
            + " '"
            + word
            + "' is none of them");
  }

  /**
   * Returns the idle timeout.
   *
   * @param settings the settings
   * @param history what is known of the deployment's use
   * @return the timeout
   */
  public static Duration timeout(Settings settings, UsageHistory history) {
    GapPlan plan = plan(settings, history);
    return plan == null ? unlearned(settings) : duration(plan.timeout());
  }

  /**
   * Returns the start ahead of an expected request.
   *
   * @param settings the settings
   * @param history what is known of the deployment's use
   * @return the start, or empty for none
   */
  public static Optional<Prewarm> prewarm(Settings settings, UsageHistory history) {
    GapPlan plan = plan(settings, history);
    return plan == null || !plan.startsAhead()
        ? Optional.empty()
        : Optional.of(new Prewarm(duration(plan.startAt()), duration(plan.keep())));
  }

  /**
   * Returns what the policy does and why.
   *
   * @param settings the settings
   * @param history what is known of the deployment's use
   * @return the sentence
   */
  public static String explain(Settings settings, UsageHistory history) {
    GapPlan plan = plan(settings, history);
    if (plan == null) {
      return String.format(
          Locale.ROOT,
          "An idle instance is released after %s, until three gaps of 30 s or longer are known.",
          shown(unlearned(settings)));
    }
    Terms terms = terms(settings, history);
    String ahead =
        plan.startsAhead()
            ? String.format(
                Locale.ROOT,
                ", and started ahead %s after the last request for %s",
                shown(duration(plan.startAt())),
                shown(duration(plan.keep())))
            : "";
    return String.format(
        Locale.ROOT,
        "An idle instance is released after %s%s: a gap is expected to cost %.0f s of an instance,"
            + " against %.0f s with a timeout of 5 min (a start takes %.0f s, a second of waiting"
            + " counts as %s).",
        shown(duration(plan.timeout())),
        ahead,
        plan.cost(),
        GapPlan.costOf(seconds(IdlePolicy.DEFAULT_TIMEOUT), history.gaps(), terms),
        terms.startDuration(),
        BigDecimal.valueOf(settings.waitValue()).stripTrailingZeros().toPlainString());
  }

  private static @Nullable GapPlan plan(Settings settings, UsageHistory history) {
    List<WeightedGap> gaps = history.gaps();
    double longGaps = 0;
    for (WeightedGap gap : gaps) {
      longGaps += gap.mean().compareTo(LONG_GAP) >= 0 ? gap.weight() : 0;
    }
    return longGaps < ENOUGH_LONG_GAPS
        ? null
        : GapPlan.cheapest(gaps, terms(settings, history), settings.prewarm());
  }

  private static Terms terms(Settings settings, UsageHistory history) {
    List<Duration> starts = history.recentStartDurations().stream().sorted().toList();
    Duration start = starts.isEmpty() ? USUAL_START : starts.get(starts.size() / 2);
    return new Terms(
        seconds(start),
        settings.waitValue(),
        seconds(settings.shortest()),
        seconds(settings.longest()));
  }

  private static Duration unlearned(Settings settings) {
    Duration usual = IdlePolicy.DEFAULT_TIMEOUT;
    if (usual.compareTo(settings.shortest()) < 0) {
      return settings.shortest();
    }
    return usual.compareTo(settings.longest()) > 0 ? settings.longest() : usual;
  }

  private static double seconds(Duration duration) {
    return duration.getSeconds() + duration.getNano() / 1e9;
  }

  private static Duration duration(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  private static String shown(Duration duration) {
    long seconds = duration.toSeconds();
    return seconds < 120 ? seconds + " s" : seconds / 60 + " min " + seconds % 60 + " s";
  }
}
