package dev.autodeploy.docker;

import static java.util.Objects.requireNonNull;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists the instances of an owner by the labels of their containers, all of them inspected at once;
 * what runs is looked after from then on.
 */
final class ContainerList {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerList.class);
  private static final Duration INSPECTION = Duration.ofSeconds(5);

  private final DockerHost host;
  private final InstanceWatch watch;
  private final Predicate<String> isStarting;
  private final Executor workers;

  /**
   * Makes one.
   *
   * @param isStarting whether an instance is being started: that it does not run is no end then
   * @param workers where containers are inspected
   */
  ContainerList(
      DockerHost host, InstanceWatch watch, Predicate<String> isStarting, Executor workers) {
    this.host = host;
    this.watch = watch;
    this.isStarting = isStarting;
    this.workers = workers;
  }

  List<ProviderInstance> listOf(String owner) {
    Map<Container, Labels> own = new LinkedHashMap<>();
    Map<Container, CompletableFuture<Inspection>> inspections = new LinkedHashMap<>();
    for (Container container :
        host.client().list(Map.of(Labels.MANAGED, "true", Labels.OWNER, owner))) {
      Labels labels = watch.labels(container);
      if (labels != null) {
        own.put(container, labels);
        inspections.put(
            container,
            CompletableFuture.supplyAsync(() -> inspect(labels, container.getId()), workers));
      }
    }
    List<ProviderInstance> instances = new ArrayList<>();
    long deadline = System.nanoTime() + INSPECTION.toNanos();
    inspections.forEach(
        (container, inspection) -> {
          Labels labels = requireNonNull(own.get(container));
          Inspection inspected = within(deadline, inspection);
          if (inspected == null) {
            LOG.warn(
                "Docker does not answer when {} is inspected; it is still listed, so it is there",
                labels.name());
            instances.add(marked(container, uninspected(labels, container)));
          } else if (inspected.state() != null) {
            instances.add(
                marked(container, inspected(labels, inspected.state(), inspected.exit())));
          }
        });
    return instances;
  }

  /** One whose release has begun fits no deployment any longer, and is released again. */
  private static ProviderInstance marked(Container container, ProviderInstance listed) {
    return Labels.isEnding(container) ? listed.toBuilder().fingerprint("").build() : listed;
  }

  /**
   * The result of an inspection.
   *
   * @param state what it said, or null if the container is gone
   * @param exit how the instance ended, or null if it has not
   */
  private record Inspection(@Nullable ContainerState state, @Nullable InstanceExit exit) {}

  private Inspection inspect(Labels labels, String container) {
    // Asked before: one whose start ends meanwhile is seen running, or not called ended.
    boolean starting = isStarting.test(labels.instanceId());
    InspectContainerResponse inspected = host.client().find(container);
    if (inspected == null) {
      return new Inspection(null, null);
    }
    ContainerState state = new ContainerState(inspected);
    boolean ended = !state.isRunning() && !starting;
    return new Inspection(state, ended ? watch.exit(state, labels) : null);
  }

  /** Waits for an inspection; null if the daemon, which has just listed, hangs over this one. */
  private static @Nullable Inspection within(
      long deadline, CompletableFuture<Inspection> inspection) {
    try {
      return inspection.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DockerDaemonException.of("listing containers", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      DockerDaemonException failure = DockerDaemonException.of("listing containers", cause);
      if (failure.problem() == DockerProblem.NO_ANSWER) {
        return null;
      }
      throw failure;
    }
  }

  private ProviderInstance inspected(
      Labels labels, ContainerState state, @Nullable InstanceExit exit) {
    TrackedInstance instance = watch.track(labels, state.id());
    URI endpoint = null;
    if (state.isRunning()) {
      endpoint = host.endpoint(state, labels.port());
      watch.adopt(instance, endpoint, host.direct(state, labels.port()));
    } else if (exit != null) {
      instance.tell(exit);
    }
    return listed(labels, endpoint, exit);
  }

  private ProviderInstance uninspected(Labels labels, Container container) {
    URI endpoint = null;
    if ("running".equals(container.getState())) {
      TrackedInstance instance = watch.track(labels, container.getId());
      endpoint = instance.endpoint();
      if (endpoint == null) {
        endpoint = host.endpoint(container, labels.port());
      }
      watch.adopt(instance, endpoint, instance.direct());
    }
    return listed(labels, endpoint, null);
  }

  private static ProviderInstance listed(
      Labels labels, @Nullable URI endpoint, @Nullable InstanceExit exit) {
    return ProviderInstance.builder(labels.instanceId(), labels.deployment(), labels.startedAt())
        .slot(labels.slot())
        .fingerprint(labels.fingerprint())
        .endpoint(endpoint)
        .exit(exit)
        .gpus(GpuGrant.ids(labels.gpus()))
        .epoch(labels.epoch())
        .build();
  }
}
