package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Deployment;
import dev.autodeploy.UsageInterval;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The last hour, day or week of a deployment, as its page draws it. */
final class HistoryJson {
  private static final int POINTS = 60;
  private static final int MAX_INSTANCES = 500;

  private final EventHistory eventHistory;

  HistoryJson(EventHistory eventHistory) {
    this.eventHistory = eventHistory;
  }

  /** A period that the page can draw, with the width of its request counts. */
  enum Window {
    HOUR(Duration.ofHours(1), Duration.ofMinutes(1)),
    DAY(Duration.ofDays(1), Duration.ofMinutes(30)),
    WEEK(Duration.ofDays(7), Duration.ofHours(3));

    private final Duration length;
    private final Duration bucket;

    Window(Duration length, Duration bucket) {
      this.length = length;
      this.bucket = bucket;
    }

    Duration length() {
      return length;
    }
  }

  ObjectNode of(Deployment deployment, Window window, Instant now) {
    Instant from = now.minus(window.length);
    List<UsageInterval> usage = deployment.usage(from, now.plusSeconds(1));
    ObjectNode json = ConsoleJson.object();
    ConsoleJson.put(json, "from", from);
    ConsoleJson.put(json, "to", now);
    json.put("currency", deployment.cost().total().currency().getCurrencyCode());
    ConsoleJson.put(json, "createdAt", deployment.createdAt());
    instances(json, deployment, usage);
    cost(json.putArray("cost"), deployment, usage, from, now);
    requests(json, deployment, window, from, now);
    starts(json.putArray("starts"), usage, from);
    return json;
  }

  private void instances(ObjectNode json, Deployment deployment, List<UsageInterval> usage) {
    int left = Math.max(0, usage.size() - MAX_INSTANCES);
    json.put("instancesLeftOut", left);
    ArrayNode list = json.putArray("instances");
    for (UsageInterval interval : usage.subList(left, usage.size())) {
      ObjectNode instance = list.addObject();
      instance.put("instanceId", interval.instanceId());
      instance.put("open", interval.open());
      ConsoleJson.put(instance, "from", interval.startRequestedAt());
      ConsoleJson.put(instance, "to", interval.endedAt());
      instance.put("busySeconds", ConsoleJson.seconds(interval.busy()));
      instance.set("cost", ConsoleJson.money(deployment.costOf(interval)));
      ArrayNode segments = instance.putArray("segments");
      segments(segments, deployment, interval);
    }
  }

  private void segments(ArrayNode segments, Deployment deployment, UsageInterval usage) {
    Instant start = usage.startRequestedAt();
    Instant readyEnd = usage.startRequestedAt().plus(usage.duration().minus(usage.releasing()));
    Instant ready = usage.readyAt() == null ? readyEnd : usage.readyAt();
    segment(segments, "starting", start, ready);
    List<ActivityHistory.Span> busy = eventHistory.busySpans(deployment.name(), usage.instanceId());
    if (usage.readyAt() != null && busy.isEmpty() && !usage.busy().isZero()) {
      // From before this process: how long it was busy is on the ledger, when is not.
      segment(segments, "ready", ready, readyEnd);
    } else if (usage.readyAt() != null) {
      Map<ActivityHistory.Span, String> spans =
          new TreeMap<>(Comparator.comparing(ActivityHistory.Span::from));
      busy.forEach(span -> spans.put(span, "busy"));
      eventHistory
          .asleepSpans(deployment.name(), usage.instanceId())
          .forEach(span -> spans.put(span, "asleep"));
      Instant at = ready;
      for (Map.Entry<ActivityHistory.Span, String> span : spans.entrySet()) {
        Instant from = clamp(span.getKey().from(), at, readyEnd);
        Instant to = clamp(span.getKey().to(), from, readyEnd);
        segment(segments, "idle", at, from);
        segment(segments, span.getValue(), from, to);
        at = to;
      }
      segment(segments, "idle", at, readyEnd);
    }
    segment(segments, "releasing", readyEnd, usage.endedAt());
  }

  private static Instant clamp(Instant at, Instant min, Instant max) {
    return at.isBefore(min) ? min : at.isAfter(max) ? max : at;
  }

  private static void segment(ArrayNode segments, String phase, Instant from, Instant to) {
    if (from.isBefore(to)) {
      ObjectNode segment = segments.addObject();
      segment.put("phase", phase);
      ConsoleJson.put(segment, "from", from);
      ConsoleJson.put(segment, "to", to);
    }
  }

  /**
   * Adds the cost since the beginning of the window, and that of one instance that is always on.
   */
  private static void cost(
      ArrayNode points,
      Deployment deployment,
      List<UsageInterval> usage,
      Instant from,
      Instant now) {
    List<double[]> rates = new ArrayList<>();
    for (UsageInterval interval : usage) {
      double seconds = interval.duration().toMillis() / 1e3;
      if (seconds > 0) {
        double start = Duration.between(from, interval.startRequestedAt()).toMillis() / 1e3;
        double perSecond = deployment.costOf(interval).amount().doubleValue() / seconds;
        rates.add(new double[] {start, start + seconds, perSecond});
      }
    }
    double length = Duration.between(from, now).toMillis() / 1e3;
    double born = Duration.between(from, deployment.createdAt()).toMillis() / 1e3;
    double alwaysOnRate = alwaysOnPerSecond(deployment, from, now);
    for (int i = 0; i <= POINTS; i++) {
      double at = length * i / POINTS;
      double spent = 0;
      for (double[] rate : rates) {
        spent += Math.max(0, Math.min(at, rate[1]) - Math.max(0, rate[0])) * rate[2];
      }
      ObjectNode point = points.addObject();
      ConsoleJson.put(point, "at", from.plusMillis((long) (at * 1e3)));
      point.put("spent", rounded(spent));
      point.put("alwaysOn", rounded(Math.max(0, at - Math.max(0, born)) * alwaysOnRate));
    }
  }

  private static double alwaysOnPerSecond(Deployment deployment, Instant from, Instant to) {
    UsageInterval always =
        UsageInterval.builder(deployment.name(), "always-on", from)
            .gpu(deployment.spec().gpu())
            .readyAt(from)
            .openUntil(to)
            .build();
    return deployment.costOf(always).amount().doubleValue()
        / (Duration.between(from, to).toMillis() / 1e3);
  }

  private static double rounded(double amount) {
    return Math.round(amount * 1e9) / 1e9;
  }

  private void requests(
      ObjectNode json, Deployment deployment, Window window, Instant from, Instant now) {
    ConsoleJson.put(json, "requestsSince", eventHistory.since(deployment));
    json.put("bucketSeconds", window.bucket.toSeconds());
    long width = window.bucket.toMinutes();
    long firstBucket = from.getEpochSecond() / 60 / width;
    int count = (int) (now.getEpochSecond() / 60 / width - firstBucket) + 1;
    long[] requests = new long[count];
    long[] coldStarts = new long[count];
    for (ActivityHistory.Bucket bucket : eventHistory.buckets(deployment.name())) {
      long index = bucket.minute() / width - firstBucket;
      if (index >= 0 && index < count) {
        requests[(int) index] += bucket.requests();
        coldStarts[(int) index] += bucket.coldStarts();
      }
    }
    ArrayNode list = json.putArray("requests");
    for (int i = 0; i < count; i++) {
      ObjectNode bucket = list.addObject();
      ConsoleJson.put(bucket, "at", Instant.ofEpochSecond((firstBucket + i) * width * 60));
      bucket.put("requests", requests[i]);
      bucket.put("coldStarts", coldStarts[i]);
    }
  }

  private static void starts(ArrayNode list, List<UsageInterval> usage, Instant from) {
    for (UsageInterval interval : usage) {
      if (interval.readyAt() != null && !interval.startRequestedAt().isBefore(from)) {
        ObjectNode start = list.addObject();
        ConsoleJson.put(start, "at", interval.startRequestedAt());
        start.put("seconds", ConsoleJson.seconds(interval.starting()));
      }
    }
  }
}
