package dev.autodeploy.console;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.StartProgress;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The latest events, the progress of starts, and an {@link ActivityHistory} for each deployment.
 * The engine publishes each of them only once.
 */
final class EventHistory {
  static final int MAX_EVENTS = 1000;

  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Deque<Numbered> events = new ArrayDeque<>();
  private final Map<String, ActivityHistory> activities = new HashMap<>();
  private final Map<String, StartProgress> progress = new HashMap<>();
  private long number;
  private boolean sampledOnce;

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
      if (event instanceof DeploymentEvent.InstanceProgress e) {
        progress.put(e.instanceId(), e.progress());
        return null;
      }
      if (event instanceof DeploymentEvent.InstanceReady e) {
        progress.remove(e.instanceId());
      } else if (event instanceof DeploymentEvent.InstanceReleased e) {
        progress.remove(e.instanceId());
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

  void sample(AutoDeploy autoDeploy, Instant now) {
    List<Deployment> all = autoDeploy.deployments();
    lock.lock();
    try {
      for (Deployment deployment : all) {
        ActivityHistory activity = activities.get(deployment.name());
        if (activity == null || !activity.deployment().equals(deployment)) {
          activity = new ActivityHistory(deployment, now, sampledOnce);
          activities.put(deployment.name(), activity);
        }
        activity.sample(now, deployment.status());
      }
      sampledOnce = true;
      if (activities.size() > all.size()) {
        Set<String> names = all.stream().map(Deployment::name).collect(Collectors.toSet());
        activities.keySet().retainAll(names);
      }
    } finally {
      lock.unlock();
    }
  }

  @Nullable StartProgress progress(String instanceId) {
    lock.lock();
    try {
      return progress.get(instanceId);
    } finally {
      lock.unlock();
    }
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
  @Nullable Instant since(String deployment) {
    lock.lock();
    try {
      ActivityHistory activity = activities.get(deployment);
      return activity == null ? null : activity.since();
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
}
