package dev.autodeploy.proxy.gateway;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The time for which a request may be held: as its {@code Prefer: wait=<seconds>} says (RFC 7240),
 * up to the link's maximum.
 *
 * @param time the time, longer than 0
 * @param applied the preference as the answer repeats it, or null if there was none
 */
record WaitPreference(Duration time, @Nullable String applied) {

  static WaitPreference of(HttpHeaders fields, Duration max) {
    for (String value : fields.tokens("Prefer")) {
      String preference = value.split(";", 2)[0].strip();
      if (preference.startsWith("wait")) {
        String seconds = preference.substring(4).strip();
        if (seconds.startsWith("=")) {
          seconds = seconds.substring(1).strip().replace("\"", "");
          if (!seconds.isEmpty()
              && seconds.length() <= 9
              && seconds.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return of(Duration.ofSeconds(Long.parseLong(seconds)), max);
          }
        }
      }
    }
    return new WaitPreference(max, null);
  }

  private static WaitPreference of(Duration asked, Duration max) {
    if (asked.compareTo(max) > 0) {
      return new WaitPreference(max, "wait=" + max.toSeconds());
    }
    // Zero asks for an answer only if an instance is ready: the shortest wait there is.
    return new WaitPreference(
        asked.isZero() ? Duration.ofMillis(1) : asked, "wait=" + asked.toSeconds());
  }
}
