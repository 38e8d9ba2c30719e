package dev.autodeploy.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.command.InspectVolumeResponse;
import com.github.dockerjava.api.command.ListVolumesResponse;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Image;
import com.github.dockerjava.api.model.Info;
import com.github.dockerjava.api.model.Network;
import com.github.dockerjava.api.model.Version;
import com.github.dockerjava.api.model.VersionComponent;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.transport.DockerHttpClient.Response;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.spi.InstanceStartException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

// Over 500 lines: every call to the daemon, so that each failure becomes one kind of exception.
/**
 * The calls of a daemon. Every method blocks, for no longer than the call timeout, and fails with a
 * {@link DockerDaemonException}.
 */
final class DaemonClient implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final Logger LOG = LoggerFactory.getLogger(DaemonClient.class);

  /** The version whose answers are known here; a newer daemon still speaks it. */
  private static final ApiVersion NEWEST = new ApiVersion(1, 51);

  /** The limits of a command in a container: how long it may take, and how much it may write. */
  private static final Duration RUN_TIMEOUT = Duration.ofSeconds(5);

  private static final int MAX_RUN_LINES = 10_000;
  private static final int MAX_LINKS = 5;
  private static final ApiVersion OLDEST = new ApiVersion(1, 40);

  private final DaemonAddress address;
  private final DaemonTransport transport;
  private volatile Session session;

  /**
   * A client that is pinned to a version.
   *
   * @param docker the client
   * @param prefix what its paths begin with
   * @param version what the daemon said
   * @param api the version that is spoken
   */
  private record Session(DockerClient docker, String prefix, Version version, ApiVersion api) {}

  private DaemonClient(DaemonAddress address, DaemonTransport transport) {
    this.address = address;
    this.transport = transport;
    this.session = negotiate();
  }

  /** Connects, and agrees on the version of the API. */
  static DaemonClient connect(DaemonAddress address, Duration callTimeout) {
    return connect(address, callTimeout, Map.of());
  }

  /** Connects with headers that every request bears. */
  static DaemonClient connect(
      DaemonAddress address, Duration callTimeout, Map<String, String> headers) {
    DaemonTransport transport = new DaemonTransport(address, callTimeout, headers);
    try {
      return new DaemonClient(address, transport);
    } catch (RuntimeException e) {
      transport.close();
      throw e;
    }
  }

  DaemonAddress address() {
    return address;
  }

  /**
   * Loads what a start needs, which takes a good part of a second in a fresh process: time that the
   * first request should not wait for.
   */
  void warmUp() {
    try {
      ObjectMapper mapper = DockerClientConfig.getDefaultObjectMapper();
      CreateContainerCmd cmd = session.docker.createContainerCmd("warm-up");
      mapper.writeValueAsBytes(cmd.withHostConfig(HostConfig.newHostConfig().withInit(true)));
      mapper.readValue("{}", InspectContainerResponse.class);
      mapper.readValue("{}", InspectImageResponse.class);
      find("autodeploy-warm-up");
      findImage("autodeploy-warm-up:none");
    } catch (IOException | RuntimeException e) {
      LOG.debug("Warming up: {}", e.toString());
    }
  }

  /** Asks the daemon about itself. */
  DaemonInfo info() {
    Version version = session.version;
    Instant asked = Instant.now();
    Info info = call("asking Docker about itself", docker -> docker.infoCmd().exec());
    Instant answered = Instant.now();
    String product = "Docker";
    String productVersion = version.getVersion() == null ? "" : version.getVersion();
    if (version.getComponents() != null) {
      for (VersionComponent component : version.getComponents()) {
        if (component.getName() != null && component.getName().startsWith("Podman")) {
          product = "Podman";
          productVersion = component.getVersion() == null ? "" : component.getVersion();
        }
      }
    }
    String id = info.getId() == null || info.getId().isEmpty() ? info.getName() : info.getId();
    return new DaemonInfo(
        id == null ? address.toString() : id,
        product,
        productVersion,
        session.api.toString(),
        info.getOsType() == null ? "" : info.getOsType(),
        DaemonInfo.cdiDevices(info),
        DaemonInfo.skew(info, asked, answered),
        Machine.of(info));
  }

  InspectContainerResponse inspect(String container) {
    return call("inspecting " + container, d -> d.inspectContainerCmd(container).exec());
  }

  /** Inspects a container; null if there is none. */
  @Nullable InspectContainerResponse find(String container) {
    try {
      return inspect(container);
    } catch (DockerDaemonException e) {
      if (e.problem() == DockerProblem.NO_SUCH_CONTAINER) {
        return null;
      }
      throw e;
    }
  }

  List<Network> networks() {
    return call("listing networks", d -> d.listNetworksCmd().exec());
  }

  /** Lists the networks whose name contains a text. */
  List<Network> networks(String name) {
    return call("listing networks", d -> d.listNetworksCmd().withNameFilter(name).exec());
  }

  /** Returns the names of all volumes. */
  Set<String> volumes() {
    ListVolumesResponse found = call("listing volumes", d -> d.listVolumesCmd().exec());
    return found.getVolumes() == null
        ? Set.of()
        : found.getVolumes().stream()
            .map(InspectVolumeResponse::getName)
            .collect(Collectors.toSet());
  }

  /** Removes a volume; a gone one is a success. */
  void removeVolume(String volume) {
    command(
        "removing volume " + volume,
        "DELETE",
        "/volumes/" + encode(volume),
        Duration.ZERO,
        204,
        404);
  }

  /** Removes a network; a gone one is a success. */
  void removeNetwork(String network) {
    command(
        "removing network " + network,
        "DELETE",
        "/networks/" + encode(network),
        Duration.ZERO,
        204,
        404);
  }

  /** Lists containers in any state that carry labels. */
  List<Container> list(Map<String, String> labels) {
    return call(
        "listing containers",
        d -> d.listContainersCmd().withShowAll(true).withLabelFilter(labels).exec());
  }

  /** Creates a container, within the call timeout. */
  String create(String doing, String image, Function<CreateContainerCmd, CreateContainerCmd> plan) {
    return create(doing, image, plan, transport.callTimeout(), exchange -> {});
  }

  /**
   * Creates a container.
   *
   * @param doing what is being done, for errors
   * @param image what it is made of
   * @param plan fills the command in
   * @param timeout how long it may take
   * @param underWay gets the exchange before it is sent, so that somebody can end it: whether there
   *     is a container then is not known
   * @return the id of the container
   */
  String create(
      String doing,
      String image,
      Function<CreateContainerCmd, CreateContainerCmd> plan,
      Duration timeout,
      Consumer<DaemonTransport.Exchange> underWay) {
    return withSession(
        doing,
        s -> {
          CreateContainerCmd command = plan.apply(s.docker.createContainerCmd(image));
          String name = command.getName() == null ? "" : "&name=" + encode(command.getName());
          String platform =
              command.getPlatform() == null ? "" : "&platform=" + encode(command.getPlatform());
          try (DaemonTransport.Exchange exchange =
              transport.exchange(
                  "POST",
                  s.prefix + "/containers/create" + (name + platform).replaceFirst("&", "?"),
                  DockerClientConfig.getDefaultObjectMapper().writeValueAsBytes(command),
                  timeout)) {
            underWay.accept(exchange);
            return created(doing, exchange);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static String created(String doing, DaemonTransport.Exchange exchange)
      throws IOException {
    try (Response response = exchange.open()) {
      String text = text(response);
      if (response.getStatusCode() != 201) {
        throw DockerDaemonException.answered(doing, text);
      }
      return JSON.readTree(text).path("Id").asText();
    } catch (IOException | UncheckedIOException e) {
      if (exchange.isClosed() && !(e instanceof InterruptedIOException)) {
        throw new DockerDaemonException(
            DockerProblem.NO_ANSWER, doing, "it was no longer waited for", e);
      }
      throw e;
    }
  }

  /** Starts a container; one that runs already is a success. */
  void start(String doing, String container) {
    command(doing, "POST", "/containers/" + container + "/start", Duration.ZERO, 204, 304);
  }

  /** Sends a signal; false if the container does not run or is gone, or there is no such signal. */
  boolean signal(String container, String signal) {
    int status =
        command(
            "signalling " + container,
            "POST",
            "/containers/" + container + "/kill?signal=" + encode(signal),
            Duration.ZERO,
            204,
            400,
            404,
            409,
            500);
    return status == 204;
  }

  /** Removes a container by force, with its anonymous volumes; a gone one is a success. */
  void remove(String container) {
    command(
        "removing " + container,
        "DELETE",
        "/containers/" + container + "?force=true&v=true",
        Duration.ZERO,
        204,
        404,
        409);
  }

  /** Gives a container another name. */
  void rename(String container, String name) {
    command(
        "renaming " + container,
        "POST",
        "/containers/" + container + "/rename?name=" + encode(name),
        Duration.ZERO,
        204);
  }

  /** Returns whether a path exists in a container, which need not run. */
  boolean hasFile(String container, String path) {
    int status =
        command(
            "looking for " + path + " in " + container,
            "HEAD",
            "/containers/" + container + "/archive?path=" + encode(path),
            Duration.ZERO,
            200,
            404);
    return status == 200;
  }

  /** The beginning of a file in a container, links followed; empty if there is none. */
  String readFile(String container, String path, int limit) {
    String doing = "reading " + path + " in " + container;
    Path at = Path.of(path);
    for (int links = 0; links < MAX_LINKS; links++) {
      String query = "/containers/" + container + "/archive?path=" + encode(at.toString());
      try (Response response =
          transport.execute("GET", session.prefix + query, null, RUN_TIMEOUT)) {
        if (response.getStatusCode() != 200) {
          return "";
        }
        ArchivedFile file = ArchivedFile.read(response.getBody(), limit);
        if (file.link() == null) {
          return file.text();
        }
        at = at.resolveSibling(file.link()).normalize();
      } catch (IOException | UncheckedIOException | InvalidPathException e) {
        throw failure(doing, e);
      }
    }
    return "";
  }

  /** Inspects an image; null if it is not on the host. */
  @Nullable InspectImageResponse findImage(String image) {
    try {
      return call("inspecting image " + image, d -> d.inspectImageCmd(image).exec());
    } catch (DockerDaemonException e) {
      if (e.problem() == DockerProblem.IMAGE_MISSING) {
        return null;
      }
      throw e;
    }
  }

  List<Image> images() {
    return call("listing images", d -> d.listImagesCmd().exec());
  }

  /** Removes an image; a gone one is a success. */
  void removeImage(String image) {
    command(
        "removing image " + image,
        "DELETE",
        "/images/" + encode(image).replace("%2F", "/").replace("%3A", ":"),
        Duration.ZERO,
        200,
        404);
  }

  /** Sends a request that may take any time and returns the answer. */
  JsonNode post(String doing, String path, byte @Nullable [] body, Duration timeout) {
    try (Response response = transport.execute("POST", session.prefix + path, body, timeout)) {
      String text = text(response);
      if (response.getStatusCode() / 100 != 2) {
        throw DockerDaemonException.answered(doing, text);
      }
      return JSON.readTree(text);
    } catch (IOException | UncheckedIOException e) {
      throw failure(doing, e);
    }
  }

  /** The last lines that a container wrote to its output and its error output. */
  List<String> logs(String container, int lines) {
    String doing = "reading the log of " + container;
    String path =
        "/containers/" + container + "/logs?stdout=true&stderr=true&tail=" + Math.max(1, lines);
    try (Response response = transport.unary("GET", session.prefix + path)) {
      return response.getStatusCode() == 404 ? List.of() : output(doing, response, lines);
    } catch (IOException | UncheckedIOException e) {
      throw failure(doing, e);
    }
  }

  /** Runs a command in a container that runs; returns the last lines that it wrote. */
  List<String> run(String container, byte[] command, int lines, Duration timeout) {
    String doing = "running a command in " + container;
    String made =
        post(doing, "/containers/" + container + "/exec", command, timeout).at("/Id").asText();
    String path = session.prefix + "/exec/" + made + "/start";
    byte[] start = "{\"Detach\":false,\"Tty\":false}".getBytes(StandardCharsets.UTF_8);
    try (Response response = transport.execute("POST", path, start, timeout)) {
      return output(doing, response, lines);
    } catch (IOException | UncheckedIOException e) {
      throw failure(doing, e);
    }
  }

  private static List<String> output(String doing, Response response, int lines)
      throws IOException {
    if (response.getStatusCode() != 200) {
      throw DockerDaemonException.answered(doing, text(response));
    }
    return LogFrames.lines(response.getBody(), lines);
  }

  /**
   * Runs a command in a container and returns what it wrote; nothing if there is no such command.
   */
  List<String> run(String container, List<String> command) {
    String doing = "running " + command.get(0) + " in " + container;
    ObjectNode body = JSON.createObjectNode().put("AttachStdout", true);
    command.forEach(body.putArray("Cmd")::add);
    String id = postJson(doing, "/containers/" + container + "/exec", body).path("Id").asText("");
    byte[] start = "{\"Detach\":false}".getBytes(StandardCharsets.UTF_8);
    try (Response response =
        transport.execute(
            "POST", session.prefix + "/exec/" + encode(id) + "/start", start, RUN_TIMEOUT)) {
      return response.getStatusCode() == 200
          ? LogFrames.lines(response.getBody(), MAX_RUN_LINES)
          : List.of();
    } catch (IOException | UncheckedIOException e) {
      throw failure(doing, e);
    }
  }

  private JsonNode postJson(String doing, String path, ObjectNode body) {
    return post(doing, path, body.toString().getBytes(StandardCharsets.UTF_8), RUN_TIMEOUT);
  }

  /** Opens a stream of JSON lines. */
  JsonLines stream(String doing, String method, String path, Map<String, String> headers) {
    return new JsonLines(doing, transport.stream(method, session.prefix + path, headers));
  }

  /**
   * Builds an image of a context.
   *
   * @param doing what is being done, for errors
   * @param query how it is built
   * @param context the archive of its files
   * @param timeout how long it may take
   */
  void build(String doing, String query, DaemonTransport.Content context, Duration timeout) {
    try (JsonLines lines =
        new JsonLines(
            doing, transport.upload(session.prefix + "/build?" + query, timeout, context))) {
      lines.forEach(
          () -> {},
          line -> {
            String error = line.at("/errorDetail/message").asText(line.path("error").asText(""));
            if (!error.isEmpty()) {
              throw DockerDaemonException.answered(doing, error);
            }
          });
      if (lines.isClosed()) {
        throw new DockerDaemonException(
            DockerProblem.NO_ANSWER, doing, "it took longer than " + Durations.text(timeout), null);
      }
    }
  }

  /** Opens an answer that goes on for as long as there is something to tell. */
  DaemonTransport.Exchange follow(String path) {
    return transport.stream("GET", session.prefix + path, Map.of());
  }

  @Override
  public void close() {
    transport.close();
  }

  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private int command(
      String doing, String method, String path, Duration timeout, int... successes) {
    return withSession(
        doing,
        s -> {
          try (Response response =
              timeout.isZero()
                  ? transport.unary(method, s.prefix + path)
                  : transport.execute(method, s.prefix + path, null, timeout)) {
            int status = response.getStatusCode();
            for (int success : successes) {
              if (status == success) {
                return status;
              }
            }
            throw DockerDaemonException.answered(doing, text(response));
          }
        });
  }

  private <T> T call(String doing, Function<DockerClient, T> command) {
    return withSession(doing, s -> command.apply(s.docker));
  }

  private <T> T withSession(String doing, Function<Session, T> command) {
    Session used = session;
    try {
      return command.apply(used);
    } catch (InstanceStartException e) {
      throw e; // of what fills the command in: the daemon was not asked
    } catch (RuntimeException e) {
      DockerDaemonException problem = failure(doing, e);
      if (problem.problem() != DockerProblem.API_VERSION) {
        throw problem;
      }
    }
    if (used.prefix.equals(session.prefix)) {
      LOG.info("Docker at {} speaks another API version now; negotiating again", address);
      session = negotiate();
    }
    try {
      return command.apply(session);
    } catch (RuntimeException e) {
      throw failure(doing, e);
    }
  }

  /** Returns the error, with the daemon's address if the daemon could not be asked properly. */
  private DockerDaemonException failure(String doing, Exception e) {
    DockerDaemonException failure = DockerDaemonException.of(doing, e);
    return failure.problem().isOnTheWay() && !(e instanceof DockerDaemonException)
        ? new DockerDaemonException(
            failure.problem(), doing + " at " + address, failure.detail(), e)
        : failure;
  }

  private Session negotiate() {
    String doing = "connecting to Docker";
    try {
      Version version = client(null).versionCmd().exec();
      ApiVersion offered = ApiVersion.parse(version.getApiVersion());
      if (offered == null) {
        throw new DockerDaemonException(
            DockerProblem.NOT_DOCKER, doing, "it names no API version", null);
      }
      if (offered.compareTo(OLDEST) < 0) {
        throw new DockerDaemonException(
            DockerProblem.API_VERSION, doing, "it speaks API " + offered, null);
      }
      ApiVersion api = offered.compareTo(NEWEST) < 0 ? offered : NEWEST;
      return new Session(client(api.toString()), "/v" + api, version, api);
    } catch (RuntimeException e) {
      DockerDaemonException failure = failure(doing, e);
      if (failure.problem() == DockerProblem.CONNECTION_LOST && address.certificates() != null) {
        // A daemon that rejects our certificate may close the connection before its reason is read.
        throw new DockerDaemonException(
            DockerProblem.TLS_FAILED,
            doing + " at " + address,
            failure.detail() + ", perhaps as the daemon does not accept the client's certificate",
            e);
      }
      throw failure;
    }
  }

  private DockerClient client(@Nullable String apiVersion) {
    // The transport has the address and the certificates; docker-java must not read the
    // environment.
    DefaultDockerClientConfig config =
        new DefaultDockerClientConfig.Builder()
            .withDockerHost(address.isUnix() ? address.uri().toString() : "tcp://localhost:2375")
            .withDockerTlsVerify(false)
            .withApiVersion(apiVersion)
            .build();
    return DockerClientImpl.getInstance(config, transport);
  }

  private static String text(Response response) {
    try (InputStream body = response.getBody()) {
      return new String(body.readNBytes(1 << 20), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
