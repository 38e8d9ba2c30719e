package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import dev.autodeploy.internal.util.HeartbeatShell;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.StartProgress;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the instances of this process: sends them heartbeats, notices when one has ended, by
 * Docker's events or because a heartbeat does not get there, and tells the observer once.
 */
final class InstanceWatch {
  private static final Logger LOG = LoggerFactory.getLogger(InstanceWatch.class);
  private static final int LOG_TAIL = 20;

  private final DockerHost host;
  private final DockerThreads threads;
  private final ImageHabits habits;
  private final Predicate<String> wasReleased;
  private final Heartbeats heartbeats;
  private final Map<String, TrackedInstance> tracked = new ConcurrentHashMap<>();
  private volatile InstanceObserver observer = NoObserver.INSTANCE;
  private volatile @Nullable EventWatch events;
  private volatile String owner = "";

  /**
   * Makes one without instances.
   *
   * @param habits learns from how instances end
   * @param wasReleased whether an instance was released: a container that comes later is removed
   */
  InstanceWatch(
      DockerHost host, DockerThreads threads, ImageHabits habits, Predicate<String> wasReleased) {
    this.host = host;
    this.threads = threads;
    this.habits = habits;
    this.wasReleased = wasReleased;
    this.heartbeats =
        new Heartbeats(
            threads.workers(), instance -> DockerThreads.quietly(() -> beatOrCheck(instance)));
  }

  /** Begins to listen to Docker, and to send heartbeats. */
  void open(ProviderContext context) throws InterruptedException {
    observer = context.observer();
    owner = context.owner();
    EventWatch opened = new EventWatch(host.client(), context.owner(), new Events());
    events = opened;
    opened.start();
    if (host.settings().containers().withHeartbeats()) {
      heartbeats.start(
          threads.timers(),
          HeartbeatWrapper.beatInterval(host.settings().containers().heartbeatTimeout()),
          tracked.values());
    }
  }

  /** Stops listening. Heartbeats continue until the threads are closed. */
  void close() {
    EventWatch open = events;
    if (open != null) {
      open.close();
    }
  }

  /** The owner of the instances; empty until this is opened. */
  String owner() {
    return owner;
  }

  // The known instances.

  @Nullable TrackedInstance find(String instanceId) {
    return tracked.get(instanceId);
  }

  Collection<TrackedInstance> all() {
    return tracked.values();
  }

  /**
   * Returns the labels of a listed container; null if it is not ours. One that was is still ours
   * when somebody else has renamed it.
   */
  @Nullable Labels labels(Container container) {
    Labels labels = Labels.of(container);
    if (labels != null || container.getLabels() == null) {
      return labels;
    }
    TrackedInstance known = find(container.getLabels().getOrDefault(Labels.INSTANCE, ""));
    return known != null
            && known.containerId().equals(container.getId())
            && !ContainerRemover.isRenamed(container)
        ? known.labels()
        : null;
  }

  TrackedInstance track(Labels labels, String containerId) {
    return tracked.compute(
        labels.instanceId(),
        (id, old) ->
            old != null && old.containerId().equals(containerId)
                ? old
                : new TrackedInstance(labels, containerId));
  }

  void untrack(String instanceId) {
    TrackedInstance gone = tracked.remove(instanceId);
    if (gone != null) {
      gone.closeLog();
    }
  }

  /** Passes on how far a start is. */
  void progress(String instanceId, StartProgress progress) {
    observer.progress(instanceId, progress);
  }

  // Their lifecycle.

  /** Notes that an instance, perhaps of an earlier process, is up, and sends it heartbeats. */
  void adopt(TrackedInstance instance, @Nullable URI endpoint, @Nullable URI direct) {
    up(instance, endpoint, direct);
    if (instance.labels().withHeartbeats()) {
      heartbeats.send(instance);
    }
  }

  /**
   * From here on the end of an instance is told, also one that came a moment too early for that.
   */
  void up(TrackedInstance instance, @Nullable URI endpoint, @Nullable URI direct) {
    instance.up(endpoint, direct);
    if (instance.ended().isDone()) {
      checkLater(instance);
    }
  }

  /** Sends a last heartbeat to one that is left to the next process. */
  void detach(TrackedInstance instance) {
    instance.detach();
    if (instance.labels().withHeartbeats() && instance.needsHeartbeat()) {
      DockerThreads.quietly(
          () -> {
            boolean unused = beat(instance);
          });
    }
  }

  /** Sends a heartbeat; false if it does not get there, or the instance takes none. */
  private boolean beat(TrackedInstance instance) {
    return switch (instance.labels().heartbeat()) {
      case NONE -> false;
      case WRAPPER -> host.client().signal(instance.containerId(), HeartbeatWrapper.BEAT);
      case WATCHER -> beatWatcher(instance);
    };
  }

  private boolean beatWatcher(TrackedInstance instance) {
    try {
      return !host.client().run(instance.containerId(), HeartbeatWatcher.BEAT).isEmpty();
    } catch (DockerDaemonException e) {
      if (e.problem().isOnTheWay()) {
        throw e;
      }
      return false; // it has ended, or is gone
    }
  }

  /** The heartbeat of an instance that takes one; else, or if it does not get there, a look. */
  private void beatOrCheck(TrackedInstance instance) {
    try {
      if (!beat(instance)) {
        check(instance);
      }
    } catch (DockerDaemonException e) {
      LOG.warn("Heartbeat of {}: {}", instance.instanceId(), e.getMessage());
      EventWatch open = events;
      if (open != null) {
        open.reopen();
      }
    }
  }

  /** Looks whether an instance still runs, where it did, and tells if it does not. */
  void check(TrackedInstance instance) {
    InspectContainerResponse inspected = host.client().find(instance.containerId());
    if (inspected == null) {
      tell(instance, InstanceExit.unknown("its container was removed by somebody else"));
      return;
    }
    ContainerState state = new ContainerState(inspected);
    if (!state.isRunning() && !state.wasNeverStarted()) {
      tell(instance, exit(state, instance.labels()));
    } else if (hasMoved(instance, state)) {
      tell(
          instance,
          InstanceExit.unknown(
              "its container was restarted, or taken off its network, by somebody else"));
    }
  }

  /** Returns whether one that is up is published elsewhere: its port may be another's by now. */
  private boolean hasMoved(TrackedInstance instance, ContainerState state) {
    URI before = instance.endpoint();
    return before != null
        && instance.isWatched()
        && state.isRunning()
        && !before.equals(host.endpoint(state, instance.labels().port()));
  }

  private void tell(TrackedInstance instance, InstanceExit exit) {
    boolean first = instance.tell(instance.isWatched() ? exit : null);
    if (first) {
      observer.exited(instance.instanceId(), exit);
    }
  }

  private void checkLater(TrackedInstance instance) {
    threads.submit(() -> check(instance));
  }

  /** Returns how an instance ended, with the last lines of its log. */
  InstanceExit exit(ContainerState state, Labels labels) {
    if (state.wasNeverStarted()) {
      return InstanceExit.unknown(
          state.error().isEmpty() ? "it was created but never started" : state.error());
    }
    List<String> tail;
    try {
      tail = host.client().logs(state.id(), LOG_TAIL);
    } catch (DockerDaemonException e) {
      tail = List.of();
    }
    habits.learn(state.imageId(), tail);
    String message = null;
    if (tail.contains(HeartbeatShell.EXPIRED)) {
      message =
          "it ended itself, because no heartbeat had reached it for "
              + host.settings().containers().heartbeatTimeout().toSeconds()
              + " s";
    } else if (!state.error().isEmpty()) {
      message = state.error();
    }
    return new InstanceExit(
        state.exitCode(),
        state.isOutOfMemory(),
        tail,
        message,
        state.finishedAt(host.daemon().clockSkew()));
  }

  /** Removes a container that came after the release of its instance, if it is of this owner. */
  private void removeLate(String containerId, String instanceId) {
    InspectContainerResponse inspected = host.client().find(containerId);
    Labels labels = inspected == null ? null : new ContainerState(inspected).labels();
    if (labels != null && labels.isOf(owner, instanceId)) {
      LOG.info("Docker made a container for {} {} too late", owner, instanceId);
      host.client().remove(containerId);
    }
  }

  private final class Events implements EventWatch.Receiver {
    @Override
    public void opened() {
      tracked.values().stream()
          .filter(TrackedInstance::needsHeartbeat)
          .forEach(InstanceWatch.this::checkLater);
    }

    @Override
    public void happened(String action, String containerId, String instanceId) {
      if (action.equals("create")) {
        if (wasReleased.test(instanceId)) {
          threads.submit(() -> removeLate(containerId, instanceId));
        }
        return;
      }
      TrackedInstance instance = tracked.get(instanceId);
      if (instance != null && instance.containerId().equals(containerId)) {
        if (!instance.isWatched()) {
          instance.ended().complete(null);
        } else {
          checkLater(instance);
        }
      }
    }
  }

  /** For a provider that is used without an engine. */
  private enum NoObserver implements InstanceObserver {
    INSTANCE;

    @Override
    public void exited(String instanceId, InstanceExit exit) {}

    @Override
    public void progress(String instanceId, StartProgress progress) {}
  }
}
