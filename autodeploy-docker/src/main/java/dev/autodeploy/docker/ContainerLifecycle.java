package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReleasedInstances;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts and releases instances: each at most once, and none again that was released, whatever of
 * its start is still under way. Thread-safe; both block until they are done.
 */
final class ContainerLifecycle {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerLifecycle.class);

  /** The time that a start may take to end once it was cancelled. */
  private static final Duration START_END = Duration.ofSeconds(60);

  /** The time that Docker may take to remove a container, beyond the grace period. */
  private static final Duration REMOVAL = Duration.ofSeconds(20);

  /**
   * The time for which to look for a container that Docker may have created although the call
   * failed.
   */
  private static final Duration LATE_CONTAINER = Duration.ofSeconds(2);

  private final ContainerServices services;
  private final ReleasedInstances released;
  private final Map<String, ContainerStart> starts = new ConcurrentHashMap<>();

  ContainerLifecycle(ContainerServices services, ReleasedInstances released) {
    this.services = services;
    this.released = released;
  }

  boolean isStarting(String instanceId) {
    return starts.containsKey(instanceId);
  }

  ProviderInstance start(StartRequest request) {
    ContainerStart start = new ContainerStart(services, request);
    if (starts.putIfAbsent(request.instanceId(), start) != null) {
      throw new InstanceStartException("instance '" + request.instanceId() + "' is being started");
    }
    if (released.contains(request.instanceId())) {
      starts.remove(request.instanceId(), start);
      throw new InstanceStartException("the start was cancelled");
    }
    boolean returned = false;
    try {
      ProviderInstance instance = start.run();
      returned = true;
      return instance;
    } finally {
      if (returned || !start.isOutcomeUnknown()) {
        starts.remove(request.instanceId(), start);
      }
    }
  }

  void release(String instanceId, Duration grace) {
    released.add(instanceId);
    TrackedInstance known = services.watch().find(instanceId);
    if (known != null) {
      known.releasing();
    }
    try {
      ContainerStart start = starts.get(instanceId);
      if (start != null) {
        start.cancel();
        if (!start.awaitEnd(START_END)) {
          throw new DockerDaemonException(
              DockerProblem.NO_ANSWER, "releasing " + instanceId, "its start does not end", null);
        }
      }
      removeAll(instanceId, grace);
      if (start != null && start.isOutcomeUnknown()) {
        removeLateContainers(instanceId);
        starts.remove(instanceId, start);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DockerDaemonException.of("releasing " + instanceId, e);
    }
    services.watch().untrack(instanceId);
    services.gpus().free(instanceId);
  }

  /** A daemon that was asked to make a container may do so late, once it answers again. */
  private void removeLateContainers(String instanceId) throws InterruptedException {
    long deadline = System.nanoTime() + LATE_CONTAINER.toNanos();
    while (System.nanoTime() < deadline) {
      Thread.sleep(200);
      removeAll(instanceId, Duration.ZERO);
    }
  }

  private void removeAll(String instanceId, Duration grace) throws InterruptedException {
    long deadline = System.nanoTime() + grace.plus(REMOVAL).toNanos();
    List<String> containers = containersOf(instanceId);
    while (!containers.isEmpty()) {
      for (String container : containers) {
        try {
          end(instanceId, container, grace);
        } catch (DockerDaemonException e) {
          if (e.problem().unreachable()) {
            throw e;
          }
          LOG.warn(
              "Instance {} could not be asked to end, and is ended by force: {}",
              instanceId,
              e.getMessage());
        }
        services.remover().remove(container);
      }
      containers = containersOf(instanceId);
      if (!containers.isEmpty()) {
        if (System.nanoTime() > deadline) {
          throw new DockerDaemonException(
              DockerProblem.OTHER,
              "releasing " + instanceId,
              "container " + containers.get(0) + " is still there",
              null);
        }
        Thread.sleep(50);
      }
    }
  }

  /** Asks a container to end and waits for it. */
  private void end(String instanceId, String container, Duration grace)
      throws InterruptedException {
    if (grace.isZero()) {
      return;
    }
    InspectContainerResponse inspected = services.host().client().find(container);
    if (inspected == null || !new ContainerState(inspected).isRunning()) {
      return;
    }
    ContainerState state = new ContainerState(inspected);
    markEnding(state);
    if (!services.host().client().signal(container, state.stopSignal())
        && !services.host().client().signal(container, ContainerState.USUAL_STOP_SIGNAL)) {
      return; // an image may name one that there is not
    }
    TrackedInstance known = services.watch().find(instanceId);
    CompletableFuture<Void> ended = known == null ? new CompletableFuture<>() : known.ended();
    long deadline = System.nanoTime() + grace.toNanos();
    while (!ended.isDone()) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return;
      }
      try {
        ended.get(Math.min(left, TimeUnit.MILLISECONDS.toNanos(200)), TimeUnit.NANOSECONDS);
      } catch (TimeoutException | ExecutionException e) {
        InspectContainerResponse now = services.host().client().find(container);
        if (now == null || !new ContainerState(now).isRunning()) {
          return;
        }
      }
    }
  }

  /** Lets the next process know, should this one be killed before the container has ended. */
  private void markEnding(ContainerState state) {
    Labels labels = state.labels();
    if (labels == null || state.isNamed(labels.nameAtTheEnd())) {
      return;
    }
    try {
      services.host().client().rename(state.id(), labels.nameAtTheEnd());
    } catch (DockerDaemonException e) {
      LOG.debug("{} keeps its name while it ends: {}", labels.name(), e.getMessage());
    }
  }

  /** Returns the ids of the containers of an instance: one, or none. */
  List<String> containersOf(String instanceId) {
    String owner = services.watch().owner();
    return services.host().client().list(Map.of(Labels.INSTANCE, instanceId)).stream()
        .filter(
            container -> {
              Labels labels = services.watch().labels(container);
              return labels != null && labels.isOf(owner, instanceId);
            })
        .map(Container::getId)
        .toList();
  }
}
