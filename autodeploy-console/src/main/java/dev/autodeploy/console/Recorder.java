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
 * Remembers what the engine tells only once: the last events, how far starts are, and {@link
 * Track}s.
 */
final class Recorder {
  static final int MAX_EVENTS = 1000;

  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Deque<Numbered> events = new ArrayDeque<>();
  private final Map<String, Track> tracks = new HashMap<>();
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
        Track track = tracks.get(deployment.name());
        if (track == null || !track.deployment().equals(deployment)) {
          track = new Track(deployment, now, sampledOnce);
          tracks.put(deployment.name(), track);
        }
        track.sample(now, deployment.status());
      }
      sampledOnce = true;
      if (tracks.size() > all.size()) {
        Set<String> names = all.stream().map(Deployment::name).collect(Collectors.toSet());
        tracks.keySet().retainAll(names);
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

  List<Track.Bucket> buckets(String deployment) {
    lock.lock();
    try {
      Track track = tracks.get(deployment);
      return track == null ? List.of() : track.buckets();
    } finally {
      lock.unlock();
    }
  }

  /** Returns since when requests are counted, or null if they are not yet. */
  @Nullable Instant since(String deployment) {
    lock.lock();
    try {
      Track track = tracks.get(deployment);
      return track == null ? null : track.since();
    } finally {
      lock.unlock();
    }
  }

  List<Track.Span> busySpans(String deployment, String instanceId) {
    lock.lock();
    try {
      Track track = tracks.get(deployment);
      return track == null ? List.of() : track.busySpans(instanceId);
    } finally {
      lock.unlock();
    }
  }
}
