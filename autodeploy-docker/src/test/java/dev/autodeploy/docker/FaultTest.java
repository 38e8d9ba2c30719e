package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * The tests of what goes wrong on a real daemon, and the one error that it becomes. Nothing stays
 * behind.
 */
class FaultTest {

  @Test
  void image_thatIsMissing() {
    fails(
        ProviderFixture.web().image("nope/none:1").build(),
        b -> b.pullPolicy(PullPolicy.NEVER),
        DockerProblem.IMAGE_MISSING,
        "nope/none:1");
  }

  @Test
  void image_withABadName() {
    fails(
        ProviderFixture.web().image("Not/An:Image:Name").build(),
        b -> {},
        DockerProblem.BAD_REFERENCE,
        "invalid reference format");
  }

  @Test
  void port_takenByAProcess() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      fails(
          ProviderFixture.web().build(),
          b -> b.customizer(cmd -> publish(cmd, taken.getLocalPort())),
          DockerProblem.PORT_IN_USE,
          String.valueOf(taken.getLocalPort()));
    }
  }

  @Test
  void port_takenByAContainer() {
    try (ProviderFixture docker = ProviderFixture.open()) {
      ProviderInstance first = docker.start(ProviderFixture.web().build());
      int port = first.endpoint().getPort();
      fails(
          ProviderFixture.web().build(),
          b -> b.customizer(cmd -> publish(cmd, port)),
          DockerProblem.PORT_IN_USE,
          "port is already allocated");
      docker.release(first);
    }
  }

  @Test
  void address_thatTheHostDoesNotHave() {
    fails(
        ProviderFixture.web().build(),
        b -> b.publishAddress("192.0.2.1"),
        DockerProblem.ADDRESS_UNKNOWN,
        "192.0.2.1");
  }

  @Test
  void runtime_thatIsMissing() {
    fails(
        ProviderFixture.web().build(),
        b -> b.customizer(cmd -> host(cmd, h -> h.withRuntime("nvidia"))),
        DockerProblem.RUNTIME_UNKNOWN,
        "nvidia");
  }

  @Test
  @DaemonsGpus
  void gpu_byCdi_whereThereIsNone() {
    int version;
    try (DaemonClient client = TestDaemon.client()) {
      version = client.info().majorVersion();
    }
    // Since 25 daemons know CDI, and miss the device rather than the driver.
    fails(
        ProviderFixture.web().gpu(dev.autodeploy.GpuRequest.count(1)).build(),
        b -> b.gpus("nvidia.com/gpu=no-such"),
        version < 25 ? DockerProblem.NO_GPU_DRIVER : DockerProblem.GPU_UNKNOWN,
        version < 25 ? "cdi" : "nvidia.com/gpu=no-such");
  }

  @Test
  @DaemonsGpus
  void amdDevices_thatAreMissing() {
    fails(
        ProviderFixture.web().gpu(dev.autodeploy.GpuRequest.all()).build(),
        b -> b.gpuAccess(GpuAccess.AMD_DEVICES),
        DockerProblem.DEVICE_MISSING,
        "/dev/kfd");
  }

  @Test
  void limits_thatAreNotAllowed() {
    fails(
        ProviderFixture.web().build(),
        b -> b.customizer(cmd -> host(cmd, h -> h.withMemory(1L << 20))),
        DockerProblem.LIMIT_NOT_ALLOWED,
        "Minimum memory limit");
    fails(
        ProviderFixture.web().build(),
        b -> b.customizer(cmd -> host(cmd, h -> h.withNanoCPUs(1_000_000_000_000L))),
        DockerProblem.LIMIT_NOT_ALLOWED,
        "ange of CPUs");
  }

  @Test
  void mount_thatDoesNotExist() {
    fails(
        ProviderFixture.web().mount(Mount.of("/no/such/directory", "/x")).build(),
        b -> {},
        DockerProblem.MOUNT_MISSING,
        "/no/such/directory");
  }

  @Test
  void network_thatDoesNotExist() {
    fails(
        ProviderFixture.web().build(),
        b -> b.network("nonet"),
        DockerProblem.NETWORK_UNKNOWN,
        "nonet");
  }

  @Test
  void command_thatDoesNotExist_orCannotBeExecuted() {
    fails(
        ProviderFixture.web().build(),
        b -> b.init(false).customizer(cmd -> cmd.withEntrypoint("/no/such/binary")),
        DockerProblem.COMMAND_NOT_FOUND,
        "/no/such/binary");
    fails(
        ProviderFixture.web().build(),
        b -> b.init(false).customizer(cmd -> cmd.withEntrypoint("/www/index.html")),
        DockerProblem.COMMAND_NOT_EXECUTABLE,
        "/www/index.html");
  }

  @Test
  void startCommand_forAnImageWithoutAShell() {
    DeploymentSpec spec = ProviderFixture.web().image(TestDaemon.BARE).build();
    fails(spec, b -> {}, DockerProblem.NO_SHELL, "/bin/sh");
    fails(spec, b -> b.heartbeatTimeout(Duration.ZERO), DockerProblem.NO_SHELL, "/bin/sh");
  }

  @Test
  void shellLine_thatFindsNoCommand_exitsWith127() {
    InstanceExit exit = exit(ProviderFixture.web().startCommand("no-such-tool").build(), b -> {});
    assertThat(exit.exitCode()).isEqualTo(127);
    assertThat(exit.logTail()).anyMatch(line -> line.contains("no-such-tool"));
  }

  @Test
  void memory_thatDoesNotSuffice() {
    InstanceExit exit =
        exit(
            ProviderFixture.web().startCommand("exec tail /dev/zero").build(),
            b ->
                b.customizer(
                    cmd -> host(cmd, h -> h.withMemory(16L << 20).withMemorySwap(16L << 20))));
    assertThat(exit.outOfMemory()).isTrue();
    assertThat(exit.describe()).contains("out of memory");
  }

  @Test
  void memory_thatDoesNotSufficeForAChild_isToldWithAnyExit() {
    InstanceExit exit =
        exit(
            ProviderFixture.web().startCommand("tail /dev/zero; sleep 0.5; exit 0").build(),
            b ->
                b.customizer(
                    cmd -> host(cmd, h -> h.withMemory(16L << 20).withMemorySwap(16L << 20))));
    assertThat(exit.exitCode()).isZero();
    assertThat(exit.outOfMemory()).isTrue();
    assertThat(exit.describe()).contains("out of memory");
  }

  @Test
  void name_thatTheDaemonDoesNotAllow() {
    TestDaemon.require();
    try (DaemonClient client = TestDaemon.client()) {
      assertThatThrownBy(() -> client.create("creating x", TestDaemon.WEB, c -> c.withName("x")))
          .isInstanceOf(DockerDaemonException.class)
          .extracting(e -> ((DockerDaemonException) e).problem())
          .isEqualTo(DockerProblem.BAD_NAME);
    }
  }

  @Test
  void processSpace_ofTheHost_cannotBeUsedWithHeartbeats() {
    try (ProviderFixture docker =
        ProviderFixture.open(b -> b.customizer(cmd -> host(cmd, h -> h.withPidMode("host"))))) {
      assertThatThrownBy(() -> docker.start(ProviderFixture.web().build()))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("pidMode");
    }
  }

  @Test
  void specification_withoutAnImage_isRefusedBeforeAnythingStarts() {
    try (ProviderFixture docker = ProviderFixture.open()) {
      assertThatThrownBy(
              () -> docker.provider.validate(DeploymentSpec.builder("x").port(80).build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("needs an image or a snapshot");
      assertThatThrownBy(
              () ->
                  docker.provider.validate(
                      ProviderFixture.web().mount(Mount.of("./relative", "/x")).build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("absolute path");
    }
  }

  private static void fails(
      DeploymentSpec spec,
      Consumer<DockerInstanceProvider.Builder> settings,
      DockerProblem problem,
      String words) {
    try (ProviderFixture docker =
        ProviderFixture.open(
            b -> {
              settings.accept(b);
              return b;
            })) {
      assertThatThrownBy(() -> docker.start(spec))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining(problem.summary())
          .hasMessageContaining(problem.advice())
          .hasMessageContaining(words)
          .satisfies(
              e -> assertThat(((DockerDaemonException) e.getCause()).problem()).isEqualTo(problem));
      assertThat(docker.list()).isEmpty();
    }
  }

  private static InstanceExit exit(
      DeploymentSpec spec, Consumer<DockerInstanceProvider.Builder> settings) {
    try (ProviderFixture docker =
        ProviderFixture.open(
            b -> {
              settings.accept(b);
              return b;
            })) {
      try {
        ProviderInstance instance = docker.start(spec);
        ProviderFixture.await(
            Duration.ofSeconds(20), () -> docker.exits.containsKey(instance.instanceId()));
        docker.release(instance);
        return docker.exits.get(instance.instanceId());
      } catch (InstanceStartException e) {
        assertThat(e.exit()).isNotNull();
        return e.exit();
      }
    }
  }

  private static CreateContainerCmd publish(CreateContainerCmd cmd, int port) {
    return host(
        cmd,
        h ->
            h.withPortBindings(
                new PortBinding(
                    Ports.Binding.bindIpAndPort("127.0.0.1", port), ExposedPort.tcp(8080))));
  }

  private static CreateContainerCmd host(CreateContainerCmd cmd, Consumer<HostConfig> change) {
    change.accept(cmd.getHostConfig());
    return cmd;
  }
}
