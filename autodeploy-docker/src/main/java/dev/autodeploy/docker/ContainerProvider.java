package dev.autodeploy.docker;

import static java.util.Objects.requireNonNull;

import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Image;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.ReleasedInstances;
import dev.autodeploy.spi.ResourceKeeper;
import dev.autodeploy.spi.Snapshot;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The instances of one provider, as containers: starts, watches, lists and releases them.
 * Thread-safe.
 */
final class ContainerProvider implements InstanceProvider, ResourceKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerProvider.class);
  private static final Duration LEFTOVERS = Duration.ofMinutes(5);

  private final DockerHost host;
  private final @Nullable Path lockDirectory;
  private final DockerThreads threads = new DockerThreads();
  private final GpuInventory inventory;
  private final GpuAllocator gpus;
  private final GpuCheck gpuCheck;
  private final ContainerSpecCheck checks;
  private final Snapshots snapshots;
  private final ContainerRemover remover;
  private final ImagePuller puller;
  private final InstanceWatch watch;
  private final ContainerLifecycle lifecycle;
  private final ContainerList list;
  private final Resources resources;
  private final ReadinessCheck readiness;
  private volatile @Nullable DaemonOwnerLock lock;

  ContainerProvider(DockerHost host, DockerEnvironment environment, @Nullable Path lockDirectory) {
    this.host = host;
    this.lockDirectory = lockDirectory;
    DaemonClient client = host.client();
    DockerSettings settings = host.settings();
    inventory = new GpuInventory(client, settings, host.daemon());
    checks = new ContainerSpecCheck(host, inventory);
    gpus = new GpuAllocator(client, inventory, host.daemon().clockSkew());
    gpuCheck = new GpuCheck(client);
    snapshots = new Snapshots(client);
    remover = new ContainerRemover(client);
    RegistryLogins logins = new RegistryLogins(settings.pulling().credentials(), environment);
    puller = new ImagePuller(client, settings.pulling(), threads, logins);
    ReleasedInstances released = new ReleasedInstances();
    ImageShells shells = new ImageShells(client);
    resources = new Resources(host, threads, shells);
    ImageHabits habits = new ImageHabits(client);
    watch = new InstanceWatch(host, threads, habits, released::contains);
    lifecycle =
        new ContainerLifecycle(
            new ContainerServices(
                host,
                inventory,
                gpus,
                puller,
                remover,
                new InstanceNetwork(host),
                shells,
                habits,
                watch,
                this::lockId),
            released);
    readiness = new ReadinessCheck(host);
    list = new ContainerList(host, watch, lifecycle::isStarting, threads.workers());
  }

  // For tests.

  DockerHost host() {
    return host;
  }

  GpuInventory inventory() {
    return inventory;
  }

  GpuAllocator gpus() {
    return gpus;
  }

  InstanceWatch watch() {
    return watch;
  }

  private String lockId() {
    DaemonOwnerLock held = lock;
    return held == null ? "" : held.id();
  }

  @Override
  public String name() {
    return host.daemon().isPodman() ? "podman" : "docker";
  }

  @Override
  public void open(ProviderContext context) {
    lock = DaemonOwnerLock.acquire(lockDirectory, host.daemon().id(), context.owner());
    try {
      inventory.removeLeftovers(context.owner());
      remover.removeLeftovers(context.owner());
      watch.open(context);
      resources.open(context.owner(), context.observer());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      throw DockerDaemonException.of("watching Docker's events", e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    threads.submit(host.client()::warmUp);
    threads.scheduleAtInterval(LEFTOVERS, () -> remover.removeLeftovers(context.owner()));
    LOG.info(
        "Using {} {} (API {}) at {}, owner {}; instances are reached {}",
        host.daemon().product(),
        host.daemon().version(),
        host.daemon().apiVersion(),
        host.client().address(),
        context.owner(),
        host.reach());
  }

  @Override
  public void validate(DeploymentSpec spec) {
    checks.check(spec);
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    ProviderInstance started = lifecycle.start(request);
    resources.changed(); // an image or a volume may be there for the first time
    return CompletableFuture.completedFuture(started);
  }

  @Override
  public CompletionStage<Boolean> prepare(DeploymentSpec spec, Consumer<StartProgress> progress) {
    CompletableFuture<Boolean> fetched = new CompletableFuture<>();
    CompletableFuture<Void> cancelled = new CompletableFuture<>();
    fetched.whenComplete((done, error) -> cancelled.complete(null));
    threads
        .workers()
        .execute(
            () -> {
              try {
                boolean anything = fetch(spec, progress, cancelled);
                resources.changed(); // it is to be held, and with it the deployment's volumes
                fetched.complete(anything);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                fetched.completeExceptionally(e);
              } catch (RuntimeException | Error e) {
                fetched.completeExceptionally(e);
              }
            });
    return fetched;
  }

  private boolean fetch(
      DeploymentSpec spec, Consumer<StartProgress> progress, CompletableFuture<Void> cancelled)
      throws InterruptedException {
    String snapshot = spec.snapshot();
    if (snapshot != null && Snapshots.isLocal(snapshot)) {
      if (host.client().findImage(Snapshots.image(snapshot)) == null) {
        throw new IllegalArgumentException(
            "there is no snapshot '" + snapshot + "' on this Docker host");
      }
      return false;
    }
    String image = snapshot != null ? Snapshots.image(snapshot) : spec.image();
    if (image == null) {
      throw new IllegalArgumentException(
          "deployment '" + spec.name() + "' has neither an image nor a snapshot");
    }
    return puller.fetch(image, progress, cancelled);
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    lifecycle.release(instanceId, grace);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return CompletableFuture.completedFuture(list.listOf(owner));
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    TrackedInstance known = watch.find(instanceId);
    List<String> containers =
        known != null ? List.of(known.containerId()) : lifecycle.containersOf(instanceId);
    return CompletableFuture.completedFuture(
        containers.isEmpty() ? List.of() : host.client().logs(containers.get(0), lines));
  }

  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    TrackedInstance known = watch.find(instance.instanceId());
    if (known == null) {
      return probe.isReady(
          ProbeTarget.of(instance, () -> logs(instance.instanceId(), ProbeTarget.LOG_LINES)));
    }
    URI direct = known.direct();
    ProbeTarget target =
        new ProbeTarget(
            direct == null ? requireNonNull(instance.endpoint(), "endpoint") : direct,
            direct != null,
            () -> logs(instance.instanceId(), ProbeTarget.LOG_LINES),
            known.log(host.client(), threads),
            () -> isHealthy(known));
    boolean ready = readiness.isReady(known, probe, target);
    if (ready) {
      known.closeLog();
    }
    return ready;
  }

  private boolean isHealthy(TrackedInstance instance) throws IOException {
    try {
      return new ContainerState(host.client().inspect(instance.containerId())).isHealthy();
    } catch (DockerDaemonException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public CompletionStage<Void> detach(String instanceId) {
    TrackedInstance known = watch.find(instanceId);
    if (known != null) {
      watch.detach(known);
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<Snapshot> snapshot(String instanceId, SnapshotRequest request) {
    for (Container container : host.client().list(Map.of(Labels.INSTANCE, instanceId))) {
      Labels labels = Labels.of(container);
      if (labels != null && labels.isOf(watch.owner(), instanceId)) {
        return CompletableFuture.completedFuture(
            snapshots.make(container.getId(), labels, request));
      }
    }
    throw new IllegalArgumentException("instance '" + instanceId + "' is not running");
  }

  @Override
  public CompletionStage<Void> deleteSnapshot(String reference) {
    resources.letGo(Snapshots.image(reference));
    snapshots.delete(reference);
    resources.changed();
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public ProviderCapacity capacity() {
    List<Gpu> known = inventory.access() == GpuAccess.AMD_DEVICES ? null : inventory.known();
    return known == null
        ? ProviderCapacity.unlisted()
        : ProviderCapacity.of(
            known.stream()
                .map(
                    gpu ->
                        new ProviderCapacity.Gpu(
                            gpu.id(), gpu.names(), gpu.model(), gpu.memoryBytes()))
                .toList());
  }

  @Override
  public CompletionStage<Optional<String>> check(ProviderInstance instance) {
    return CompletableFuture.completedFuture(gpuCheck.lost(watch.owner(), instance.instanceId()));
  }

  @Override
  public CompletionStage<ProviderCatalog> catalog() {
    List<Image> images = host.client().images();
    List<Gpu> known = inventory.known();
    Map<String, String> holders = gpus.holders();
    List<ProviderCatalog.Gpu> offered = new ArrayList<>();
    for (Gpu gpu : known == null ? List.<Gpu>of() : known) {
      String holder = holders.getOrDefault(gpu.id(), holders.getOrDefault(GpuGrant.ALL, ""));
      offered.add(new ProviderCatalog.Gpu(gpu.id(), gpu.model(), holder));
    }
    return CompletableFuture.completedFuture(
        new ProviderCatalog(Snapshots.others(images), Snapshots.in(images), offered));
  }

  @Override
  public CompletionStage<Void> keep(Collection<DeploymentSpec> deployments, boolean lasting) {
    try {
      resources.keep(deployments, lasting);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DockerDaemonException.of("looking after images and volumes", e);
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void close() {
    watch.close();
    resources.close();
    // An interrupt would end the calls and leave containers running, so it is restored at the end.
    boolean interrupted = false;
    for (TrackedInstance instance : watch.all()) {
      do {
        interrupted |= Thread.interrupted();
        end(instance);
      } while (Thread.currentThread().isInterrupted());
    }
    threads.close();
    host.client().close();
    DaemonOwnerLock held = lock;
    if (held != null) {
      held.close();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void end(TrackedInstance instance) {
    // What was only listed here may serve another engine: this one may have failed to start.
    if (!instance.endsWithProcess()) {
      watch.detach(instance);
      return;
    }
    try {
      lifecycle.release(instance.instanceId(), Duration.ZERO);
    } catch (RuntimeException e) {
      LOG.warn("Instance {} may still run: {}", instance.instanceId(), e.getMessage());
    }
  }
}
