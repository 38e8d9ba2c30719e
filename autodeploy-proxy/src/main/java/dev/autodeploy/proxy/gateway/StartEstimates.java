package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.PlaceInLine;
import dev.autodeploy.StartEstimate;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The time that those who wait for an instance can expect to wait, by how long starts of the
 * deployment take, which the engine has learned. Stateless.
 */
final class StartEstimates {

  /**
   * The wait for an instance.
   *
   * @param state what is waited for, in one word
   * @param soFar how long the start has been under way, or null if none is
   * @param total how long it takes in all, or null if that is not known
   * @param place the place in the line for GPUs, or 0
   * @param text all of it, for people
   */
  record Wait(
      String state, @Nullable Duration soFar, @Nullable Duration total, int place, String text) {

    /** Returns how many seconds are left, or null if that is not known. */
    @Nullable Long secondsLeft() {
      return total == null
          ? null
          : Math.max(0, total.minus(soFar == null ? Duration.ZERO : soFar).toSeconds());
    }

    /** Returns the members of a document. */
    Map<String, @Nullable Object> document() {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("state", state);
      json.put("detail", text);
      json.put("place", place == 0 ? null : place);
      json.put("estimateSeconds", secondsLeft());
      return json;
    }
  }

  /** Returns what those who wait for a deployment wait for. */
  Wait of(Deployment deployment, Instant now) {
    DeploymentStatus status = deployment.status();
    StartEstimate estimate = status.startEstimate();
    for (InstanceInfo instance : status.instances()) {
      if (instance.phase() == InstancePhase.STARTING) {
        Duration soFar = Duration.between(instance.startRequestedAt(), now);
        soFar = soFar.minus(instance.preparing());
        soFar = soFar.isNegative() ? Duration.ZERO : soFar;
        Duration known = estimate == null ? null : estimate.total(soFar);
        return new Wait("starting", soFar, known, 0, "starting, " + progress(soFar, known));
      }
    }
    if (status.count(InstancePhase.WAKING) > 0) {
      return new Wait("waking", null, null, 0, "waking");
    }
    PlaceInLine line = status.waitsFor();
    if (line != null) {
      Instant expected = line.expectedAt();
      Duration left = expected == null ? null : Duration.between(now, expected);
      return new Wait(
          "waiting",
          null,
          left,
          line.place(),
          "waiting for " + line.needs() + ", place " + line.place());
    }
    return status.count(InstancePhase.READY) > 0
        ? new Wait("running", null, null, 0, "running")
        : new Wait(
            "waiting",
            null,
            estimate == null ? null : estimate.median(),
            0,
            "waiting for an instance");
  }

  private static String progress(Duration soFar, @Nullable Duration known) {
    return soFar.toSeconds()
        + " s"
        + (known == null ? "" : " of about " + Math.max(1, known.toSeconds()) + " s");
  }
}
