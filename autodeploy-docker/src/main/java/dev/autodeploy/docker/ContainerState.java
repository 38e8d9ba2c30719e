package dev.autodeploy.docker;

import com.github.dockerjava.api.command.HealthState;
import com.github.dockerjava.api.command.HealthStateLog;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.ContainerPort;
import com.github.dockerjava.api.model.DockerObject;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.NetworkSettings;
import com.github.dockerjava.api.model.Ports;
import dev.autodeploy.internal.text.PlainText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what an inspection says. */
final class ContainerState {
  /** The signal that asks to end where the image names none. */
  static final String USUAL_STOP_SIGNAL = "SIGTERM";

  private static final Pattern PORT = Pattern.compile("[1-9][0-9]{0,4}");
  private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:]{2,39}");
  private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

  private final InspectContainerResponse inspected;
  private final InspectContainerResponse.ContainerState state;

  ContainerState(InspectContainerResponse inspected) {
    this.inspected = inspected;
    this.state = inspected.getState();
  }

  String id() {
    return inspected.getId();
  }

  /** The id of its image, or an empty text. */
  String imageId() {
    return inspected.getImageId() == null ? "" : inspected.getImageId();
  }

  @Nullable Labels labels() {
    return inspected.getConfig() == null
        ? null
        : Labels.of(inspected.getName(), inspected.getConfig().getLabels());
  }

  boolean isRunning() {
    return Boolean.TRUE.equals(state.getRunning());
  }

  /** Returns whether only the files of the container are left, which the daemon cannot delete. */
  boolean isDead() {
    return Boolean.TRUE.equals(state.getDead()) && !isRunning() && !isBeingRemoved();
  }

  boolean isBeingRemoved() {
    return "removing".equals(state.getStatus());
  }

  boolean wasNeverStarted() {
    return "created".equals(state.getStatus())
        || "configured".equals(state.getStatus())
        || "initialized".equals(state.getStatus());
  }

  boolean isOutOfMemory() {
    return Boolean.TRUE.equals(state.getOOMKilled());
  }

  @Nullable Integer exitCode() {
    Long code = state.getExitCodeLong();
    return code == null ? null : code.intValue();
  }

  String error() {
    return state.getError() == null ? "" : state.getError();
  }

  /**
   * Returns whether the image's health check has succeeded.
   *
   * @throws IOException if it fails, or the image has none
   */
  boolean isHealthy() throws IOException {
    HealthState health = state.getHealth();
    String status = health == null ? null : health.getStatus();
    if (status == null || status.isEmpty() || status.equals("none")) {
      throw new IOException(
          "the image has no HEALTHCHECK: use ReadinessProbe.http(...) or another one");
    }
    if (status.equals("unhealthy")) {
      throw new IOException("the image's health check fails" + lastOutput(health));
    }
    return status.equals("healthy");
  }

  private static String lastOutput(HealthState health) {
    List<HealthStateLog> log = health.getLog();
    String output = log == null || log.isEmpty() ? null : log.get(log.size() - 1).getOutput();
    if (output == null || output.isBlank()) {
      return "";
    }
    List<String> lines = output.strip().lines().toList();
    return ": " + PlainText.line(lines.get(lines.size() - 1));
  }

  /** Returns when it ended by this process's clock; null if it has not. */
  @Nullable Instant finishedAt(Duration clockSkew) {
    return moment(state.getFinishedAt(), clockSkew);
  }

  /** Returns when it was started by this process's clock; null if it was not. */
  @Nullable Instant startedAt(Duration clockSkew) {
    return moment(state.getStartedAt(), clockSkew);
  }

  String stopSignal() {
    String signal = stopSignal(inspected);
    return signal.isEmpty() ? USUAL_STOP_SIGNAL : signal;
  }

  boolean isNamed(String name) {
    return ("/" + name).equals(inspected.getName());
  }

  /**
   * Returns the stop signal in the configuration of an inspected container or image; an empty text
   * without one. Only the outermost object of an answer keeps what docker-java does not know.
   */
  static String stopSignal(DockerObject inspected) {
    return inspected.getRawValues().get("Config") instanceof Map<?, ?> config
            && config.get("StopSignal") instanceof String signal
        ? signal.strip()
        : "";
  }

  /** Returns where the service is published; null if it is not. */
  @Nullable URI endpoint(int port, String host) {
    NetworkSettings network = inspected.getNetworkSettings();
    if (network == null || network.getPorts() == null) {
      return null;
    }
    Ports.Binding[] bindings = network.getPorts().getBindings().get(ExposedPort.tcp(port));
    if (bindings == null) {
      return null;
    }
    for (Ports.Binding binding : bindings) {
      if (binding != null && isPort(binding.getHostPortSpec())) {
        return URI.create("http://" + host + ":" + binding.getHostPortSpec());
      }
    }
    return null;
  }

  /** The same as a list says it. */
  static @Nullable URI endpoint(Container listed, int port, String host) {
    if (listed.getPorts() != null) {
      for (ContainerPort published : listed.getPorts()) {
        if (Integer.valueOf(port).equals(published.getPrivatePort())
            && "tcp".equals(published.getType())
            && published.getPublicPort() != null) {
          return URI.create("http://" + host + ":" + published.getPublicPort());
        }
      }
    }
    return null;
  }

  /**
   * Returns where the service listens itself, if this process shares the network of the daemon's
   * host: the container's gateway is then one of this machine's own addresses.
   */
  @Nullable URI direct(int port) {
    NetworkSettings network = inspected.getNetworkSettings();
    if (network == null || network.getNetworks() == null) {
      return null;
    }
    for (ContainerNetwork attached : network.getNetworks().values()) {
      String address = attached.getIpAddress();
      if (address != null && IPV4.matcher(address).matches() && isLocal(attached.getGateway())) {
        return URI.create("http://" + address + ":" + port);
      }
    }
    return null;
  }

  /**
   * Returns the container's own address on a network, of IPv6 if that is wanted or there is no
   * other; null if it has none there.
   */
  @Nullable URI address(@Nullable String network, boolean six, int port) {
    NetworkSettings settings = inspected.getNetworkSettings();
    return settings == null ? null : address(settings.getNetworks(), network, six, port);
  }

  /** The same as a list says it. */
  static @Nullable URI address(Container listed, @Nullable String network, boolean six, int port) {
    return listed.getNetworkSettings() == null
        ? null
        : address(listed.getNetworkSettings().getNetworks(), network, six, port);
  }

  private static @Nullable URI address(
      @Nullable Map<String, ContainerNetwork> networks,
      @Nullable String network,
      boolean six,
      int port) {
    ContainerNetwork attached = networks == null || network == null ? null : networks.get(network);
    if (attached == null) {
      return null;
    }
    String v4 = attached.getIpAddress();
    String v6 = attached.getGlobalIPv6Address();
    boolean hasSix = v6 != null && IPV6.matcher(v6).matches();
    if (v4 != null && IPV4.matcher(v4).matches() && !(six && hasSix)) {
      return URI.create("http://" + v4 + ":" + port);
    }
    return hasSix ? URI.create("http://[" + v6 + "]:" + port) : null;
  }

  /** A port and nothing else: with more it could be another address. */
  private static boolean isPort(@Nullable String text) {
    return text != null && PORT.matcher(text).matches();
  }

  /** Returns whether an address is one of this machine's own. */
  static boolean isLocal(@Nullable String address) {
    if (address == null || address.isEmpty()) {
      return false;
    }
    try {
      return NetworkInterface.getByInetAddress(InetAddress.getByName(address)) != null;
    } catch (UnknownHostException | SocketException e) {
      return false;
    }
  }

  private static @Nullable Instant moment(@Nullable String text, Duration clockSkew) {
    if (text == null || text.startsWith("0001-")) {
      return null;
    }
    try {
      return java.time.OffsetDateTime.parse(text).toInstant().minus(clockSkew);
    } catch (DateTimeException e) {
      return null;
    }
  }
}
