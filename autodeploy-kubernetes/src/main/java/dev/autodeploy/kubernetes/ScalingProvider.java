package dev.autodeploy.kubernetes;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.autoscaling.v1.Scale;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The instances of one provider, as pods of Deployments that somebody else owns: of those it
 * changes the number of replicas and nothing else. Thread-safe.
 */
final class ScalingProvider implements InstanceProvider {
  private static final Logger LOG = LoggerFactory.getLogger(ScalingProvider.class);

  private final Cluster cluster;
  private final KubernetesThreads threads = new KubernetesThreads();
  private final NodeGpus gpus;
  private final OwnerHeartbeat heartbeats;
  private final OwnerHold hold;
  private final ScaledServices services;
  private final ScaledCheck checks;
  private final ScaledLifecycle lifecycle;
  private final PodProbe probes;
  private volatile String owner = "";

  /**
   * Makes one.
   *
   * @param hostName the name of this machine, or of this process' pod
   * @param targets the Deployments by the names of our deployments
   */
  ScalingProvider(Cluster cluster, String hostName, Map<String, ScaleTarget> targets) {
    this.cluster = cluster;
    gpus = new NodeGpus(cluster);
    heartbeats = new OwnerHeartbeat(cluster, threads, new HostObject());
    hold = new OwnerHold(cluster, heartbeats, hostName);
    services =
        new ScaledServices(
            cluster,
            threads,
            targets,
            new PodBindings(cluster, heartbeats),
            new PodEnds(cluster, threads, new PodEvents(cluster)));
    checks = new ScaledCheck(services, cluster);
    lifecycle = new ScaledLifecycle(services, checks);
    probes = new PodProbe(threads);
  }

  @Override
  public String name() {
    return "kubernetes";
  }

  @Override
  public void open(ProviderContext context) {
    try {
      owner = context.owner();
      heartbeats.open(owner);
      hold.take(owner);
      heartbeats.start();
      services.ends().open(context.observer());
      services.all().forEach(scaled -> scaled.watch(services.watch()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      throw ClusterException.of("waiting for the owner", e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    threads.submit(gpus::look);
    LOG.info(
        "Using Kubernetes at {}, owner {}, by scaling {}; instances are reached by {}",
        cluster.address(),
        owner,
        services.all().stream().map(ScaledDeployment::target).toList(),
        cluster.reach());
  }

  @Override
  public void validate(DeploymentSpec spec) {
    checks.check(spec);
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    hold.requireHeld();
    ProviderInstance started = lifecycle.start(request);
    TrackedPod tracked = services.watch().find(request.instanceId());
    Pod pod = tracked == null ? null : tracked.pod();
    if (request.spec().gpu().isNone() || pod == null) {
      return CompletableFuture.completedFuture(started);
    }
    if (gpus.modelOf(pod) == null) {
      gpus.look(); // its node may be new
    }
    return CompletableFuture.completedFuture(started.toBuilder().gpuModel(gpuModel(pod)).build());
  }

  private String gpuModel(@Nullable Pod pod) {
    String model = pod == null ? null : gpus.modelOf(pod);
    return model == null ? "" : model;
  }

  /** The grace is that of the pod's own manifest. */
  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    hold.requireHeld();
    lifecycle.release(instanceId);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String of) {
    List<ProviderInstance> instances = new ArrayList<>();
    if (!of.equals(owner)) {
      services
          .bindings()
          .of(of)
          .values()
          .forEach(binding -> instances.add(builder(binding.labels()).build()));
      return CompletableFuture.completedFuture(instances);
    }
    for (PodBinding binding : services.bindings().all().values()) {
      ScaledDeployment unused = services.of(binding); // which may be scaled no longer
    }
    for (ScaledDeployment scaled : services.all()) {
      scaled.watch(services.watch());
      list(scaled, instances);
    }
    return CompletableFuture.completedFuture(instances);
  }

  private void list(ScaledDeployment scaled, List<ProviderInstance> instances) {
    Scale scale = scaled.scale();
    List<Pod> pods = scaled.pods();
    Map<String, PodBinding> all = scaled.bind(pods);
    for (PodBinding binding : scaled.mine(all)) {
      Pod pod = pods.stream().filter(binding::isOf).findFirst().orElse(null);
      if (binding.releasing() && binding.isBound() && (pod == null || new PodState(pod).isGone())) {
        continue; // its objects can stay longer, but nothing is left to be paid for
      }
      instances.add(listed(scaled, binding, pod));
    }
    // As nobody else may scale it, what it has too much is what an engine before us has left.
    int surplus = scale == null ? 0 : ScaledDeployment.replicas(scale) - scaled.wanted(all);
    scaled.free(all, pods).stream()
        .limit(Math.max(0, surplus))
        .forEach(pod -> instances.add(unbound(scaled, pod)));
  }

  private ProviderInstance unbound(ScaledDeployment scaled, Pod pod) {
    String created = pod.getMetadata().getCreationTimestamp();
    return ProviderInstance.builder(
            ScaledRelease.UNBOUND + pod.getMetadata().getUid(),
            scaled.deployment(),
            created == null ? Instant.now() : Instant.parse(created))
        .gpuModel(gpuModel(pod))
        .build();
  }

  private static ProviderInstance.Builder builder(PodLabels labels) {
    return ProviderInstance.builder(labels.instanceId(), labels.deployment(), labels.startedAt())
        .slot(labels.slot())
        .fingerprint(labels.fingerprint())
        .gpus(labels.gpus())
        .epoch(labels.epoch());
  }

  private ProviderInstance listed(ScaledDeployment scaled, PodBinding binding, @Nullable Pod pod) {
    ProviderInstance.Builder listed = builder(binding.labels()).gpuModel(gpuModel(pod));
    if (binding.releasing() || (pod != null && new PodState(pod).isBeingDeleted())) {
      listed.fingerprint(""); // nobody may have it
    }
    if (lifecycle.isStarting(binding.instanceId()) || !binding.isBound()) {
      return listed.build();
    }
    if (pod == null) {
      return listed.exit(InstanceExit.unknown(PodState.DELETED)).build();
    }
    PodState state =
        new PodState(
            pod,
            new PodReading(
                ScaledDeployment.container(pod, binding.labels().port()), binding.restarts()));
    if (state.hasServiceEnded()) {
      return listed.exit(services.ends().exit(state)).build();
    }
    return listed.endpoint(adopted(scaled, binding, pod, state)).build();
  }

  /** Looks after an instance, perhaps of an earlier process, from now on. */
  private @Nullable URI adopted(
      ScaledDeployment scaled, PodBinding binding, Pod pod, PodState state) {
    TrackedPod instance = services.watch().track(binding.labels());
    if (instance.isUp()) {
      return instance.endpoint();
    }
    URI endpoint = null;
    try {
      Reach reach = services.reach(scaled.target());
      endpoint = state.isRunning() ? reach.find(pod, binding.labels()) : null;
    } catch (ClusterException e) {
      LOG.debug("{}", e.getMessage()); // listed all the same, and found the next time
    }
    if (endpoint != null || state.failure() != null) {
      services.watch().bound(instance, binding, pod);
      services.ends().up(instance, endpoint);
    }
    return endpoint;
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    PodBinding binding = services.bindings().all().get(instanceId);
    if (binding == null || !binding.isBound()) {
      return CompletableFuture.completedFuture(List.of());
    }
    Pod pod = services.of(binding).pod(binding.pod());
    if (pod == null || !binding.isOf(pod)) {
      return CompletableFuture.completedFuture(List.of());
    }
    PodState state =
        new PodState(
            pod,
            new PodReading(
                ScaledDeployment.container(pod, binding.labels().port()), binding.restarts()));
    return CompletableFuture.completedFuture(PodLog.tail(cluster, state, lines));
  }

  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    ScaledDeployment scaled = services.of(instance.deployment());
    if (scaled == null) {
      throw new IOException(checks.unknown(instance.deployment()));
    }
    return probes.isReady(
        instance,
        probe,
        services.watch().find(instance.instanceId()),
        services.reach(scaled.target()),
        scaled.cluster(),
        () -> logs(instance.instanceId(), ProbeTarget.LOG_LINES));
  }

  @Override
  public CompletionStage<Void> detach(String instanceId) {
    TrackedPod known = services.watch().find(instanceId);
    if (known != null) {
      known.detach();
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void close() {
    // An interrupt would end the calls and leave pods running, so it is restored at the end.
    boolean interrupted = false;
    for (TrackedPod instance : services.watch().all()) {
      do {
        interrupted |= Thread.interrupted();
        end(instance);
      } while (Thread.currentThread().isInterrupted());
    }
    services.close();
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
      lifecycle.release(instance.instanceId());
    } catch (RuntimeException e) {
      LOG.warn("Instance {} may still run: {}", instance.instanceId(), e.getMessage());
    }
  }
}
