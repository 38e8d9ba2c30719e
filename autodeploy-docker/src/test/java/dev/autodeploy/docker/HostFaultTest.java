package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with the engine's host rather than with what is asked of it. */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
class HostFaultTest {

  @Test
  void disk_thatIsFull_isToldSo_andReleasesAllTheSame() {
    try (OwnEngine engine = OwnEngine.startOnDiskOf(48);
        TestRegistry registry = new TestRegistry()) {
      registry.push("1", 1 << 20);
      ProviderFixture docker = ProviderFixture.open(b -> b.dockerHost(engine.uri()));
      ProviderInstance instance = docker.ready(ProviderFixture.web().maxInstances(2).build());
      engine.fillDisk();
      DeploymentSpec pulled =
          ProviderFixture.web().image(registry.host() + "/app:1").maxInstances(2).build();
      fails(docker, ProviderFixture.web().maxInstances(2).build(), DockerProblem.DISK_FULL);
      fails(docker, pulled, DockerProblem.DISK_FULL);
      assertThatThrownBy(() -> docker.provider.snapshot(instance.instanceId(), "full"))
          .isInstanceOf(DockerEngineException.class)
          .extracting(e -> ((DockerEngineException) e).problem())
          .isEqualTo(DockerProblem.DISK_FULL);
      docker.release(instance);
      assertNothingLeft(engine);
      docker.provider.close();
    }
  }

  @Test
  void limits_andInit_thatTheHostCannotGive_areToldSo() {
    try (OwnEngine engine =
        OwnEngine.startWithout("sys_resource", "--init-path", "/no/such/init")) {
      ProviderFixture docker =
          ProviderFixture.open(
              b -> b.dockerHost(engine.uri()).init(false).ulimit("memlock", -1, -1));
      fails(docker, ProviderFixture.web().build(), DockerProblem.ULIMIT_NOT_ALLOWED);
      docker.provider.close();
      docker = ProviderFixture.open(b -> b.dockerHost(engine.uri()));
      fails(docker, ProviderFixture.web().build(), DockerProblem.INIT_MISSING);
      docker.provider.close();
      assertNothingLeft(engine);
    }
  }

  @Test
  void socket_thatThisUserMayNotUse_isToldSo(@TempDir Path directory) throws Exception {
    Path socket = directory.resolve("docker.sock");
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(socket));
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("---------"));
      boolean root = "root".equals(System.getProperty("user.name"));
      if (root) {
        Programs.require("setpriv");
      }
      // For root itself permissions count only when it has given up that right of its.
      String[] through =
          root
              ? new String[] {"setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-all"}
              : new String[0];
      assertThat(ConnectMain.run(Map.of("DOCKER_HOST", "unix://" + socket), through))
          .startsWith("NO_PERMISSION ")
          .contains(socket.toString())
          .contains("this user may not use Docker")
          .contains("add the user to the group");
    }
  }

  @Test
  void container_thatCannotBeDeleted_isReleasedOnceItIsDead_andDeletedLater() {
    Programs.require("chattr");
    try (OwnEngine engine = OwnEngine.start();
        EngineClient client = engine.client()) {
      ProviderFixture docker = ProviderFixture.open(b -> b.dockerHost(engine.uri()));
      ProviderInstance instance =
          docker.ready(
              ProviderFixture.web()
                  .startCommand("echo kept > /tmp/kept; " + ProviderFixture.SERVE)
                  .build());
      String name = "autodeploy-" + docker.owner + "-web-0";
      Path kept =
          Path.of(
              String.valueOf(
                  client.inspect(name).getGraphDriver().getData().getRawValues().get("UpperDir")),
              "tmp/kept");
      assumeTrue(
          Programs.succeeds("chattr", "+i", kept.toString()), "no chattr on this file system");
      try {
        docker.release(instance);
        assertThat(docker.list()).isEmpty();
        docker.release(docker.ready(ProviderFixture.web().build()));
        assertThat(client.list(Map.of(Labels.OWNER, docker.owner)))
            .as("the dead one, aside")
            .singleElement()
            .satisfies(c -> assertThat(c.getNames()[0]).startsWith("/autodeploy-dead-"));
      } finally {
        Programs.succeeds("chattr", "-i", kept.toString());
      }
      docker.provider.close();
      ProviderFixture.open(docker.owner, b -> b.dockerHost(engine.uri())).provider.close();
      assertNothingLeft(engine);
    }
  }

  private static void fails(ProviderFixture docker, DeploymentSpec spec, DockerProblem problem) {
    assertThatThrownBy(() -> docker.start(docker.request(spec, 1)))
        .isInstanceOf(InstanceStartException.class)
        .hasMessageContaining(problem.summary())
        .hasMessageContaining(problem.advice())
        .extracting(e -> ((DockerEngineException) e.getCause()).problem())
        .isEqualTo(problem);
  }

  private static void assertNothingLeft(OwnEngine engine) {
    try (EngineClient client = engine.client()) {
      ProviderFixture.await(
          Duration.ofSeconds(5), () -> client.list(Map.of(Labels.MANAGED, "true")).isEmpty());
    }
  }
}
