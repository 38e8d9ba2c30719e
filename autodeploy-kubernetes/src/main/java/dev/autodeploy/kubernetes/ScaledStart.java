package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import io.fabric8.kubernetes.api.model.Pod;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The start of one instance by one more replica of a Deployment, on one thread; {@link #cancel()}
 * ends it from another. Ends with a running instance, or with an error after taking the replica
 * back.
 */
final class ScaledStart {
  private static final Logger LOG = LoggerFactory.getLogger(ScaledStart.class);

  private final ScaledServices services;
  private final ScaledDeployment scaled;
  private final StartRequest request;
  private final Instant startedAt = Instant.now();
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean cancelled;
  private volatile @Nullable TrackedPod tracked;

  ScaledStart(ScaledServices services, ScaledDeployment scaled, StartRequest request) {
    this.services = services;
    this.scaled = scaled;
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
    checkNotCancelled();
    PodLabels labels =
        PodLabels.of(request, PodMaker.port(request.spec()), startedAt, /* heartbeat= */ false);
    TrackedPod instance = services.watch().track(labels);
    instance.own();
    tracked = instance;
    PodArrival arrival =
        new PodArrival(
            request,
            instance,
            () -> scaled.pod(instance.podName()),
            this::checkNotCancelled,
            new PodArrival.Services(
                services.ends(),
                new PodEvents(scaled.cluster()),
                services.reach(scaled.target()),
                scaled.cluster().settings().arrival()));
    try {
      arrival.progress("scaling", "Deployment " + scaled.target());
      scaled.watch(services.watch());
      Map<String, PodBinding> unused =
          services.bindings().change(all -> with(all, PodBinding.of(labels, scaled.target())));
      checkNotCancelled();
      scaled.raise();
      URI endpoint = arrival.await(awaitPod(instance, arrival));
      checkNotCancelled();
      services.ends().up(instance, endpoint);
      return ProviderInstance.of(request, endpoint, startedAt);
    } catch (InterruptedException | RuntimeException e) {
      services.watch().untrack(request.instanceId());
      takeBackQuietly();
      throw e;
    }
  }

  private static Map<String, PodBinding> with(Map<String, PodBinding> all, PodBinding added) {
    Map<String, PodBinding> changed = new LinkedHashMap<>(all);
    changed.put(added.instanceId(), added);
    return changed;
  }

  /** Waits until the ReplicaSet has made a pod, and has it be this instance's. */
  private Pod awaitPod(TrackedPod instance, PodArrival arrival) throws InterruptedException {
    while (true) {
      checkNotCancelled();
      long version = instance.version();
      List<Pod> pods = scaled.pods();
      PodBinding binding = scaled.bind(pods).get(request.instanceId());
      if (binding == null || binding.releasing()) {
        throw new InstanceStartException("the start was taken back by somebody else");
      }
      for (Pod pod : pods) {
        if (binding.isOf(pod)) {
          services.watch().bound(instance, binding, pod);
          return pod;
        }
      }
      if (binding.isBound()) {
        throw new InstanceStartException(
            PodState.DELETED + " before it was up", InstanceExit.unknown(PodState.DELETED), null);
      }
      String refusal = scaled.refusal();
      if (refusal != null) {
        throw new InstanceStartException(
            "the cluster makes no pod for Deployment " + scaled.target() + ": " + refusal);
      }
      arrival.awaitsPod("there is none of Deployment " + scaled.target() + " yet");
      instance.awaitAfter(version, PodArrival.LOOK_NANOS);
    }
  }

  private void checkNotCancelled() {
    if (cancelled) {
      throw new InstanceStartException("the start was cancelled");
    }
  }

  /** Takes the replica back; on failure the engine, which releases it too, tries again. */
  private void takeBackQuietly() {
    try {
      ScaledRelease.begin(services, request.instanceId());
      String unused = scaled.lower(/* chosen= */ false);
    } catch (RuntimeException e) {
      LOG.debug("Taking {} back after its start had failed: {}", scaled.target(), e.toString());
    }
  }
}
