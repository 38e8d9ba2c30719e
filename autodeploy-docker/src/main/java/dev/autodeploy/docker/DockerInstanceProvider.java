package dev.autodeploy.docker;

import static java.util.Objects.requireNonNull;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Capability;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
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
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

// Over 500 lines for its documentation: every setting of its builder.
/**
 * Runs instances as containers of a Docker daemon, with GPUs. Thread-safe.
 *
 * <p>The daemon is the one that Docker's own client would use: {@code DOCKER_HOST}, the current
 * context, or the default socket. It is asked once when the provider is built, so what cannot work
 * fails there.
 *
 * <p>Containers get heartbeats: the service's command is run by a small shell script that ends it
 * when none has come for 2 minutes. So no container, and no GPU, stays taken when this process is
 * killed and never returns; one that does return adopts the container by going on with the
 * heartbeats. An instance that is {@linkplain #detach detached} stays for as long as that without
 * an engine. Images without a shell run without heartbeats, and the log says so.
 */
public final class DockerInstanceProvider implements InstanceProvider, ResourceKeeper {
  private final ContainerProvider containers;

  private DockerInstanceProvider(ContainerProvider containers) {
    this.containers = containers;
  }

  /** For tests. */
  ContainerProvider containers() {
    return containers;
  }

  /**
   * Returns a provider on the daemon that Docker's own client would use, with default settings.
   *
   * @return the provider
   * @throws DockerDaemonException if there is no daemon, or it cannot be used
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
    return containers.name();
  }

  @Override
  public void open(ProviderContext context) {
    containers.open(context);
  }

  @Override
  public void validate(DeploymentSpec spec) {
    containers.validate(spec);
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    return containers.start(request);
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    // One that sleeps holds no more of its GPUs while it ends than it did asleep.
    return containers.release(instanceId, grace).thenRun(() -> containers.gpus().wakes(instanceId));
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return containers.list(owner);
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    return containers.logs(instanceId, lines);
  }

  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    return containers.isReady(instance, probe);
  }

  @Override
  public CompletionStage<Void> detach(String instanceId) {
    return containers.detach(instanceId);
  }

  /** Returns what an instance's container has lost of its GPUs, as nvidia-smi in it says. */
  @Override
  public CompletionStage<Optional<String>> check(ProviderInstance instance) {
    return containers.check(instance);
  }

  @Override
  public CompletionStage<Snapshot> snapshot(String instanceId, SnapshotRequest request) {
    return containers.snapshot(instanceId, request);
  }

  @Override
  public CompletionStage<Void> deleteSnapshot(String reference) {
    return containers.deleteSnapshot(reference);
  }

  @Override
  public boolean sharesGpusOfSleepers() {
    return true;
  }

  @Override
  public void sleeps(String instanceId, long keptBytes) {
    containers.gpus().sleeps(instanceId, keptBytes);
  }

  @Override
  public void wakes(String instanceId) {
    containers.gpus().wakes(instanceId);
  }

  /** Returns the GPUs of the daemon's host, once they are configured, discovered or asked for. */
  @Override
  public ProviderCapacity capacity() {
    return containers.capacity();
  }

  @Override
  public CompletionStage<Boolean> prepare(DeploymentSpec spec, Consumer<StartProgress> progress) {
    return containers.prepare(spec, progress);
  }

  @Override
  public CompletionStage<ProviderCatalog> catalog() {
    return containers.catalog();
  }

  @Override
  public CompletionStage<Void> keep(Collection<DeploymentSpec> deployments, boolean lasting) {
    return containers.keep(deployments, lasting);
  }

  @Override
  public void close() {
    containers.close();
  }

  /** Collects the settings of a provider. Not thread-safe. Every setter checks its value. */
  public static final class Builder {
    private @Nullable URI dockerHost;
    private @Nullable Path certificates;
    private Duration callTimeout = Duration.ofSeconds(25);
    private Duration createTimeout = Duration.ofMinutes(5);
    private PullPolicy pullPolicy = PullPolicy.MISSING;
    private Duration pullTimeout = Duration.ofHours(6);
    private Duration pullStallTimeout = Duration.ofSeconds(60);
    private final Map<String, DockerSettings.Credentials> credentials = new HashMap<>();
    private @Nullable String publishAddress;
    private Duration heartbeatTimeout = Duration.ofMinutes(2);
    private boolean init = true;
    private final List<Gpu> gpus = new ArrayList<>();
    private GpuAccess gpuAccess = GpuAccess.AUTO;
    private long gpuSharedMemory = 8L << 30;
    private boolean hostIpc;
    private final List<DockerSettings.Limit> ulimits = new ArrayList<>();
    private @Nullable String network;
    private String instanceNetwork = InstanceNetwork.NAME;
    private @Nullable String user;
    private final Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
    private boolean newPrivileges;
    private boolean readOnlyRoot;
    private boolean dockerSocket;
    private boolean keepResources = true;
    private @Nullable ContainerCustomizer customizer;
    private @Nullable Path lockDirectory;
    private DockerEnvironment environment = DockerEnvironment.ofProcess();

    private Builder() {}

    /** For tests, which cannot change the environment of their own process. */
    Builder environment(DockerEnvironment value) {
      environment = value;
      return this;
    }

    /**
     * Sets where the daemon is. Default: where Docker's own client would look.
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
     * {@code tcp} daemon given by {@link #dockerHost} is spoken to over TLS. Default: no TLS.
     *
     * @param directory the directory
     * @return this
     */
    public Builder certificates(Path directory) {
      certificates = requireNonNull(directory, "certificates");
      return this;
    }

    /**
     * Sets how long the daemon may take to answer one call. Default: 25 seconds. Pulls and the
     * making of containers have times of their own.
     *
     * @param value 100 milliseconds or longer
     * @return this
     */
    public Builder callTimeout(Duration value) {
      callTimeout = Arguments.atLeast("callTimeout", value, Duration.ofMillis(100));
      return this;
    }

    /**
     * Sets how long the making of a container may take. Default: 5 minutes. The daemon copies what
     * an image has below its own volumes meanwhile, which may be long. A deployment's start timeout
     * does not run meanwhile.
     *
     * @param value 100 milliseconds or longer
     * @return this
     */
    public Builder createTimeout(Duration value) {
      createTimeout = Arguments.atLeast("createTimeout", value, Duration.ofMillis(100));
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
     * Sets how long a pull may take. Default: 6 hours. A deployment's start timeout does not run
     * meanwhile, and a pull continues when no start waits for it any longer.
     *
     * @param value 100 milliseconds or longer
     * @return this
     */
    public Builder pullTimeout(Duration value) {
      pullTimeout = Arguments.atLeast("pullTimeout", value, Duration.ofMillis(100));
      return this;
    }

    /**
     * Sets how long a pull may continue without any progress before it is cancelled. Default: 60
     * seconds.
     *
     * @param value 100 milliseconds or longer
     * @return this
     */
    public Builder pullStallTimeout(Duration value) {
      pullStallTimeout = Arguments.atLeast("pullStallTimeout", value, Duration.ofMillis(100));
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
     * Sets the address of the daemon's host at which services are published, and reached from here.
     * Default: 127.0.0.1 for a daemon on this machine, else the address of {@link #dockerHost}.
     *
     * @param value an IP address of the daemon's host
     * @return this
     */
    public Builder publishAddress(String value) {
      publishAddress = requireNonNull(value, "publishAddress");
      return this;
    }

    /**
     * Sets how long a container runs without a heartbeat of this process, after {@link #detach}
     * too. Default: 2 minutes. Heartbeats pass through the Docker daemon: while it does not answer
     * none arrives, and after this time containers end with what they serve, although this process
     * is well. So set it above the longest outage of the daemon that you accept.
     *
     * @param value 4 seconds or longer; or zero, after which nothing ends the containers of a
     *     process that is killed, or leaves them, and never returns
     * @return this
     */
    public Builder heartbeatTimeout(Duration value) {
      requireNonNull(value, "heartbeatTimeout");
      heartbeatTimeout =
          value.isZero()
              ? value
              : Arguments.atLeast("heartbeatTimeout", value, Duration.ofSeconds(4));
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
     * Names the GPUs of the daemon's host that may be given to instances. Default: all that are
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
        gpus.add(Gpu.of(id));
      }
      return this;
    }

    /**
     * Names one more GPU of the daemon's host that may be given to instances, with the facts that
     * else {@code nvidia-smi} tells: prices go by its model, and {@link
     * dev.autodeploy.GpuRequest#memory} by its memory.
     *
     * @param id index, UUID, MIG id or CDI name
     * @param model its model, such as {@code NVIDIA L4}
     * @param memory its memory, such as {@code 24GiB}
     * @return this
     */
    public Builder gpu(String id, String model, String memory) {
      List<Gpu> before = List.copyOf(gpus);
      gpus(id);
      Gpu named =
          gpus.remove(0).with(model, ProviderCapacity.Gpu.of(id, model, memory).memoryBytes());
      gpus.addAll(before);
      gpus.add(named);
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
      gpuSharedMemory = Arguments.atLeast("gpuSharedMemoryBytes", bytes, 1 << 20, " bytes");
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
     * Sets a limit of every container, such as {@code memlock} to -1. Default: the daemon's.
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
     * Sets the network of containers. Default: one with the name {@code autodeploy}, made if need
     * be, on which containers do not reach each other; or, where this process is in a container
     * itself, a network that it is on.
     *
     * @param value the network's name; {@code bridge} for Docker's own, on which containers reach
     *     each other; {@code host} for that of the daemon's host, on which every instance needs a
     *     port of its own
     * @return this
     */
    public Builder network(String value) {
      if (value.isBlank()) {
        throw new IllegalArgumentException("network must not be blank");
      }
      network = value;
      return this;
    }

    /** Sets the name of the network that is made where none is set; for tests. */
    Builder instanceNetwork(String name) {
      instanceNetwork = name;
      return this;
    }

    /**
     * Sets the user of containers. Default: the image's.
     *
     * @param value a name or number that the image knows, with or without a group
     * @return this
     */
    public Builder user(String value) {
      if (value.isBlank()) {
        throw new IllegalArgumentException("user must not be blank");
      }
      user = value;
      return this;
    }

    /**
     * Adds capabilities to containers. Default: those that services need which begin as root and go
     * on as somebody else; {@code AUDIT_WRITE}, {@code MKNOD}, {@code NET_RAW}, {@code SETFCAP},
     * {@code SETPCAP} and {@code SYS_CHROOT} of Docker's own default are not among them.
     *
     * @param names such as {@code SYS_PTRACE}
     * @return this
     */
    public Builder capabilities(String... names) {
      for (String name : names) {
        capabilities.add(ContainerRights.capability(name));
      }
      return this;
    }

    /**
     * Sets whether a program in a container may get more rights than its caller, as {@code sudo}
     * does. Default: false.
     *
     * @param value whether
     * @return this
     */
    public Builder newPrivileges(boolean value) {
      newPrivileges = value;
      return this;
    }

    /**
     * Sets whether the files of an image cannot be changed in its containers; {@code /tmp} and
     * {@code /run} are in memory then, and can be. Default: false.
     *
     * @param value whether
     * @return this
     */
    public Builder readOnlyRoot(boolean value) {
      readOnlyRoot = value;
      return this;
    }

    /**
     * Sets whether deployments may mount the socket of a container daemon, which makes the
     * container's users root of the host. Default: false.
     *
     * @param value whether
     * @return this
     */
    public Builder dockerSocket(boolean value) {
      dockerSocket = value;
      return this;
    }

    /**
     * Sets whether the images, snapshots, volumes and networks of deployments are held against
     * {@code docker system prune}, by a container for each image that sleeps. Default: true.
     *
     * @param value whether
     * @return this
     */
    public Builder keepResources(boolean value) {
      keepResources = value;
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
      requireNonNull(value, "customizer");
      customizer = (command, spec, instanceId) -> value.apply(command);
      return this;
    }

    /**
     * Sets what changes the create command of a container before it is sent, by the deployment and
     * the instance; name and labels stay what they are.
     *
     * @param value gets the command as it would be sent, and returns it
     * @return this
     */
    public Builder customizer(ContainerCustomizer value) {
      customizer = requireNonNull(value, "customizer");
      return this;
    }

    /**
     * Sets the directory of the locks that keep two engines of this user on this machine from using
     * one owner. Only engines that share it are kept apart: by default not those of another user or
     * of an application in a container. They would take over or release each other's containers. It
     * must be a directory that no other user can write or replace. Default: one below {@code
     * .local/state/autodeploy} in the user's home.
     *
     * @param directory the directory, made if needed
     * @return this
     */
    public Builder lockDirectory(Path directory) {
      lockDirectory = requireNonNull(directory, "lockDirectory");
      return this;
    }

    /**
     * Builds the provider: connects to the daemon and asks what it is. Blocks meanwhile.
     *
     * @return the provider
     * @throws DockerDaemonException if there is no daemon, or it cannot be used
     */
    public DockerInstanceProvider build() {
      DockerSettings settings =
          new DockerSettings(
              callTimeout,
              publishAddress,
              new DockerSettings.Pulling(pullPolicy, pullTimeout, pullStallTimeout, credentials),
              new DockerSettings.Gpus(gpus, gpuAccess, gpuSharedMemory, hostIpc),
              new DockerSettings.Containers(
                  createTimeout,
                  heartbeatTimeout,
                  init,
                  ulimits,
                  network,
                  instanceNetwork,
                  user,
                  dockerSocket,
                  keepResources,
                  customizer),
              new ContainerRights(capabilities, newPrivileges, readOnlyRoot));
      DaemonAddress address =
          dockerHost == null
              ? DaemonAddress.from(environment)
              : DaemonAddress.of(dockerHost, certificates);
      return new DockerInstanceProvider(
          new ContainerProvider(
              DockerHost.connect(settings, address, new ClientConfig(environment)),
              environment,
              lockDirectory));
    }
  }
}
