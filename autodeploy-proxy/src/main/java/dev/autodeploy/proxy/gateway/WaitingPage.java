package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** The page that a browser shows while an instance starts: how far it is; it reloads by itself. */
final class WaitingPage {
  /** The page reloads this often. */
  static final int RELOAD_SECONDS = 2;

  private WaitingPage() {}

  /** Returns whether a person waits for this answer in a browser. */
  static boolean wanted(RequestHead head) {
    if (!head.method().equals("GET")) {
      return false;
    }
    List<String> mode = head.headers().all("Sec-Fetch-Mode");
    if (!mode.isEmpty() && !mode.get(0).equals("navigate")) {
      return false; // a script or an image
    }
    return head.headers().tokens("Accept").stream().anyMatch(type -> type.startsWith("text/html"));
  }

  /** Returns after how many seconds another request meets an instance, as far as that is known. */
  static long retryAfter(StartEstimates.Wait wait) {
    Long left = wait.secondsLeft();
    return left == null ? RELOAD_SECONDS : Math.max(1, left);
  }

  static String html(
      Deployment deployment, DeploymentStatus status, StartEstimates.Wait wait, Instant now) {
    String name = escape(deployment.name());
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        + "<meta http-equiv=\"refresh\" content=\""
        + RELOAD_SECONDS
        + "\"><title>"
        + name
        + " is starting</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;"
        + "margin:15vh auto;padding:0 1em;color:#222}progress{width:100%}</style></head><body>"
        + "<h1>"
        + name
        + "</h1><p>"
        + escape(deployment.spec().description())
        + "</p>"
        + bar(wait)
        + "<p role=\"status\">"
        + escape(state(status, wait, now))
        + "</p><p>This page opens the service as soon as it is ready.</p></body></html>\n";
  }

  /** Returns a bar that fills where it is known how long a start takes. */
  static String bar(StartEstimates.Wait wait) {
    Duration soFar = wait.soFar();
    Duration total = wait.total();
    if (soFar == null || total == null || total.compareTo(soFar) <= 0) {
      return "<progress></progress>";
    }
    return "<progress max=\""
        + total.toMillis()
        + "\" value=\""
        + soFar.toMillis()
        + "\"></progress>";
  }

  private static String state(DeploymentStatus status, StartEstimates.Wait wait, Instant now) {
    for (InstanceInfo instance : status.instances()) {
      if (instance.phase() == InstancePhase.STARTING) {
        long seconds = Duration.between(instance.startRequestedAt(), now).toSeconds();
        StartProgress progress = instance.progress();
        return "An instance has been starting for "
            + Math.max(0, seconds)
            + " s"
            + (wait.total() == null
                ? ""
                : " of about " + Math.max(1, wait.total().toSeconds()) + " s")
            + (progress == null ? "." : ", and is " + progress.describe() + ".");
      }
    }
    if (status.count(InstancePhase.WAKING) > 0) {
      return "An instance that slept is being woken.";
    }
    Instant until = status.backoffUntil();
    if (status.lastFailure() != null && until != null && until.isAfter(now)) {
      return "The last start failed: "
          + status.lastFailure().message()
          + ". The next one is tried in "
          + (Duration.between(now, until).toSeconds() + 1)
          + " s.";
    }
    Long left = wait.secondsLeft();
    return (wait.place() > 0 ? "It is " + wait.text() + "." : "An instance is requested.")
        + (left == null ? "" : " That takes about " + Math.max(1, left) + " s.");
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
