package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.ReleasedInstances;
import dev.autodeploy.spi.StartRequest;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The instances of one provider, as pods: starts, watches, lists and releases them. Thread-safe.
 */
final class PodProvider implements InstanceProvider {
  private static final Logger LOG = LoggerFactory.getLogger(PodProvider.class);
  private static final Duration NODES = Duration.ofSeconds(30);
  private static final Duration LEFTOVERS = Duration.ofMinutes(5);

  private final Cluster cluster;
  private final String hostName;
  private final KubernetesThreads threads = new KubernetesThreads();
  private final HostObject host = new HostObject();
  private final NodeGpus gpus;
  private final PodSpecCheck checks;
  private final AccessRights rights;
  private final OwnerHeartbeat heartbeats;
  private final OwnerHold hold;
  private final PodServices services;
  private final PodWatch watch;
  private final PodLifecycle lifecycle;
  private final PodProbe probes;

  /**
   * Makes one.
   *
   * @param hostName the name of this machine, or of this process' pod
   */
  PodProvider(Cluster cluster, String hostName) {
    this.cluster = cluster;
    this.hostName = hostName;
    gpus = new NodeGpus(cluster);
    checks = new PodSpecCheck(cluster.settings());
    rights = new AccessRights(cluster, cluster.namespace(), AccessRights.forPods(cluster.reach()));
    heartbeats = new OwnerHeartbeat(cluster, threads, host);
    hold = new OwnerHold(cluster, heartbeats, hostName);
    ReleasedInstances released = new ReleasedInstances();
    PodEvents events = new PodEvents(cluster);
    PodEnds ends = new PodEnds(cluster, threads, events);
    watch = new PodWatch(cluster, threads, ends, released::contains);
    services =
        new PodServices(
            cluster,
            threads,
            watch,
            ends,
            events,
            new EnvironmentSecret(cluster, host),
            host,
            new Reach(cluster));
    lifecycle = new PodLifecycle(services, released);
    probes = new PodProbe(threads);
  }

  @Override
  public String name() {
    return "kubernetes";
  }

  @Override
  public void open(ProviderContext context) {
    try {
      if (cluster.isInside() && cluster.settings().placement().ownerReference()) {
        host.find(cluster, hostName);
      }
      heartbeats.open(context.owner());
      hold.take(context.owner());
      heartbeats.start();
      watch.open(context);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      throw ClusterException.of("waiting for the owner", e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    threads.submit(gpus::look);
    threads.scheduleAtInterval(NODES, gpus::look);
    Runnable leftovers =
        () ->
            services
                .secrets()
                .deleteLeftovers(context.owner(), instance -> watch.find(instance) != null);
    threads.submit(leftovers);
    threads.scheduleAtInterval(LEFTOVERS, leftovers);
    LOG.info(
        "Using Kubernetes at {}, namespace {}, owner {}; instances are reached by {}",
        cluster.address(),
        cluster.namespace(),
        context.owner(),
        services.reach().kind());
  }

  @Override
  public void validate(DeploymentSpec spec) {
    checks.check(spec);
    rights.check();
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    hold.requireHeld();
    ProviderInstance started = lifecycle.start(request);
    TrackedPod tracked = watch.find(request.instanceId());
    Pod pod = tracked == null ? null : tracked.pod();
    if (request.spec().gpu().isNone() || pod == null) {
      return CompletableFuture.completedFuture(started);
    }
    if (gpus.modelOf(pod) == null) {
      gpus.look(); // its node may be new
    }
    return CompletableFuture.completedFuture(started.toBuilder().gpuModel(gpuModel(pod)).build());
  }

  /** Returns the model by the pod's node, as the GPUs that it is counted on may be others. */
  private String gpuModel(Pod pod) {
    String model = gpus.modelOf(pod);
    return model == null ? "" : model;
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    hold.requireHeld();
    lifecycle.release(instanceId, grace);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    List<Pod> pods =
        cluster.call(
            "listing pods",
            client ->
                client
                    .pods()
                    .inNamespace(cluster.namespace())
                    .withLabels(PodLabels.selector(owner))
                    .list()
                    .getItems());
    List<ProviderInstance> instances = new ArrayList<>();
    for (Pod pod : pods) {
      PodLabels labels = PodLabels.of(pod);
      // An object can outlive its containers by many seconds, but nothing is left to be paid for.
      if (labels != null && labels.owner().equals(owner) && !new PodState(pod).isGone()) {
        instances.add(listed(labels, pod));
      }
    }
    return CompletableFuture.completedFuture(instances);
  }

  private ProviderInstance listed(PodLabels labels, Pod pod) {
    PodState state = new PodState(pod);
    boolean starting = lifecycle.isStarting(labels.instanceId());
    InstanceExit exit = state.hasServiceEnded() && !starting ? services.ends().exit(state) : null;
    URI endpoint = null;
    if (!starting && exit == null && labels.owner().equals(watch.owner())) {
      endpoint = adopted(labels, pod, state);
    }
    return ProviderInstance.builder(labels.instanceId(), labels.deployment(), labels.startedAt())
        .slot(labels.slot())
        .fingerprint(state.isBeingDeleted() ? "" : labels.fingerprint()) // nobody may have it
        .endpoint(endpoint)
        .exit(exit)
        .gpus(labels.gpus())
        .gpuModel(gpuModel(pod))
        .epoch(labels.epoch())
        .build();
  }

  /** Looks after a pod, perhaps of an earlier process, from now on. */
  private @Nullable URI adopted(PodLabels labels, Pod pod, PodState state) {
    TrackedPod instance = watch.track(labels);
    if (instance.isUp()) {
      return instance.endpoint();
    }
    URI endpoint = null;
    try {
      endpoint = state.isRunning() ? services.reach().find(pod, labels) : null;
    } catch (ClusterException e) {
      LOG.debug("{}", e.getMessage()); // listed all the same, and found the next time
    }
    if (endpoint != null || state.failure() != null) {
      instance.heard(pod);
      services.ends().up(instance, endpoint);
    }
    return endpoint;
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    return CompletableFuture.completedFuture(
        PodLog.tail(cluster, Names.ofInstance(instanceId), lines));
  }

  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    return probes.isReady(
        instance,
        probe,
        watch.find(instance.instanceId()),
        services.reach(),
        cluster,
        () -> logs(instance.instanceId(), ProbeTarget.LOG_LINES));
  }

  @Override
  public CompletionStage<Void> detach(String instanceId) {
    TrackedPod known = watch.find(instanceId);
    if (known != null) {
      known.detach();
      heartbeats.beatQuietly();
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public ProviderCapacity capacity() {
    List<ProviderCapacity.Gpu> known = gpus.known();
    return known == null ? ProviderCapacity.unknown() : ProviderCapacity.of(known);
  }

  @Override
  public CompletionStage<ProviderCatalog> catalog() {
    gpus.look();
    List<ProviderCapacity.Gpu> known = gpus.known();
    return CompletableFuture.completedFuture(
        new ProviderCatalog(
            List.of(),
            List.of(),
            known == null
                ? List.of()
                : known.stream()
                    .map(gpu -> new ProviderCatalog.Gpu(gpu.id(), gpu.model(), ""))
                    .toList()));
  }

  @Override
  public void close() {
    // An interrupt would end the calls and leave pods running, so it is restored at the end.
    boolean interrupted = false;
    for (TrackedPod instance : watch.all()) {
      do {
        interrupted |= Thread.interrupted();
        end(instance);
      } while (Thread.currentThread().isInterrupted());
    }
    watch.close();
    services.reach().close();
    hold.close();
    threads.close();
    cluster.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void end(TrackedPod instance) {
    // What was only listed here may serve another engine: this one may have failed to start.
    if (!instance.endsWithProcess() || hold.isLost()) {
      return;
    }
    try {
      lifecycle.release(instance.instanceId(), Duration.ZERO);
    } catch (RuntimeException e) {
      LOG.warn("Instance {} may still run: {}", instance.instanceId(), e.getMessage());
    }
  }
}
