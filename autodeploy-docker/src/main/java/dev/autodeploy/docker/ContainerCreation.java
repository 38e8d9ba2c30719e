package dev.autodeploy.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.model.ContainerConfig;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import com.github.dockerjava.api.model.RestartPolicy;
import com.github.dockerjava.api.model.Ulimit;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.spi.InstanceStartException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The create command of a container, filled in from a specification. */
final class ContainerCreation {
  /** The port of a service whose specification names none; passed to it as {@code PORT}. */
  private static final int DEFAULT_SERVICE_PORT = 8080;

  /** The log of a container; Docker's own default has no limit. */
  static final LogConfig LOGS =
      new LogConfig(LogConfig.LoggingType.JSON_FILE, Map.of("max-size", "10m", "max-file", "3"));

  private static final Duration HEALTH_INTERVAL = Duration.ofSeconds(5);
  private static final double NANOS = 1e9;
  private static final Duration MIN_GRACE = Duration.ofSeconds(10);

  private final DockerSettings settings;
  private final Map<String, String> proxies;
  private final DeploymentSpec spec;
  private final Labels labels;
  private final GpuGrant gpus;
  private final InspectImageResponse image;
  private final Reach reach;
  private final @Nullable String network;
  private final String publishAddress;
  private final boolean processOne;

  ContainerCreation(
      DockerHost host,
      DeploymentSpec spec,
      Labels labels,
      GpuGrant gpus,
      InspectImageResponse image,
      @Nullable String network,
      boolean processOne) {
    this.settings = host.settings();
    this.proxies = host.config().proxies(host.client().address());
    this.spec = spec;
    this.labels = labels;
    this.gpus = gpus;
    this.image = image;
    this.reach = host.reach();
    this.network = network;
    this.publishAddress = host.publishAddress();
    this.processOne = processOne;
  }

  static int port(DeploymentSpec spec) {
    return spec.port() == 0 ? DEFAULT_SERVICE_PORT : spec.port();
  }

  /** Fills in the command; the customizer has the last word, but not on what identifies it. */
  CreateContainerCmd applyTo(CreateContainerCmd cmd) {
    HostConfig host =
        HostConfig.newHostConfig()
            .withInit(settings.containers().init() && !processOne)
            .withAutoRemove(false)
            .withRestartPolicy(RestartPolicy.noRestart())
            .withLogConfig(LOGS)
            .withMounts(spec.mounts().stream().map(ContainerCreation::mount).toList());
    sharedMemory(host);
    limits(host);
    if (!settings.containers().ulimits().isEmpty()) {
      host.withUlimits(
          settings.containers().ulimits().stream()
              .map(limit -> new Ulimit(limit.name(), limit.soft(), limit.hard()))
              .toList());
    }
    if (network != null) {
      host.withNetworkMode(network);
    }
    if (reach.kind() == Reach.Kind.PUBLISHED) {
      host.withPortBindings(
          new PortBinding(Ports.Binding.bindIp(publishAddress), ExposedPort.tcp(labels.port())));
    }
    gpus.applyTo(host);
    settings.rights().applyTo(host);
    CreateContainerCmd filled =
        cmd.withHostConfig(host)
            .withExposedPorts(ExposedPort.tcp(labels.port()))
            .withEnv(environment());
    command(filled);
    if (Probes.asksForHealth(spec.readiness())) {
      filled.withHealthcheck(healthCheck());
    }
    if (spec.workingDirectory() != null) {
      filled.withWorkingDir(spec.workingDirectory());
    }
    if (settings.containers().user() != null) {
      filled.withUser(settings.containers().user());
    }
    if (settings.containers().customizer() != null) {
      filled = customized(settings.containers().customizer(), filled);
    }
    HostConfig customized = filled.getHostConfig();
    if (labels.withHeartbeats() && customized != null && !isBlank(customized.getPidMode())) {
      throw new IllegalArgumentException(
          "a container in another's process space cannot get heartbeats; leave pidMode out, or"
              + " use heartbeatTimeout(Duration.ZERO)");
    }
    return filled.withName(labels.name()).withLabels(merged(filled.getLabels()));
  }

  /** A failure of the customizer is the application's own, and is told as that. */
  private CreateContainerCmd customized(
      ContainerCustomizer customizer, CreateContainerCmd command) {
    CreateContainerCmd result;
    try {
      result = customizer.customize(command, spec, labels.instanceId());
    } catch (RuntimeException e) {
      throw new InstanceStartException(
          "the customizer of this application's Docker provider failed: " + e, null, e);
    }
    if (result == null) {
      throw new InstanceStartException(
          "the customizer of this application's Docker provider returned null; it has to return the"
              + " command");
    }
    return result;
  }

  private Map<String, String> merged(@Nullable Map<String, String> customized) {
    Map<String, String> all = labels.toMap();
    if (customized != null) {
      customized.forEach(all::putIfAbsent);
    }
    return all;
  }

  private void sharedMemory(HostConfig host) {
    if (settings.gpus().hostIpc()) {
      host.withIpcMode("host");
    } else if (spec.sharedMemoryBytes() != null) {
      host.withShmSize(spec.sharedMemoryBytes());
    } else if (!gpus.isNone()) {
      host.withShmSize(settings.gpus().sharedMemory());
    }
  }

  private void limits(HostConfig host) {
    if (spec.memoryBytes() != null) {
      // The same for both leaves no swap, which would only make an instance slow.
      host.withMemory(spec.memoryBytes()).withMemorySwap(spec.memoryBytes());
    }
    if (spec.cpus() != null) {
      host.withNanoCPUs(Math.round(spec.cpus() * NANOS));
    }
    if (spec.maxProcesses() != null) {
      host.withPidsLimit(spec.maxProcesses().longValue());
    }
  }

  /** The image's check, at an interval that a start can wait for; what is not set stays. */
  private HealthCheck healthCheck() {
    Long interval =
        image.getConfig() == null || image.getConfig().getHealthcheck() == null
            ? null
            : image.getConfig().getHealthcheck().getInterval();
    long nanos = HEALTH_INTERVAL.toNanos();
    if (interval != null && interval > 0 && interval < nanos) {
      nanos = interval;
    }
    return new HealthCheck().withInterval(nanos);
  }

  private void command(CreateContainerCmd cmd) {
    List<String> command = new ArrayList<>();
    if (spec.startCommand() != null) {
      command.addAll(List.of("/bin/sh", "-c", spec.startCommand()));
    } else if (labels.withHeartbeats()) {
      command.addAll(imageCommand());
    } else {
      if (!spec.arguments().isEmpty()) {
        cmd.withCmd(spec.arguments());
      }
      return;
    }
    if (labels.withHeartbeats()) {
      Duration grace =
          spec.releaseGrace().compareTo(MIN_GRACE) < 0 ? MIN_GRACE : spec.releaseGrace();
      Duration timeout = settings.containers().heartbeatTimeout();
      command =
          labels.heartbeat() == Heartbeat.WATCHER
              ? HeartbeatWatcher.wrap(command, timeout, grace, stopSignal())
              : HeartbeatWrapper.wrap(command, timeout, grace, stopSignal());
    }
    // An entrypoint of the image's would otherwise get the command as its arguments.
    cmd.withEntrypoint(command.subList(0, 1)).withCmd(command.subList(1, command.size()));
  }

  /** The command that the image starts by itself. */
  private List<String> imageCommand() {
    ContainerConfig config = image.getConfig();
    List<String> command = new ArrayList<>();
    if (config != null && config.getEntrypoint() != null) {
      command.addAll(Arrays.asList(config.getEntrypoint()));
    }
    if (!spec.arguments().isEmpty()) {
      command.addAll(spec.arguments());
    } else if (config != null && config.getCmd() != null) {
      command.addAll(Arrays.asList(config.getCmd()));
    }
    if (command.isEmpty()) {
      throw new IllegalArgumentException(
          "deployment '"
              + spec.name()
              + "' needs a start command: its image does not say what to start");
    }
    return command;
  }

  private String stopSignal() {
    String signal = ContainerState.stopSignal(image).toUpperCase(Locale.ROOT);
    signal = signal.startsWith("SIG") ? signal.substring(3) : signal;
    return signal.matches("[A-Z0-9]{1,8}") ? signal : "TERM";
  }

  private List<String> environment() {
    List<String> environment = new ArrayList<>();
    if (spec.port() == 0) {
      environment.add("PORT=" + labels.port());
    }
    if (gpus.access() != GpuAccess.NVIDIA_HOOK) {
      // Where NVIDIA's runtime is the default, an image would get all GPUs by its own variable.
      environment.add("NVIDIA_VISIBLE_DEVICES=void");
    }
    proxies.forEach(
        (name, value) -> {
          if (!spec.environment().containsKey(name)) {
            environment.add(name + "=" + value);
          }
        });
    spec.environment().forEach((name, value) -> environment.add(name + "=" + value));
    return environment;
  }

  private static Mount mount(dev.autodeploy.Mount mount) {
    return new Mount()
        .withType(mount.source().startsWith("/") ? MountType.BIND : MountType.VOLUME)
        .withSource(mount.source())
        .withTarget(mount.target())
        .withReadOnly(mount.readOnly());
  }

  private static boolean isBlank(@Nullable String text) {
    return text == null || text.isBlank();
  }
}
