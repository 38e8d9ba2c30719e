package dev.autodeploy.reliability;

import java.net.URI;
import java.time.Duration;

/** A measurement of whether the service is back once a fault has gone. */
final class Recovery {
  private Recovery() {}

  /**
   * Asks until there is an answer, and counts the time as that of one request, and what is lost.
   */
  static void await(Scene scene, URI link, Tally tally) {
    long begun = System.nanoTime();
    Outcome[] last = new Outcome[1];
    boolean back =
        Pause.until(
            Duration.ofSeconds(60),
            () -> {
              last[0] = Exchange.get(URI.create(link + "/index.html"), Service.QUICK_ANSWER);
              if (last[0].kind() == Outcome.Kind.LOST) {
                tally.add(last[0]);
              }
              return last[0].kind() == Outcome.Kind.ANSWERED;
            });
    Duration took = Duration.ofNanos(System.nanoTime() - begun);
    tally.add(new Outcome(last[0].kind(), took, last[0].detail()));
    if (!back) {
      scene.fail("no answer within a minute after the fault had gone: " + last[0].detail());
    }
  }
}
