package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartProgress.Phase;
import dev.autodeploy.spi.StartRequest;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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

  /** The time between two looks at a pod of which nothing is heard. */
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** The time between two knocks at the port of a pod that has an address. */
  private static final long KNOCK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final int KNOCK_MILLIS = 50;

  /** The time for which a pod that cannot be placed yet may be placed after all. */
  private static final Duration LEAST_PLACING = Duration.ofSeconds(2);

  private final PodServices services;
  private final StartRequest request;
  private final Instant startedAt = Instant.now();
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean cancelled;
  private volatile boolean outcomeUnknown;
  private volatile @Nullable TrackedPod tracked;
  private String lastProgress = "";

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
    try {
      progress("creating", labels.name());
      Pod made = create(spec, labels);
      instance.heard(made);
      URI endpoint = awaitUp(instance, made);
      checkNotCancelled();
      services.watch().up(instance, endpoint);
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

  /** Waits until the service's container runs, or its port answers, and returns its address. */
  private URI awaitUp(TrackedPod instance, Pod made) throws InterruptedException {
    long begun = System.nanoTime();
    long heard = begun;
    long unplacedSince = 0;
    boolean direct = services.reach().isDirect();
    while (true) {
      checkNotCancelled();
      long version = instance.version();
      Pod pod = instance.pod();
      if (pod == null) {
        throw new InstanceStartException(
            "its pod was deleted by somebody else before it was up",
            InstanceExit.unknown("its pod was deleted by somebody else"),
            null);
      }
      PodState state = new PodState(pod);
      checkNotFailed(pod, state);
      boolean knocks = direct && state.ip() != null;
      if (state.ip() != null
          && (state.isRunning() || (knocks && answers(state.ip(), instance.labels().port())))) {
        return services.reach().endpoint(pod, instance.labels());
      }
      String unplaced = state.unschedulable();
      long now = System.nanoTime();
      unplacedSince = unplaced == null ? 0 : unplacedSince == 0 ? now : unplacedSince;
      if (unplaced != null) {
        awaitRoom(unplaced, now - unplacedSince);
      }
      long step = knocks ? KNOCK_NANOS : LOOK_NANOS;
      instance.awaitAfter(version, step);
      if (instance.version() != version) {
        heard = System.nanoTime();
      } else if (System.nanoTime() - heard >= LOOK_NANOS) {
        heard = System.nanoTime();
        tellWhatHappens(pod, unplaced != null);
        look(instance, made);
      }
    }
  }

  private void checkNotFailed(Pod pod, PodState state) {
    if (state.hasServiceEnded()) {
      InstanceExit exit = services.watch().exit(pod);
      throw new InstanceStartException(
          "the pod ended before it was ready: " + exit.describe(), exit, null);
    }
    String failure = state.failure();
    if (failure != null) {
      if (failure.startsWith("ImagePullBackOff")) {
        String why = PodEvents.problem(services.events().of(pod));
        failure = why == null ? failure : failure + "; " + why;
      }
      throw new InstanceStartException(failure);
    }
  }

  /** Goes on waiting for a node with room, up to the start timeout; then there is none for now. */
  private void awaitRoom(String sentence, long nanos) {
    if (sentence.contains("persistentvolumeclaim") && sentence.contains("not found")) {
      throw new InstanceStartException(
          "the pod mounts a claim that does not exist ("
              + sentence
              + "); make it, or correct the"
              + " mount");
    }
    progress("waiting for a node", sentence);
    Duration limit = request.spec().startTimeout();
    Duration longest = limit.compareTo(LEAST_PLACING) < 0 ? LEAST_PLACING : limit;
    if (nanos > longest.toNanos()) {
      throw InstanceStartException.noRoom("no node of the cluster has room: " + sentence);
    }
  }

  /** Reports the pull of the image, and what is tried again and again. */
  private void tellWhatHappens(Pod pod, boolean unplaced) {
    if (unplaced) {
      return;
    }
    List<Event> events = services.events().of(pod);
    String pulling = PodEvents.pulling(events);
    String problem = PodEvents.problem(events);
    if (pulling != null) {
      progress("pulling", request.spec().image() == null ? pulling : request.spec().image());
    } else if (problem != null) {
      progress("starting", problem);
    } else if (!new PodState(pod).node().isEmpty()) {
      progress("starting", "on " + new PodState(pod).node());
    }
  }

  /** Asks the API server, in case the informer missed something. */
  private void look(TrackedPod instance, Pod made) {
    try {
      Pod now = services.find(instance.labels().name());
      if (now == null
          || !String.valueOf(now.getMetadata().getUid())
              .equals(String.valueOf(made.getMetadata().getUid()))) {
        instance.heard(null);
      } else {
        Pod known = instance.pod();
        if (known == null
            || !String.valueOf(known.getMetadata().getResourceVersion())
                .equals(String.valueOf(now.getMetadata().getResourceVersion()))) {
          instance.heard(now);
        }
      }
    } catch (ClusterException e) {
      LOG.debug("{}", e.getMessage()); // asked again; the start timeout is the limit
    }
  }

  /** Knocks once: the service may listen long before the kubelet has told that it runs. */
  private static boolean answers(@Nullable String ip, int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(ip, port), KNOCK_MILLIS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private void checkNotCancelled() {
    if (cancelled) {
      throw new InstanceStartException("the start was cancelled");
    }
  }

  /** Reports a step, once; placing and pulling come before the start itself. */
  private void progress(String step, String detail) {
    String words = step + " " + detail;
    if (!words.equals(lastProgress)) {
      lastProgress = words;
      boolean preparing = step.equals("pulling") || step.startsWith("waiting");
      Phase phase = preparing ? Phase.PREPARING : Phase.STARTING;
      services.watch().progress(request.instanceId(), new StartProgress(step, detail, 0, 0, phase));
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
