package dev.autodeploy.console;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstanceInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The activity of one deployment that the ledger does not record: requests per minute, and the
 * spans in which its instances were busy or asleep. In memory and bounded. Guarded by the lock of
 * {@link EventHistory}.
 */
final class ActivityHistory {
  private static final Duration KEPT = Duration.ofDays(7);
  private static final int MAX_INSTANCES = 500;
  private static final int MAX_SPANS = 500;

  /** The pause up to which two spans are shown as one. */
  private static final Duration JOINED = Duration.ofSeconds(2);

  private final Deployment deployment;
  private final Instant since;
  private final Deque<Bucket> buckets = new ArrayDeque<>();
  private final Map<String, Spans> busy = new LinkedHashMap<>();
  private final Map<String, Spans> asleep = new LinkedHashMap<>();
  private long requests;
  private long coldStarts;

  /** The requests of one minute. */
  record Bucket(long minute, long requests, long coldStarts) {}

  /** A time without a pause in which an instance was busy, or asleep. */
  record Span(Instant from, Instant to) {}

  /**
   * Creates the history of a deployment.
   *
   * @param fromBirth whether the deployment is new, so that all its requests count
   */
  ActivityHistory(Deployment deployment, Instant now, boolean fromBirth) {
    this.deployment = deployment;
    this.since = now;
    if (!fromBirth) {
      DeploymentStatus status = deployment.status();
      requests = status.requests();
      coldStarts = status.coldStarts();
    }
  }

  Deployment deployment() {
    return deployment;
  }

  Instant since() {
    return since;
  }

  void sample(Instant now, DeploymentStatus status) {
    long newRequests = status.requests() - requests;
    long newColdStarts = status.coldStarts() - coldStarts;
    requests = status.requests();
    coldStarts = status.coldStarts();
    if (newRequests > 0 || newColdStarts > 0) {
      count(now.getEpochSecond() / 60, newRequests, newColdStarts);
    }
    for (InstanceInfo instance : status.instances()) {
      if (!instance.busy().isZero() || instance.inFlight() > 0) {
        busy.computeIfAbsent(instance.id(), id -> new Spans()).sample(now, instance.busy());
      }
      if (!instance.asleep().isZero()) {
        asleep.computeIfAbsent(instance.id(), id -> new Spans()).sample(now, instance.asleep());
      }
    }
    prune(busy);
    prune(asleep);
  }

  private static void prune(Map<String, Spans> all) {
    while (all.size() > MAX_INSTANCES) {
      all.remove(all.keySet().iterator().next());
    }
  }

  private void count(long minute, long newRequests, long newColdStarts) {
    Bucket last = buckets.peekLast();
    if (last != null && last.minute() == minute) {
      buckets.removeLast();
      buckets.add(
          new Bucket(minute, last.requests() + newRequests, last.coldStarts() + newColdStarts));
    } else {
      buckets.add(new Bucket(minute, newRequests, newColdStarts));
    }
    while (buckets.getFirst().minute() < minute - KEPT.toMinutes()) {
      buckets.removeFirst();
    }
  }

  List<Bucket> buckets() {
    return List.copyOf(buckets);
  }

  List<Span> busySpans(String instanceId) {
    return spans(busy, instanceId);
  }

  List<Span> asleepSpans(String instanceId) {
    return spans(asleep, instanceId);
  }

  private static List<Span> spans(Map<String, Spans> all, String instanceId) {
    Spans spans = all.get(instanceId);
    return spans == null ? List.of() : List.copyOf(spans.spans);
  }

  /**
   * The spans of one instance in which it was busy, or asleep. Each sample's growth of that time
   * becomes a span that ends at the sample.
   */
  private static final class Spans {
    private final List<Span> spans = new ArrayList<>();
    private Duration seen = Duration.ZERO;

    void sample(Instant now, Duration total) {
      Duration grown = total.minus(seen);
      seen = total;
      if (grown.isZero() || grown.isNegative()) {
        return;
      }
      Instant from = now.minus(grown);
      Span last = spans.isEmpty() ? null : spans.get(spans.size() - 1);
      if (last != null && from.isBefore(last.to().plus(JOINED))) {
        spans.set(spans.size() - 1, new Span(last.from(), now));
      } else {
        spans.add(new Span(from, now));
      }
      if (spans.size() > MAX_SPANS) {
        spans.remove(0);
      }
    }
  }
}
