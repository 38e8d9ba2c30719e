package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import io.fabric8.kubernetes.api.model.Pod;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The start of one instance, on one thread; {@link #cancel()} ends it from another. Ends with a
 * running instance, or with an error after asking for the pod's deletion.
 */
final class PodStart {
  private static final Logger LOG = LoggerFactory.getLogger(PodStart.class);

  private final PodServices services;
  private final StartRequest request;
  private final Instant startedAt = Instant.now();
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean cancelled;
  private volatile boolean outcomeUnknown;
  private volatile @Nullable TrackedPod tracked;

  PodStart(PodServices services, StartRequest request) {
    this.services = services;
    this.request = request;
  }

  /** Cancels the start; it ends with the call that is under way. */
  void cancel() {
    cancelled = true;
    TrackedPod known = tracked;
    if (known != null) {
      known.wake();
    }
  }

  boolean awaitEnd(Duration timeout) throws InterruptedException {
    return finished.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Returns whether the API server may still create the pod although the call failed. */
  boolean isOutcomeUnknown() {
    return outcomeUnknown;
  }

  ProviderInstance run() {
    try {
      return start();
    } catch (ClusterException | IllegalArgumentException e) {
      throw new InstanceStartException(String.valueOf(e.getMessage()), null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InstanceStartException("the start was interrupted", null, e);
    } finally {
      finished.countDown();
    }
  }

  private ProviderInstance start() throws InterruptedException {
    DeploymentSpec spec = request.spec();
    checkNotCancelled();
    PodLabels labels =
        PodLabels.of(
            request,
            PodMaker.port(spec),
            startedAt,
            PodMaker.withHeartbeat(services.cluster().settings(), spec));
    TrackedPod instance = services.watch().track(labels);
    instance.own();
    tracked = instance;
    PodArrival arrival =
        new PodArrival(
            request,
            instance,
            () -> services.find(labels.name()),
            this::checkNotCancelled,
            new PodArrival.Services(
                services.ends(),
                services.events(),
                services.reach(),
                services.cluster().settings().arrival()));
    try {
      arrival.progress("creating", labels.name());
      Pod made = create(spec, labels);
      instance.heard(made);
      URI endpoint = arrival.await(made);
      checkNotCancelled();
      services.ends().up(instance, endpoint);
      return instance(endpoint);
    } catch (InterruptedException | RuntimeException e) {
      services.watch().untrack(request.instanceId());
      deleteQuietly(labels.name());
      throw e;
    }
  }

  private ProviderInstance instance(URI endpoint) {
    return ProviderInstance.of(request, endpoint, startedAt);
  }

  private Pod create(DeploymentSpec spec, PodLabels labels) {
    Cluster cluster = services.cluster();
    Pod pod = new PodMaker(cluster.settings(), spec, labels, services.host().reference()).make();
    boolean secret = !spec.environment().isEmpty();
    if (secret) {
      services.secrets().create(labels, spec.environment());
    }
    checkNotCancelled();
    Pod made = created(labels, pod);
    if (secret) {
      services.threads().submit(() -> services.secrets().belongTo(made));
    }
    services.reach().prepare(made, labels);
    return made;
  }

  private Pod created(PodLabels labels, Pod pod) {
    Cluster cluster = services.cluster();
    try {
      return cluster.call(
          "creating pod " + labels.name(),
          client -> client.pods().inNamespace(cluster.namespace()).resource(pod).create());
    } catch (ClusterException e) {
      if (!e.isConflict() && !e.isOutcomeUnknown()) {
        throw e;
      }
      outcomeUnknown = e.isOutcomeUnknown();
      Pod there = services.find(labels.name());
      PodLabels its = there == null ? null : PodLabels.of(there);
      if (there == null || its == null || !its.isOf(request.owner(), request.instanceId())) {
        throw e;
      }
      outcomeUnknown = false; // the call was carried out, and its answer lost
      return there;
    }
  }

  private void checkNotCancelled() {
    if (cancelled) {
      throw new InstanceStartException("the start was cancelled");
    }
  }

  /**
   * Deletes what a failed start left; on failure the engine, which releases it too, tries again.
   */
  private void deleteQuietly(String name) {
    try {
      Pod pod = services.find(name);
      if (pod != null && PodLabels.of(pod) != null) {
        PodDeletion.delete(services.cluster(), pod, PodDeletion.AT_ONCE);
      }
      if (!request.spec().environment().isEmpty()) {
        services.secrets().delete(name);
      }
    } catch (ClusterException e) {
      LOG.debug("Deleting {} after its start had failed: {}", name, e.toString());
    }
  }
}
