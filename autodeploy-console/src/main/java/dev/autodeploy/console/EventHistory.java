package dev.autodeploy.console;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.event.DeploymentEvent;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The latest events, and an {@link ActivityHistory} for each deployment that has had a request. The
 * engine publishes each of them only once.
 */
final class EventHistory {
  static final int MAX_EVENTS = 1000;

  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Deque<Numbered> events = new ArrayDeque<>();
  private final Map<String, ActivityHistory> activities = new HashMap<>();
  private long number;
  private @Nullable Instant begun;

  /**
   * An event.
   *
   * @param number its place in the order of all events of this console
   * @param event what happened
   */
  record Numbered(long number, DeploymentEvent event) {}

  /** Remembers an event; returns it with its number, or null if it is not one for the list. */
  @Nullable Numbered add(DeploymentEvent event) {
    lock.lock();
    try {
      if (event instanceof DeploymentEvent.InstanceProgress) {
        return null; // it is part of the status
      }
      Numbered numbered = new Numbered(++number, event);
      events.add(numbered);
      if (events.size() > MAX_EVENTS) {
        events.removeFirst();
      }
      return numbered;
    } finally {
      lock.unlock();
    }
  }

  /** Returns the last events, newest first. */
  List<Numbered> events(@Nullable String deployment, int limit) {
    lock.lock();
    try {
      List<Numbered> found = new ArrayList<>();
      events
          .descendingIterator()
          .forEachRemaining(
              e -> {
                boolean wanted = deployment == null || e.event().deployment().equals(deployment);
                if (wanted && found.size() < limit) {
                  found.add(e);
                }
              });
      return found;
    } finally {
      lock.unlock();
    }
  }

  /** Begins to count requests. */
  void begin(List<Deployment> all, Instant now) {
    lock.lock();
    try {
      begun = now;
      for (Deployment deployment : all) {
        if (deployment.status().requests() > 0) { // what was before does not count
          activities.put(deployment.name(), new ActivityHistory(deployment, now, false));
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Counts the requests of deployments since they were looked at last. */
  void sample(Attention.Look look, Instant now) {
    lock.lock();
    try {
      look.expected().forEach(deployment -> sample(deployment, now));
      look.inTurn().forEach(deployment -> sample(deployment, now));
      activities.keySet().removeAll(look.gone());
    } finally {
      lock.unlock();
    }
  }

  private void sample(Deployment deployment, Instant now) {
    DeploymentStatus status = deployment.status();
    ActivityHistory activity = activities.get(deployment.name());
    if (activity == null || !activity.deployment().equals(deployment)) {
      if (status.requests() == 0) {
        activities.remove(deployment.name());
        return; // most of many have never had a request
      }
      activity = new ActivityHistory(deployment, since(deployment, now), true);
      activities.put(deployment.name(), activity);
    }
    activity.sample(now, status);
  }

  /** Returns since when requests of a deployment are counted: all of those that came later. */
  private Instant since(Deployment deployment, Instant now) {
    Instant since = begun == null ? now : begun;
    return deployment.createdAt().isAfter(since) ? deployment.createdAt() : since;
  }

  List<ActivityHistory.Bucket> buckets(String deployment) {
    lock.lock();
    try {
      ActivityHistory activity = activities.get(deployment);
      return activity == null ? List.of() : activity.buckets();
    } finally {
      lock.unlock();
    }
  }

  /** Returns since when requests are counted, or null if they are not yet. */
  @Nullable Instant since(Deployment deployment) {
    lock.lock();
    try {
      ActivityHistory activity = activities.get(deployment.name());
      if (activity != null && activity.deployment().equals(deployment)) {
        return activity.since();
      }
      return begun == null ? null : since(deployment, begun);
    } finally {
      lock.unlock();
    }
  }

  List<ActivityHistory.Span> busySpans(String deployment, String instanceId) {
    lock.lock();
    try {
      ActivityHistory activity = activities.get(deployment);
      return activity == null ? List.of() : activity.busySpans(instanceId);
    } finally {
      lock.unlock();
    }
  }

  List<ActivityHistory.Span> asleepSpans(String deployment, String instanceId) {
    lock.lock();
    try {
      ActivityHistory activity = activities.get(deployment);
      return activity == null ? List.of() : activity.asleepSpans(instanceId);
    } finally {
      lock.unlock();
    }
  }
}
