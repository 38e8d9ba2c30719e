package dev.autodeploy.docker;

import static java.util.Objects.requireNonNull;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Image;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ProviderOffer;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.Snapshot;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs instances as containers of a Docker Engine, with GPUs. Thread-safe.
 *
 * <p>The engine is the one that Docker's own client would use: {@code DOCKER_HOST}, the current
 * context, or the default socket. It is asked once when the provider is built, so what cannot work
 * fails there.
 *
 * <p>Containers get heartbeats: the service's command is run by a small shell script that ends it
 * when none has come for 2 minutes. So no container, and no GPU, stays taken when this process is
 * killed and never returns; one that does return adopts the container by going on with the
 * heartbeats. An instance that is {@linkplain #leave left} stays for as long as that without an
 * engine. Images without a shell run without heartbeats, and the log says so.
 */
public final class DockerInstanceProvider implements InstanceProvider {
  private static final Logger log = LoggerFactory.getLogger(DockerInstanceProvider.class);
  private static final int LOG_TAIL = 20;
  private static final Duration START_END = Duration.ofSeconds(60);
  private static final Duration REMOVAL = Duration.ofSeconds(20);
  private static final Duration LEFTOVERS = Duration.ofMinutes(5);
  private static final Duration SETTLING = Duration.ofSeconds(2);
  private static final Duration INSPECTION = Duration.ofSeconds(5);
  private static final int REMEMBERED_RELEASES = 10_000;

  private final DockerSettings settings;
  private final EngineClient client;
  private final EngineInfo engine;
  private final Path lockDirectory;
  private final String publishAddress;
  private final String publishHost;
  private final boolean local;
  private final ScheduledExecutorService timers;
  private final ExecutorService workers;
  private final GpuInventory inventory;
  private final GpuAllocator gpus;
  private final ImagePuller puller;
  private final Snapshots snapshots;
  private final Removals removals;
  private final Heartbeats heartbeats;
  private final Map<String, TrackedInstance> tracked = new ConcurrentHashMap<>();
  private final Map<String, ContainerStart> starts = new ConcurrentHashMap<>();
  private final Map<String, Boolean> shells = new ConcurrentHashMap<>();
  private final Set<String> released = java.util.Collections.synchronizedSet(new BoundedSet());
  private volatile InstanceObserver observer = NoObserver.INSTANCE;
  private volatile @Nullable EventWatch watch;
  private volatile @Nullable OwnerLock lock;

  private DockerInstanceProvider(
      DockerSettings settings,
      EngineClient client,
      EngineInfo engine,
      DockerEnvironment environment,
      Path lockDirectory) {
    this.settings = settings;
    this.client = client;
    this.engine = engine;
    this.lockDirectory = lockDirectory;
    this.publishAddress = publishAddress(settings, client.address());
    this.publishHost = publishHost(publishAddress, client.address());
    this.local = client.address().isUnix() && ContainerState.isLocal(publishHost);
    AtomicInteger number = new AtomicInteger();
    timers =
        Executors.newSingleThreadScheduledExecutor(
            task -> thread(task, "autodeploy-docker-timer-0"));
    workers =
        Executors.newCachedThreadPool(
            task -> thread(task, "autodeploy-docker-" + number.incrementAndGet()));
    inventory = new GpuInventory(client, settings, engine);
    gpus = new GpuAllocator(client, inventory, engine.clockSkew());
    puller =
        new ImagePuller(
            client,
            settings,
            timers,
            new RegistryLogins(settings.registryCredentials(), environment));
    snapshots = new Snapshots(client);
    removals = new Removals(client);
    heartbeats = new Heartbeats(workers, instance -> quietly(() -> beatOrCheck(instance)));
  }

  /**
   * Returns a provider on the engine that Docker's own client would use, with default settings.
   *
   * @return the provider
   * @throws DockerEngineException if there is no engine, or it cannot be used
   */
  public static DockerInstanceProvider create() {
    return builder().build();
  }

  /**
   * Returns a builder for a provider.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public String name() {
    return engine.isPodman() ? "podman" : "docker";
  }

  @Override
  public void open(ProviderContext context) {
    lock = OwnerLock.acquire(lockDirectory, engine.id(), context.owner());
    observer = context.observer();
    try {
      inventory.removeLeftovers(context.owner());
      removals.removeLeftovers(context.owner());
      EventWatch events = new EventWatch(client, context.owner(), new Events(context.owner()));
      watch = events;
      events.start();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      throw DockerEngineException.of("watching Docker's events", e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    workers.execute(client::warmUp);
    timers.scheduleWithFixedDelay(
        () ->
            quietly(
                () ->
                    workers.execute(
                        () -> quietly(() -> removals.removeLeftovers(context.owner())))),
        LEFTOVERS.toMillis(),
        LEFTOVERS.toMillis(),
        TimeUnit.MILLISECONDS);
    if (settings.withHeartbeats()) {
      heartbeats.start(
          timers, HeartbeatWrapper.beatInterval(settings.heartbeatTimeout()), tracked.values());
    }
    log.info(
        "Using {} {} (API {}) at {}, owner {}",
        engine.product(),
        engine.version(),
        engine.apiVersion(),
        client.address(),
        context.owner());
  }

  @Override
  public void validate(DeploymentSpec spec) {
    if (spec.image() == null && spec.snapshot() == null) {
      throw new IllegalArgumentException(
          "deployment '" + spec.name() + "' needs an image or a snapshot to start from");
    }
    for (Mount mount : spec.mounts()) {
      if (!mount.source().startsWith("/") && mount.source().matches("\\..*|.*/.*")) {
        throw new IllegalArgumentException(
            "a mount's source is an absolute path on the Docker host or a volume's name, but was '"
                + mount.source()
                + "'");
      }
    }
    if (!spec.gpu().isNone()) {
      validateGpus(spec.gpu());
    }
  }

  private void validateGpus(GpuRequest request) {
    GpuAccess access = inventory.access();
    if (engine.isPodman() && (access != GpuAccess.CDI || engine.majorVersion() < 5)) {
      throw new IllegalArgumentException(
          "Podman "
              + engine.version()
              + " ignores GPU requests: the instance would run without a GPU; use Docker, or Podman"
              + " 5 or newer with CDI and builder().gpus(\"nvidia.com/gpu=0\")");
    }
    if (access == GpuAccess.AMD_DEVICES && request.count() != GpuRequest.ALL) {
      throw new IllegalArgumentException(
          "AMD's device nodes give an instance all GPUs or none: ask for GpuRequest.all(), or use"
              + " CDI");
    }
    List<Gpu> known = inventory.known();
    if (known != null && request.count() > known.size()) {
      throw new IllegalArgumentException(
          "the Docker host has "
              + known.size()
              + " GPUs, but each instance asks for "
              + request.count());
    }
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    ContainerStart start = new ContainerStart(this, request);
    if (starts.putIfAbsent(request.instanceId(), start) != null) {
      throw new InstanceStartException("instance " + request.instanceId() + " is being started");
    }
    if (released.contains(request.instanceId())) {
      starts.remove(request.instanceId(), start);
      throw new InstanceStartException("the start was given up");
    }
    boolean settled = false;
    try {
      ProviderInstance instance = start.run();
      settled = true;
      return CompletableFuture.completedFuture(instance);
    } finally {
      if (settled || !start.isUnsettled()) {
        starts.remove(request.instanceId(), start);
      }
    }
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    released.add(instanceId);
    TrackedInstance known = tracked.get(instanceId);
    if (known != null) {
      known.releasing();
    }
    try {
      ContainerStart start = starts.get(instanceId);
      if (start != null) {
        start.cancel();
        if (!start.awaitEnd(START_END)) {
          throw new DockerEngineException(
              DockerProblem.NO_ANSWER, "releasing " + instanceId, "its start does not end", null);
        }
      }
      removeAll(instanceId, grace);
      if (start != null && start.isUnsettled()) {
        settle(instanceId);
        starts.remove(instanceId, start);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DockerEngineException.of("releasing " + instanceId, e);
    }
    tracked.remove(instanceId);
    gpus.free(instanceId);
    return CompletableFuture.completedFuture(null);
  }

  /** An engine that was asked to make a container may do so late, once it answers again. */
  private void settle(String instanceId) throws InterruptedException {
    long deadline = System.nanoTime() + SETTLING.toNanos();
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
        end(instanceId, container, grace);
        removals.remove(container);
      }
      containers = containersOf(instanceId);
      if (!containers.isEmpty()) {
        if (System.nanoTime() > deadline) {
          throw new DockerEngineException(
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
    InspectContainerResponse inspected = client.find(container);
    if (inspected == null || !new ContainerState(inspected).isRunning()) {
      return;
    }
    if (!client.signal(container, new ContainerState(inspected).stopSignal())) {
      return;
    }
    TrackedInstance known = tracked.get(instanceId);
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
        InspectContainerResponse now = client.find(container);
        if (now == null || !new ContainerState(now).isRunning()) {
          return;
        }
      }
    }
  }

  private List<String> containersOf(String instanceId) {
    return client.list(Map.of(Labels.INSTANCE, instanceId)).stream()
        .filter(container -> Labels.of(container) != null)
        .map(Container::getId)
        .toList();
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    Map<Container, CompletableFuture<Inspection>> inspections = new LinkedHashMap<>();
    for (Container container : client.list(Map.of(Labels.MANAGED, "true", Labels.OWNER, owner))) {
      Labels labels = Labels.of(container);
      if (labels != null) {
        inspections.put(
            container,
            CompletableFuture.supplyAsync(() -> inspect(labels, container.getId()), workers));
      }
    }
    List<ProviderInstance> instances = new ArrayList<>();
    long deadline = System.nanoTime() + INSPECTION.toNanos();
    inspections.forEach(
        (container, inspection) -> {
          Labels labels = requireNonNull(Labels.of(container));
          Inspection inspected = within(deadline, inspection);
          if (inspected == null) {
            log.warn(
                "Docker does not answer when {} is inspected; it is still listed, so it is there",
                labels.name());
            instances.add(uninspected(labels, container));
          } else if (inspected.state() != null) {
            instances.add(inspected(labels, inspected.state(), inspected.exit()));
          }
        });
    return CompletableFuture.completedFuture(instances);
  }

  /**
   * What an inspection found.
   *
   * @param state what it said, or null if the container is gone
   * @param exit how the instance ended, or null if it has not
   */
  private record Inspection(@Nullable ContainerState state, @Nullable InstanceExit exit) {}

  private Inspection inspect(Labels labels, String container) {
    InspectContainerResponse inspected = client.find(container);
    if (inspected == null) {
      return new Inspection(null, null);
    }
    ContainerState state = new ContainerState(inspected);
    boolean ended = !state.isRunning() && !starts.containsKey(labels.instanceId());
    return new Inspection(state, ended ? exit(state, labels) : null);
  }

  /** Waits for an inspection; null if the engine, which has just listed, hangs over this one. */
  private static @Nullable Inspection within(
      long deadline, CompletableFuture<Inspection> inspection) {
    try {
      return inspection.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DockerEngineException.of("listing containers", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      DockerEngineException failure = DockerEngineException.of("listing containers", cause);
      if (failure.problem() == DockerProblem.NO_ANSWER) {
        return null;
      }
      throw failure;
    }
  }

  private ProviderInstance inspected(
      Labels labels, ContainerState state, @Nullable InstanceExit exit) {
    TrackedInstance instance = track(labels, state.id());
    URI endpoint = null;
    if (state.isRunning()) {
      endpoint = state.endpoint(labels.port(), publishHost);
      up(instance, endpoint, state.direct(labels.port()));
    } else if (exit != null) {
      instance.tell(exit);
    }
    return listed(labels, endpoint, exit);
  }

  private ProviderInstance uninspected(Labels labels, Container container) {
    URI endpoint = null;
    if ("running".equals(container.getState())) {
      TrackedInstance instance = track(labels, container.getId());
      endpoint = instance.endpoint();
      if (endpoint == null) {
        endpoint = ContainerState.endpoint(container, labels.port(), publishHost);
      }
      up(instance, endpoint, instance.direct());
    }
    return listed(labels, endpoint, null);
  }

  private void up(TrackedInstance instance, @Nullable URI endpoint, @Nullable URI direct) {
    watch(instance, endpoint, direct);
    if (instance.labels().withHeartbeats()) {
      heartbeats.send(instance);
    }
  }

  private static ProviderInstance listed(
      Labels labels, @Nullable URI endpoint, @Nullable InstanceExit exit) {
    return new ProviderInstance(
        labels.instanceId(),
        labels.deployment(),
        labels.slot(),
        labels.fingerprint(),
        endpoint,
        labels.startedAt(),
        exit);
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    TrackedInstance known = tracked.get(instanceId);
    List<String> containers =
        known != null ? List.of(known.containerId()) : containersOf(instanceId);
    return CompletableFuture.completedFuture(
        containers.isEmpty() ? List.of() : client.logs(containers.get(0), lines));
  }

  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    TrackedInstance known = tracked.get(instance.instanceId());
    URI direct = known == null ? null : known.direct();
    ProbeTarget target =
        direct == null
            ? ProbeTarget.of(instance, () -> logs(instance.instanceId(), ProbeTarget.LOG_LINES))
            : new ProbeTarget(
                direct, true, () -> logs(instance.instanceId(), ProbeTarget.LOG_LINES));
    return probe.isReady(target);
  }

  @Override
  public CompletionStage<Void> leave(String instanceId) {
    TrackedInstance known = tracked.get(instanceId);
    if (known != null) {
      known.leave();
      beat(known);
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<Snapshot> snapshot(String instanceId, String name) {
    for (Container container : client.list(Map.of(Labels.INSTANCE, instanceId))) {
      Labels labels = Labels.of(container);
      if (labels != null) {
        return CompletableFuture.completedFuture(snapshots.make(container.getId(), labels, name));
      }
    }
    throw new IllegalArgumentException("instance " + instanceId + " is not running");
  }

  @Override
  public CompletionStage<Void> deleteSnapshot(String reference) {
    snapshots.delete(reference);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<ProviderOffer> offer() {
    List<Image> images = client.images();
    List<Gpu> known = inventory.known();
    Map<String, String> holders = gpus.holders();
    List<ProviderOffer.Gpu> offered = new ArrayList<>();
    for (Gpu gpu : known == null ? List.<Gpu>of() : known) {
      String holder = holders.getOrDefault(gpu.id(), holders.getOrDefault(GpuGrant.ALL, ""));
      offered.add(new ProviderOffer.Gpu(gpu.id(), gpu.model(), holder));
    }
    return CompletableFuture.completedFuture(
        new ProviderOffer(Snapshots.others(images), Snapshots.in(images), offered));
  }

  @Override
  public void close() {
    EventWatch events = watch;
    if (events != null) {
      events.close();
    }
    // An interrupt would end the calls, and the container would run on: it waits until we are done.
    boolean interrupted = false;
    for (TrackedInstance instance : tracked.values()) {
      do {
        interrupted |= Thread.interrupted();
        end(instance);
      } while (Thread.currentThread().isInterrupted());
    }
    timers.shutdownNow();
    workers.shutdown();
    client.close();
    OwnerLock held = lock;
    if (held != null) {
      held.close();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void end(TrackedInstance instance) {
    if (instance.isLeft()) {
      beat(instance);
      return;
    }
    try {
      release(instance.instanceId(), Duration.ZERO);
    } catch (RuntimeException e) {
      log.warn("Instance {} may still run: {}", instance.instanceId(), e.getMessage());
    }
  }

  // What a start needs.

  DockerSettings settings() {
    return settings;
  }

  EngineClient client() {
    return client;
  }

  EngineInfo engine() {
    return engine;
  }

  GpuInventory inventory() {
    return inventory;
  }

  GpuAllocator gpus() {
    return gpus;
  }

  Removals removals() {
    return removals;
  }

  ImagePuller puller() {
    return puller;
  }

  String publishAddress() {
    return publishAddress;
  }

  String publishHost() {
    return publishHost;
  }

  /**
   * Whether this process may share the network of the engine's host, which a socket alone does not
   * tell: it may be the end of a tunnel.
   */
  boolean isLocal() {
    return local;
  }

  String lockId() {
    OwnerLock held = lock;
    return held == null ? "" : held.id();
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
    tracked.remove(instanceId);
  }

  void progress(String instanceId, StartProgress progress) {
    observer.progress(instanceId, progress);
  }

  boolean mayHaveShell(InspectImageResponse image) {
    return shells.getOrDefault(String.valueOf(image.getId()), true);
  }

  boolean hasShell(InspectImageResponse image, String container) {
    return shells.computeIfAbsent(
        String.valueOf(image.getId()), id -> client.hasFile(container, "/bin/sh"));
  }

  InstanceExit exit(ContainerState state, Labels labels) {
    if (state.wasNeverStarted()) {
      return InstanceExit.unknown(
          state.error().isEmpty() ? "it was created but never started" : state.error());
    }
    List<String> tail;
    try {
      tail = client.logs(state.id(), LOG_TAIL);
    } catch (DockerEngineException e) {
      tail = List.of();
    }
    String message = null;
    if (tail.contains(HeartbeatWrapper.EXPIRED)) {
      message =
          "it ended itself, because no heartbeat had reached it for "
              + settings.heartbeatTimeout().toSeconds()
              + " s";
    } else if (!state.error().isEmpty()) {
      message = state.error();
    }
    return new InstanceExit(
        state.exitCode(),
        state.isOutOfMemory(),
        tail,
        message,
        state.finishedAt(engine.clockSkew()));
  }

  // What happens to instances.

  /** The heartbeat of an instance that takes one; else, or if it does not get there, a look. */
  private void beatOrCheck(TrackedInstance instance) {
    try {
      if (!instance.labels().withHeartbeats()
          || !client.signal(instance.containerId(), HeartbeatWrapper.BEAT)) {
        check(instance);
      }
    } catch (DockerEngineException e) {
      log.warn("Heartbeat of {}: {}", instance.instanceId(), e.getMessage());
      EventWatch events = watch;
      if (events != null) {
        events.reopen();
      }
    }
  }

  private void beat(TrackedInstance instance) {
    if (instance.labels().withHeartbeats() && instance.needsHeartbeat()) {
      quietly(() -> client.signal(instance.containerId(), HeartbeatWrapper.BEAT));
    }
  }

  /** Looks whether an instance still runs, and tells if it does not. */
  private void check(TrackedInstance instance) {
    InspectContainerResponse inspected = client.find(instance.containerId());
    if (inspected == null) {
      tell(instance, InstanceExit.unknown("its container was removed by somebody else"));
      return;
    }
    ContainerState state = new ContainerState(inspected);
    if (!state.isRunning() && !state.wasNeverStarted()) {
      tell(instance, exit(state, instance.labels()));
    }
  }

  /**
   * From here on the end of an instance is told, also one that came a moment too early for that.
   */
  void watch(TrackedInstance instance, @Nullable URI endpoint, @Nullable URI direct) {
    instance.up(endpoint, isLocal() ? direct : null);
    if (instance.ended().isDone()) {
      checkLater(instance);
    }
  }

  private void tell(TrackedInstance instance, InstanceExit exit) {
    boolean first = instance.tell(instance.isWatched() ? exit : null);
    if (first) {
      observer.exited(instance.instanceId(), exit);
    }
  }

  private void checkLater(TrackedInstance instance) {
    quietly(() -> workers.execute(() -> quietly(() -> check(instance))));
  }

  private static void quietly(Runnable task) {
    try {
      task.run();
    } catch (DockerEngineException e) {
      log.debug("{}", e.getMessage());
    } catch (RejectedExecutionException e) {
      log.debug("The provider is closed");
    } catch (Throwable e) {
      // A timer that met it would not go off again.
      log.error("A task of the Docker provider failed", e);
    }
  }

  private static Thread thread(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  private static String publishAddress(DockerSettings settings, EngineAddress address) {
    if (settings.publishAddress() != null) {
      return settings.publishAddress();
    }
    if (address.isUnix()) {
      return "127.0.0.1";
    }
    try {
      return InetAddress.getByName(address.uri().getHost()).getHostAddress();
    } catch (UnknownHostException e) {
      throw DockerEngineException.of("looking up " + address, e);
    }
  }

  private static String publishHost(String publishAddress, EngineAddress address) {
    boolean any = publishAddress.equals("0.0.0.0") || publishAddress.equals("::");
    String host = !any ? publishAddress : address.isUnix() ? "127.0.0.1" : address.uri().getHost();
    return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
  }

  private final class Events implements EventWatch.Receiver {
    private final String owner;

    Events(String owner) {
      this.owner = owner;
    }

    @Override
    public void opened() {
      tracked.values().stream()
          .filter(TrackedInstance::needsHeartbeat)
          .forEach(DockerInstanceProvider.this::checkLater);
    }

    @Override
    public void happened(String action, String containerId, String instanceId) {
      if (action.equals("create")) {
        if (released.contains(instanceId)) {
          log.info("Docker made a container for {} {} too late", owner, instanceId);
          quietly(() -> workers.execute(() -> quietly(() -> client.remove(containerId))));
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

  /** The last ones that were added. */
  private static final class BoundedSet extends java.util.AbstractSet<String> {
    private final LinkedHashMap<String, Boolean> entries = new LinkedHashMap<>();

    @Override
    public boolean add(String id) {
      if (entries.put(id, true) != null) {
        return false;
      }
      if (entries.size() > REMEMBERED_RELEASES) {
        entries.remove(entries.keySet().iterator().next());
      }
      return true;
    }

    @Override
    public boolean contains(@Nullable Object id) {
      return entries.containsKey(id);
    }

    @Override
    public java.util.Iterator<String> iterator() {
      return entries.keySet().iterator();
    }

    @Override
    public int size() {
      return entries.size();
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

  /** Collects the settings of a provider. Not thread-safe. Every setter checks its value. */
  public static final class Builder {
    private @Nullable URI dockerHost;
    private @Nullable Path certificates;
    private Duration callTimeout = Duration.ofSeconds(25);
    private PullPolicy pullPolicy = PullPolicy.MISSING;
    private Duration pullStallTimeout = Duration.ofSeconds(60);
    private final Map<String, DockerSettings.Credentials> credentials = new HashMap<>();
    private @Nullable String publishAddress;
    private Duration heartbeatTimeout = Duration.ofMinutes(2);
    private boolean init = true;
    private final List<String> gpus = new ArrayList<>();
    private GpuAccess gpuAccess = GpuAccess.AUTO;
    private long gpuSharedMemory = 8L << 30;
    private boolean hostIpc;
    private final List<DockerSettings.Limit> ulimits = new ArrayList<>();
    private @Nullable String network;
    private @Nullable UnaryOperator<CreateContainerCmd> customizer;
    private Path lockDirectory = OwnerLock.defaultDirectory();
    private DockerEnvironment environment = DockerEnvironment.ofProcess();

    private Builder() {}

    /** For tests, which cannot change the environment of their own process. */
    Builder environment(DockerEnvironment value) {
      environment = value;
      return this;
    }

    /**
     * Sets where the engine is. Default: where Docker's own client would look.
     *
     * @param value {@code unix:///path/to/socket} or {@code tcp://host:port}
     * @return this
     */
    public Builder dockerHost(URI value) {
      dockerHost = requireNonNull(value, "dockerHost");
      return this;
    }

    /**
     * Sets the directory of {@code ca.pem}, {@code cert.pem} and {@code key.pem}, with which a
     * {@code tcp} engine given by {@link #dockerHost} is spoken to over TLS. Default: no TLS.
     *
     * @param directory the directory
     * @return this
     */
    public Builder certificates(Path directory) {
      certificates = requireNonNull(directory, "certificates");
      return this;
    }

    /**
     * Sets how long the engine may take to answer one call. Default: 25 seconds.
     *
     * @param value 100 milliseconds or longer
     * @return this
     */
    public Builder callTimeout(Duration value) {
      callTimeout = atLeast("callTimeout", value, Duration.ofMillis(100));
      return this;
    }

    /**
     * Sets when images are pulled. Default: {@link PullPolicy#MISSING}.
     *
     * @param value the policy
     * @return this
     */
    public Builder pullPolicy(PullPolicy value) {
      pullPolicy = requireNonNull(value, "pullPolicy");
      return this;
    }

    /**
     * Sets how long a pull may go on without any progress before it is given up. Default: 60
     * seconds.
     *
     * @param value 100 milliseconds or longer
     * @return this
     */
    public Builder pullStallTimeout(Duration value) {
      pullStallTimeout = atLeast("pullStallTimeout", value, Duration.ofMillis(100));
      return this;
    }

    /**
     * Adds credentials of a registry. Default: those of {@code docker login} on this machine.
     *
     * @param registry its host and port, or {@code docker.io}
     * @param user the user
     * @param password the password or token
     * @return this
     */
    public Builder registryCredentials(String registry, String user, String password) {
      credentials.put(
          requireNonNull(registry, "registry"),
          new DockerSettings.Credentials(
              requireNonNull(user, "user"), requireNonNull(password, "password")));
      return this;
    }

    /**
     * Sets the address of the engine's host at which services are published, and reached from here.
     * Default: 127.0.0.1 for an engine on this machine, else the address of {@link #dockerHost}.
     *
     * @param value an IP address of the engine's host
     * @return this
     */
    public Builder publishAddress(String value) {
      publishAddress = requireNonNull(value, "publishAddress");
      return this;
    }

    /**
     * Sets how long a container runs without a heartbeat of this process. Default: 2 minutes.
     *
     * @param value 4 seconds or longer; or zero, after which nothing ends the containers of a
     *     process that is killed and never returns
     * @return this
     */
    public Builder heartbeatTimeout(Duration value) {
      requireNonNull(value, "heartbeatTimeout");
      heartbeatTimeout =
          value.isZero() ? value : atLeast("heartbeatTimeout", value, Duration.ofSeconds(4));
      return this;
    }

    /**
     * Sets whether an init process is put into containers, which passes signals on and reaps
     * orphans. Default: true.
     *
     * @param value whether
     * @return this
     */
    public Builder init(boolean value) {
      init = value;
      return this;
    }

    /**
     * Names the GPUs of the engine's host that may be given to instances. Default: all that are
     * discovered by CDI, or listed by {@code nvidia-smi} in a container of the deployment's image.
     *
     * @param ids index, UUID, MIG id or CDI name of each
     * @return this
     */
    public Builder gpus(String... ids) {
      gpus.clear();
      for (String id : ids) {
        if (id.isBlank() || id.contains(" ") || id.contains(",")) {
          throw new IllegalArgumentException("'" + id + "' is not the id of a GPU");
        }
        gpus.add(id);
      }
      return this;
    }

    /**
     * Sets how containers get GPUs. Default: {@link GpuAccess#AUTO}.
     *
     * @param value how
     * @return this
     */
    public Builder gpuAccess(GpuAccess value) {
      gpuAccess = requireNonNull(value, "gpuAccess");
      return this;
    }

    /**
     * Sets the shared memory of instances with GPUs whose deployment does not say. Default: 8 GiB;
     * Docker's own 64 MiB is too little for most model servers.
     *
     * @param bytes 1 MiB or more
     * @return this
     */
    public Builder gpuSharedMemoryBytes(long bytes) {
      if (bytes < 1 << 20) {
        throw new IllegalArgumentException(
            "gpuSharedMemoryBytes must be 1048576 (1 MiB) or more, but was " + bytes + " bytes");
      }
      gpuSharedMemory = bytes;
      return this;
    }

    /**
     * Sets whether containers use the host's own shared memory, whatever size is set. Default:
     * false.
     *
     * @param value whether
     * @return this
     */
    public Builder hostIpc(boolean value) {
      hostIpc = value;
      return this;
    }

    /**
     * Sets a limit of every container, such as {@code memlock} to -1. Default: the engine's.
     *
     * @param limit the limit's name
     * @param soft the limit in force, -1 for none
     * @param hard what it can be raised to, -1 for none
     * @return this
     */
    public Builder ulimit(String limit, long soft, long hard) {
      ulimits.add(new DockerSettings.Limit(requireNonNull(limit, "limit"), soft, hard));
      return this;
    }

    /**
     * Sets the network of containers. Default: the engine's bridge.
     *
     * @param value the network's name
     * @return this
     */
    public Builder network(String value) {
      network = requireNonNull(value, "network");
      return this;
    }

    /**
     * Sets what changes the create command of a container before it is sent; name and labels stay
     * what they are.
     *
     * @param value gets the command as it would be sent, and returns it
     * @return this
     */
    public Builder customizer(UnaryOperator<CreateContainerCmd> value) {
      customizer = requireNonNull(value, "customizer");
      return this;
    }

    /**
     * Sets the directory of the locks that keep two engines of this machine from using one owner.
     * Default: a directory of the user's in the system's temporary directory.
     *
     * @param directory the directory, made if needed
     * @return this
     */
    public Builder lockDirectory(Path directory) {
      lockDirectory = requireNonNull(directory, "lockDirectory");
      return this;
    }

    /**
     * Builds the provider: connects to the engine and asks what it is. Blocks meanwhile.
     *
     * @return the provider
     * @throws DockerEngineException if there is no engine, or it cannot be used
     */
    public DockerInstanceProvider build() {
      DockerSettings settings =
          new DockerSettings(
              callTimeout,
              pullPolicy,
              pullStallTimeout,
              credentials,
              publishAddress,
              heartbeatTimeout,
              init,
              gpus,
              gpuAccess,
              gpuSharedMemory,
              hostIpc,
              ulimits,
              network,
              customizer);
      EngineAddress address =
          dockerHost == null
              ? EngineAddress.from(environment)
              : EngineAddress.of(dockerHost, certificates);
      EngineClient client = EngineClient.connect(address, callTimeout);
      try {
        EngineInfo engine = client.info();
        if (engine.osType().equals("windows")) {
          throw new AutoDeployException(
              ErrorCode.PROVIDER_FAILED,
              null,
              "the Docker Engine at " + address + " runs Windows containers; switch it to Linux");
        }
        if (engine.clockSkew().abs().compareTo(Duration.ofSeconds(2)) > 0) {
          log.info(
              "The Docker host's clock is {} ms off; its times are corrected by that",
              engine.clockSkew().toMillis());
        }
        return new DockerInstanceProvider(settings, client, engine, environment, lockDirectory);
      } catch (RuntimeException e) {
        client.close();
        throw e;
      }
    }

    private static Duration atLeast(String parameter, Duration value, Duration min) {
      requireNonNull(value, parameter);
      if (value.compareTo(min) < 0) {
        throw new IllegalArgumentException(
            parameter
                + " must be "
                + min.toMillis()
                + " ms or longer, but was "
                + value.toMillis()
                + " ms");
      }
      return value;
    }
  }
}
