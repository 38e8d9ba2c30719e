package dev.autodeploy.docker;

import static java.util.Objects.requireNonNull;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Image;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.Snapshot;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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
 * heartbeats. An instance that is {@linkplain #detach detached} stays for as long as that without
 * an engine. Images without a shell run without heartbeats, and the log says so.
 */
public final class DockerInstanceProvider implements InstanceProvider {
  private static final Logger log = LoggerFactory.getLogger(DockerInstanceProvider.class);
  private static final Duration LEFTOVERS = Duration.ofMinutes(5);

  private final DockerHost host;
  private final Path lockDirectory;
  private final DockerThreads threads = new DockerThreads();
  private final GpuInventory inventory;
  private final GpuAllocator gpus;
  private final Snapshots snapshots;
  private final Removals removals;
  private final InstanceWatch watch;
  private final ContainerLives lives;
  private final ContainerList list;
  private volatile @Nullable OwnerLock lock;

  private DockerInstanceProvider(
      DockerHost host, DockerEnvironment environment, Path lockDirectory) {
    this.host = host;
    this.lockDirectory = lockDirectory;
    EngineClient client = host.client();
    DockerSettings settings = host.settings();
    inventory = new GpuInventory(client, settings, host.engine());
    gpus = new GpuAllocator(client, inventory, host.engine().clockSkew());
    snapshots = new Snapshots(client);
    removals = new Removals(client);
    RegistryLogins logins = new RegistryLogins(settings.registryCredentials(), environment);
    ImagePuller puller = new ImagePuller(client, settings, threads.timers(), logins);
    ReleasedInstances released = new ReleasedInstances();
    watch = new InstanceWatch(host, threads, released::contains);
    lives =
        new ContainerLives(
            new ContainerStart.Parts(
                host, inventory, gpus, puller, removals, new Shells(client), watch, this::lockId),
            released);
    list = new ContainerList(host, watch, lives::isStarting, threads.workers());
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

  private String lockId() {
    OwnerLock held = lock;
    return held == null ? "" : held.id();
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
    return host.engine().isPodman() ? "podman" : "docker";
  }

  @Override
  public void open(ProviderContext context) {
    lock = OwnerLock.acquire(lockDirectory, host.engine().id(), context.owner());
    try {
      inventory.removeLeftovers(context.owner());
      removals.removeLeftovers(context.owner());
      watch.open(context);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      throw DockerEngineException.of("watching Docker's events", e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    threads.later(host.client()::warmUp);
    threads.every(LEFTOVERS, () -> removals.removeLeftovers(context.owner()));
    log.info(
        "Using {} {} (API {}) at {}, owner {}",
        host.engine().product(),
        host.engine().version(),
        host.engine().apiVersion(),
        host.client().address(),
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
    EngineInfo engine = host.engine();
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
    return CompletableFuture.completedFuture(lives.start(request));
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    lives.release(instanceId, grace);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return CompletableFuture.completedFuture(list.of(owner));
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    TrackedInstance known = watch.find(instanceId);
    List<String> containers =
        known != null ? List.of(known.containerId()) : lives.containersOf(instanceId);
    return CompletableFuture.completedFuture(
        containers.isEmpty() ? List.of() : host.client().logs(containers.get(0), lines));
  }

  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    TrackedInstance known = watch.find(instance.instanceId());
    URI direct = known == null ? null : known.direct();
    ProbeTarget target =
        direct == null
            ? ProbeTarget.of(instance, () -> logs(instance.instanceId(), ProbeTarget.LOG_LINES))
            : new ProbeTarget(
                direct, true, () -> logs(instance.instanceId(), ProbeTarget.LOG_LINES));
    return probe.isReady(target);
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
  public CompletionStage<Snapshot> snapshot(String instanceId, String name) {
    for (Container container : host.client().list(Map.of(Labels.INSTANCE, instanceId))) {
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
  public void close() {
    watch.close();
    // An interrupt would end the calls, and the container would run on: it waits until we are done.
    boolean interrupted = false;
    for (TrackedInstance instance : watch.all()) {
      do {
        interrupted |= Thread.interrupted();
        end(instance);
      } while (Thread.currentThread().isInterrupted());
    }
    threads.close();
    host.client().close();
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
      watch.detach(instance);
      return;
    }
    try {
      lives.release(instance.instanceId(), Duration.ZERO);
    } catch (RuntimeException e) {
      log.warn("Instance {} may still run: {}", instance.instanceId(), e.getMessage());
    }
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
     * Sets how long a container runs without a heartbeat of this process, after {@link #detach}
     * too. Default: 2 minutes. Heartbeats pass through the Docker Engine: while it does not answer
     * none arrives, and after this time containers end with what they serve, although this process
     * is well. So set it above the longest outage of the engine that you accept.
     *
     * @param value 4 seconds or longer; or zero, after which nothing ends the containers of a
     *     process that is killed, or leaves them, and never returns
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
     * Only engines that share it are kept apart: by default not those of another user, of a service
     * with a temporary directory of its own, or of an application in a container. They would take
     * over or release each other's containers. Default: a directory of the user's in the system's
     * temporary directory.
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
        return new DockerInstanceProvider(
            DockerHost.of(settings, client, engine), environment, lockDirectory);
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
