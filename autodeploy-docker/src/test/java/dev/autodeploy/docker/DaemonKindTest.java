package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.DeviceRequest;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.core.DockerClientConfig;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Daemons of other kinds, played by their answers: Podman, CDI, AMD, Windows, a clock that is off.
 */
class DaemonKindTest {
  private static final String DOCKER =
      "{\"Version\":\"29.1.0\",\"ApiVersion\":\"1.52\",\"MinAPIVersion\":\"1.44\"}";
  private static final String INFO =
      "{\"ID\":\"abc\",\"Name\":\"host\",\"OperatingSystem\":\"Debian\",\"OSType\":\"linux\"";
  private final MockWebServer server = new MockWebServer();
  private volatile String version = DOCKER;
  private volatile String extra = "";
  private volatile long infoDelayMillis;

  @BeforeEach
  void start() throws IOException {
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            String body =
                request.getTarget().endsWith("/version")
                    ? version
                    : request.getTarget().endsWith("/info") ? INFO + extra + "}" : "[]";
            long delay = request.getTarget().endsWith("/info") ? infoDelayMillis : 0;
            return new MockResponse.Builder()
                .addHeader("Content-Type", "application/json")
                .body(body)
                .headersDelay(delay, TimeUnit.MILLISECONDS)
                .build();
          }
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void podman_beforeFive_isRefusedGpus_becauseItIgnoresThem() {
    version = podman("4.3.1");
    try (DockerInstanceProvider provider = build(b -> b.gpus("nvidia.com/gpu=0"))) {
      assertThat(provider.name()).isEqualTo("podman");
      provider.validate(spec(GpuRequest.none()));
      assertThatThrownBy(() -> provider.validate(spec(GpuRequest.count(1))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Podman 4.3.1 ignores GPU requests");
    }
  }

  @Test
  void podman_fromFiveOn_getsGpusByCdiOnly() {
    version = podman("5.8.6");
    try (DockerInstanceProvider provider = build(b -> b)) {
      assertThatThrownBy(() -> provider.validate(spec(GpuRequest.all())))
          .hasMessageContaining("Podman 5.8.6 ignores GPU requests");
    }
    try (DockerInstanceProvider provider = build(b -> b.gpus("nvidia.com/gpu=0"))) {
      provider.validate(spec(GpuRequest.count(1)));
      assertThat(provider.containers().inventory().access()).isEqualTo(GpuAccess.CDI);
    }
  }

  @Test
  void discoveredCdiDevices_areAskedForThatWay() throws Exception {
    extra =
        ",\"DiscoveredDevices\":[{\"Source\":\"cdi\",\"ID\":\"nvidia.com/gpu=0\"},"
            + "{\"Source\":\"cdi\",\"ID\":\"nvidia.com/gpu=1\"},"
            + "{\"Source\":\"cdi\",\"ID\":\"nvidia.com/gpu=all\"},"
            + "{\"Source\":\"other\",\"ID\":\"nvidia.com/gpu=9\"}]";
    try (DockerInstanceProvider provider = build(b -> b)) {
      assertThat(provider.containers().inventory().access()).isEqualTo(GpuAccess.CDI);
      GpuGrant both =
          provider
              .containers()
              .gpus()
              .reserve(
                  "me", "i1", GpuRequest.count(2), () -> provider.containers().inventory().known());
      assertThat(both.ids()).containsExactly("nvidia.com/gpu=0", "nvidia.com/gpu=1");
      provider.containers().gpus().free("i1");
      GpuGrant byIndex =
          provider
              .containers()
              .gpus()
              .reserve(
                  "me", "i2", GpuRequest.ids("1"), () -> provider.containers().inventory().known());
      HostConfig host = HostConfig.newHostConfig();
      byIndex.applyTo(host);
      assertThat(host.getDeviceRequests())
          .containsExactly(
              new DeviceRequest().withDriver("cdi").withDeviceIds(List.of("nvidia.com/gpu=1")));
      assertThat(byIndex.isShownOn(host)).isTrue();
      assertThat(byIndex.isShownOn(HostConfig.newHostConfig())).isFalse();
      assertThatThrownBy(() -> provider.validate(spec(GpuRequest.count(3))))
          .hasMessageContaining("has 2 GPUs");
    }
  }

  @Test
  void amdGpus_areAskedForByCdiWhereDiscovered() throws Exception {
    extra = ",\"DiscoveredDevices\":[{\"Source\":\"cdi\",\"ID\":\"amd.com/gpu=0\"}]";
    try (DockerInstanceProvider provider = build(b -> b)) {
      GpuGrant grant =
          provider
              .containers()
              .gpus()
              .reserve(
                  "me", "i1", GpuRequest.all(), () -> provider.containers().inventory().known());
      assertThat(grant.ids()).containsExactly("amd.com/gpu=0");
    }
  }

  @Test
  void amdDeviceNodes_giveAllOrNothing() throws Exception {
    try (DockerInstanceProvider provider = build(b -> b.gpuAccess(GpuAccess.AMD_DEVICES))) {
      assertThatThrownBy(() -> provider.validate(spec(GpuRequest.count(1))))
          .hasMessageContaining("all GPUs or none");
      GpuGrant grant =
          provider.containers().gpus().reserve("me", "i1", GpuRequest.all(), () -> null);
      HostConfig host = HostConfig.newHostConfig();
      grant.applyTo(host);
      assertThat(host.getDevices()).hasSize(2);
      assertThat(host.getDevices()[0].getPathOnHost()).isEqualTo("/dev/kfd");
      assertThat(host.getGroupAdd()).containsExactly("video", "render");
      assertThat(grant.isShownOn(host)).isTrue();
      assertThatThrownBy(
              () -> provider.containers().gpus().reserve("me", "i2", GpuRequest.all(), () -> null))
          .hasMessageContaining("GPU 'all' is held by instance 'i1'");
    }
  }

  @Test
  void all_byTheHook_neverSendsACountOfZero() {
    GpuGrant all = new GpuGrant(GpuAccess.NVIDIA_HOOK, List.of(), List.of(GpuGrant.ALL));
    HostConfig host = HostConfig.newHostConfig();
    all.applyTo(host);
    assertThat(host.getDeviceRequests().get(0).getCount()).isEqualTo(-1);
    assertThat(host.getDeviceRequests().get(0).getDeviceIds()).isNull();
    HostConfig none = HostConfig.newHostConfig();
    GpuGrant.none().applyTo(none);
    assertThat(none.getDeviceRequests()).isNull();
  }

  @Test
  void windowsContainers_areRefused() {
    extra = "";
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            return new MockResponse.Builder()
                .addHeader("Content-Type", "application/json")
                .body(
                    request.getTarget().endsWith("/version")
                        ? DOCKER
                        : "{\"ID\":\"x\",\"OperatingSystem\":\"Microsoft Windows Server\","
                            + "\"OSType\":\"windows\"}")
                .build();
          }
        });
    assertThatThrownBy(() -> build(b -> b)).hasMessageContaining("Windows containers");
  }

  @Test
  void clock_ofTheDaemon_isComparedWithOurs() {
    extra = ",\"SystemTime\":\"" + Instant.now().plusSeconds(90) + "\"";
    try (DockerInstanceProvider provider = build(b -> b)) {
      assertThat(provider.containers().host().daemon().clockSkew().toSeconds()).isBetween(80L, 90L);
    }
  }

  @Test
  void clock_ofADaemonThatIsSlowToAnswer_isNotTakenToBeOff() {
    infoDelayMillis = 3000;
    extra = ",\"SystemTime\":\"" + Instant.now().plusMillis(500) + "\"";
    try (DockerInstanceProvider provider = build(b -> b)) {
      assertThat(provider.containers().host().daemon().clockSkew()).isZero();
    }
  }

  @Test
  void times_ofADaemonWhoseClockIsOff_areTakenByOurs() throws Exception {
    InspectContainerResponse inspected =
        DockerClientConfig.getDefaultObjectMapper()
            .readValue(
                "{\"State\":{\"StartedAt\":\"2026-01-01T00:01:30.5Z\","
                    + "\"FinishedAt\":\"0001-01-01T00:00:00Z\"}}",
                InspectContainerResponse.class);
    ContainerState state = new ContainerState(inspected);
    assertThat(state.startedAt(Duration.ofSeconds(90)))
        .isEqualTo(Instant.parse("2026-01-01T00:00:00.5Z"));
    assertThat(state.finishedAt(Duration.ofSeconds(90))).as("it has not ended").isNull();
  }

  private DockerInstanceProvider build(UnaryOperator<DockerInstanceProvider.Builder> settings) {
    URI uri = URI.create("tcp://127.0.0.1:" + server.getPort());
    return settings.apply(DockerInstanceProvider.builder().dockerHost(uri)).build();
  }

  private static DeploymentSpec spec(GpuRequest request) {
    return DeploymentSpec.builder("x").image("x").port(80).gpu(request).build();
  }

  private static String podman(String number) {
    return "{\"Version\":\""
        + number
        + "\",\"ApiVersion\":\"1.41\",\"Components\":[{\"Name\":\"Podman Engine\",\"Version\":\""
        + number
        + "\"}]}";
  }
}
