package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A daemon, played by its answers, that hangs over one of three containers. */
@Tag("slow")
class StuckContainerTest {
  private static final String OWNER = "stuck";
  private static final List<String> IDS = List.of("a", "b", "c");

  @TempDir private Path locks;
  private final MockWebServer server = new MockWebServer();
  private final Map<String, Integer> heartbeats = new ConcurrentHashMap<>();
  private volatile String silent = "none";

  @BeforeEach
  void start() throws IOException {
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            return answer(request.getTarget());
          }
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "b", "c"})
  void heartbeats_goOnToTheOthers_whileOneIsStuck(String stuck) {
    try (DockerInstanceProvider provider = open(Duration.ofSeconds(20))) {
      silent = "/containers/" + stuck + "/kill";
      assertThat(provider.list(OWNER).toCompletableFuture().join()).hasSize(3);

      ProviderFixture.await(
          Duration.ofSeconds(15),
          () -> IDS.stream().filter(id -> !id.equals(stuck)).allMatch(id -> beats(id) >= 4));
      assertThat(beats(stuck)).as("one at a time").isEqualTo(1);
      server.close(); // or the end would wait for the call that is stuck
    }
  }

  @Test
  void heartbeats_goOnToAll_onceItAnswersAgain() {
    String stuck = "a";
    try (DockerInstanceProvider provider = open(Duration.ofMillis(500))) {
      provider.list(OWNER).toCompletableFuture().join();
      silent = "/containers/" + stuck + "/kill";
      ProviderFixture.await(Duration.ofSeconds(15), () -> beats(stuck) >= 3);
      silent = "none";
      heartbeats.clear();
      ProviderFixture.await(
          Duration.ofSeconds(15), () -> IDS.stream().allMatch(id -> beats(id) >= 3));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "b", "c"})
  void list_showsAll_andOneThatCannotBeInspectedAsItIsListed(String stuck) {
    try (DockerInstanceProvider provider = open(Duration.ofSeconds(1))) {
      silent = "/containers/" + stuck + "/json";
      List<ProviderInstance> listed = provider.list(OWNER).toCompletableFuture().join();

      assertThat(listed).extracting(ProviderInstance::instanceId).containsExactlyElementsOf(IDS);
      assertThat(listed)
          .extracting(ProviderInstance::endpoint)
          .containsExactlyElementsOf(IDS.stream().map(StuckContainerTest::endpoint).toList());
      assertThat(listed).extracting(ProviderInstance::exit).containsOnlyNulls();
      ProviderFixture.await(
          Duration.ofSeconds(15), () -> IDS.stream().allMatch(id -> beats(id) >= 2));

      silent = "none";
      assertThat(provider.list(OWNER).toCompletableFuture().join()).isEqualTo(listed);
    }
  }

  @Test
  void list_doesNotWaitForTheCallTimeout() {
    try (DockerInstanceProvider provider = open(Duration.ofMinutes(2))) {
      silent = "/containers/b/json";
      long begun = System.nanoTime();
      assertThat(provider.list(OWNER).toCompletableFuture().join()).hasSize(3);
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(60));
    }
  }

  private int beats(String id) {
    return heartbeats.getOrDefault(id, 0);
  }

  private DockerInstanceProvider open(Duration callTimeout) {
    DockerInstanceProvider provider =
        DockerInstanceProvider.builder()
            .dockerHost(URI.create("tcp://127.0.0.1:" + server.getPort()))
            .lockDirectory(locks)
            .callTimeout(callTimeout)
            .heartbeatTimeout(Duration.ofSeconds(4))
            .build();
    provider.open(
        new ProviderContext(
            OWNER,
            new InstanceObserver() {
              @Override
              public void exited(String instanceId, InstanceExit exit) {}

              @Override
              public void progress(String instanceId, StartProgress progress) {}
            }));
    return provider;
  }

  private MockResponse answer(String target) {
    String path = target.replaceFirst("^/v[0-9.]+", "").replaceFirst("[?].*", "");
    boolean stall = path.equals(silent);
    if (path.endsWith("/kill")) {
      heartbeats.merge(container(path), 1, Integer::sum);
      return stall ? json("").onResponseStart(SocketEffect.Stall.INSTANCE).build() : code(204);
    }
    if (stall) {
      return json("").onResponseStart(SocketEffect.Stall.INSTANCE).build();
    }
    return switch (path) {
      case "/version" -> json("{\"Version\":\"28.5.2\",\"ApiVersion\":\"1.51\"}").build();
      case "/info" -> json("{\"ID\":\"abc\",\"Name\":\"host\",\"OSType\":\"linux\"}").build();
      case "/events" -> json("").build();
      // Only the question for all of the owner's is answered: what is released is gone.
      case "/containers/json" ->
          json(target.contains("autodeploy.managed")
                  ? IDS.stream()
                      .map(StuckContainerTest::listed)
                      .collect(Collectors.joining(",", "[", "]"))
                  : "[]")
              .build();
      default ->
          path.matches("/containers/[abc]/json")
              ? json(inspected(container(path))).build()
              : code(404);
    };
  }

  private static String container(String path) {
    String rest = path.substring("/containers/".length());
    return rest.substring(0, rest.indexOf('/'));
  }

  private static MockResponse.Builder json(String body) {
    return new MockResponse.Builder().addHeader("Content-Type", "application/json").body(body);
  }

  private static MockResponse code(int code) {
    return new MockResponse.Builder().code(code).build();
  }

  private static String listed(String id) {
    return "{\"Id\":\"%s\",\"Names\":[\"/%s\"],\"State\":\"running\",\"Labels\":%s,"
            .formatted(id, labels(id).name(), map(id))
        + "\"Ports\":[{\"IP\":\"127.0.0.1\",\"PrivatePort\":9,\"PublicPort\":9,\"Type\":\"tcp\"},"
        + "{\"IP\":\"127.0.0.1\",\"PrivatePort\":8080,\"PublicPort\":%d,\"Type\":\"tcp\"}]}"
            .formatted(port(id));
  }

  private static String inspected(String id) {
    return "{\"Id\":\"%s\",\"Name\":\"/%s\",\"State\":{\"Running\":true,\"Status\":\"running\"},"
            .formatted(id, labels(id).name())
        + "\"Config\":{\"Labels\":%s},\"NetworkSettings\":{\"Ports\":{\"8080/tcp\":"
            .formatted(map(id))
        + "[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"%d\"}]}}}".formatted(port(id));
  }

  private static String map(String id) {
    return labels(id).toMap().entrySet().stream()
        .map(e -> "\"" + e.getKey() + "\":\"" + e.getValue() + "\"")
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static Labels labels(String id) {
    int slot = IDS.indexOf(id);
    return new Labels(
        "autodeploy-" + OWNER + "-web-" + slot,
        OWNER,
        "web",
        slot,
        id,
        "f1",
        List.of(),
        0,
        8080,
        Instant.EPOCH,
        Heartbeat.WRAPPER,
        "",
        0);
  }

  private static int port(String id) {
    return 49153 + IDS.indexOf(id);
  }

  private static URI endpoint(String id) {
    return URI.create("http://127.0.0.1:" + port(id));
  }
}
