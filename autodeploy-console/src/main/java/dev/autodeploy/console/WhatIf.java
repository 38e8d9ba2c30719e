package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.document.ProblemType;
import dev.autodeploy.replay.CostReplay;
import dev.autodeploy.replay.ReplayResult;
import dev.autodeploy.spi.IdlePolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The outcomes of other idle timeouts for a deployment's recent requests. One at a time is
 * computed, which may take some seconds, and the last one is kept for a while.
 */
final class WhatIf {
  private static final Duration KEPT = Duration.ofSeconds(3);
  private static final List<Duration> TIMEOUTS =
      List.of(
          Duration.ZERO,
          Duration.ofMinutes(1),
          Duration.ofMinutes(2),
          Duration.ofMinutes(5),
          Duration.ofMinutes(10),
          Duration.ofMinutes(20),
          Duration.ofMinutes(40),
          Duration.ofMinutes(80));

  /** The most that are looked at or waited for at a time: a page has few threads. */
  static final int PLACES = 4;

  private final Semaphore places = new Semaphore(PLACES);
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Kept kept; // guarded by the lock

  private record Kept(DeploymentSpec spec, Instant at, ObjectNode json) {}

  /**
   * Returns the outcomes; blocks while they are computed.
   *
   * @throws ProblemException if others wait for theirs already
   */
  ObjectNode of(Deployment deployment, Instant now) {
    if (!places.tryAcquire()) {
      throw new ProblemException(
          ProblemType.RATE_LIMITED, "others wait for this already: try again in some seconds");
    }
    try {
      return waited(deployment, now);
    } finally {
      places.release();
    }
  }

  private ObjectNode waited(Deployment deployment, Instant now) {
    DeploymentSpec spec = deployment.spec();
    lock.lock();
    try {
      Kept last = kept;
      if (last == null
          || !last.spec.equals(spec)
          || last.at.isAfter(now)
          || last.at.plus(KEPT).isBefore(now)) {
        last = new Kept(spec, now, compute(deployment.replay(), spec));
        kept = last;
      }
      return last.json;
    } finally {
      lock.unlock();
    }
  }

  private static ObjectNode compute(CostReplay replay, DeploymentSpec spec) {
    ReplayResult today = replay.run();
    ObjectNode json = ConsoleJson.object();
    ConsoleJson.put(json, "from", today.from());
    ConsoleJson.put(json, "until", today.until());
    json.put("requests", today.requests() + today.refused());
    json.put("startSeconds", ConsoleJson.seconds(replay.startDuration()));
    json.put("currency", today.cost().currency().getCurrencyCode());
    ArrayNode points = json.putArray("points");
    point(points, "today", null, today);
    CostReplay awake = replay.spec(spec.toBuilder().sleepAfter(null).sleepMode(null).build());
    point(points, "adaptive", null, awake.idlePolicy(IdlePolicy.adaptive()).run());
    for (Duration timeout : TIMEOUTS) {
      point(points, "timeout", timeout, awake.idlePolicy(IdlePolicy.after(timeout)).run());
    }
    point(points, "always-on", null, replay.alwaysOn().run());
    return json;
  }

  private static void point(
      ArrayNode points, String setting, @Nullable Duration timeout, ReplayResult result) {
    ObjectNode point = points.addObject();
    point.put("setting", setting);
    point.put("idleTimeoutSeconds", timeout == null ? null : timeout.toSeconds());
    point.put("cost", ConsoleJson.amount(result.cost()));
    point.put("gpuSeconds", ConsoleJson.seconds(result.gpuTime()));
    point.put("coldStarts", result.coldStarts());
    point.put("refused", result.refused());
    point.put("waitP50Seconds", ConsoleJson.seconds(result.waitP50()));
    point.put("waitP95Seconds", ConsoleJson.seconds(result.waitP95()));
  }
}
