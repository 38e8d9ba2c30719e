package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.spi.ProviderInstance;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** Other people's containers on the same daemon, run by Testcontainers. */
class BesideOthersTest {

  @BeforeAll
  static void require() {
    TestDaemon.require();
  }

  @Test
  void neighbour_isNeitherListedNorReleased() throws Exception {
    try (GenericContainer<?> neighbour = container("exec httpd -f -p 8080 -h /www", 8080)) {
      neighbour.waitingFor(Wait.forHttp("/")).start();
      URI theirs =
          URI.create("http://" + neighbour.getHost() + ":" + neighbour.getMappedPort(8080) + "/");
      try (ProviderFixture docker = ProviderFixture.open()) {
        ProviderInstance ours = docker.ready(ProviderFixture.web().build());
        assertThat(docker.list()).containsExactly(ours);
        docker.release(ours);
      }
      assertThat(ProviderFixture.get(theirs)).isEqualTo("ok\n");
    }
  }

  @Test
  void endpoint_thatAcceptsAndNeverAnswers_isNotTakenForADaemon() {
    try (GenericContainer<?> silent =
        container("while :; do nc -l -p 2375 > /dev/null < /dev/null; done", 2375)) {
      silent.start();
      URI uri = URI.create("tcp://" + silent.getHost() + ":" + silent.getMappedPort(2375));
      long begun = System.nanoTime();
      assertThatThrownBy(
              () ->
                  DockerInstanceProvider.builder()
                      .dockerHost(uri)
                      .callTimeout(Duration.ofSeconds(2))
                      .build())
          .isInstanceOf(DockerDaemonException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(8));
    }
  }

  @Test
  void webServer_isNotTakenForADaemon() {
    try (GenericContainer<?> web = container("exec httpd -f -p 2375 -h /www", 2375)) {
      web.waitingFor(Wait.forHttp("/")).start();
      URI uri = URI.create("tcp://" + web.getHost() + ":" + web.getMappedPort(2375));
      assertThatThrownBy(() -> DockerInstanceProvider.builder().dockerHost(uri).build())
          .isInstanceOf(DockerDaemonException.class)
          .extracting(e -> ((DockerDaemonException) e).problem())
          .isEqualTo(DockerProblem.NOT_DOCKER);
    }
  }

  @Test
  void endpoint_thatFreezesInTheMiddle_isGivenUpInTime_andUsedAgainOnceItGoesOn() {
    String serve =
        """
        mkdir -p /www/v1.41/containers; cd /www
        echo '{"Version":"20.10.24","ApiVersion":"1.41"}' > version
        echo '{"ID":"played","OSType":"linux"}' > v1.41/info
        echo '[]' > v1.41/containers/json
        exec httpd -f -p 2375 -h /www
        """;
    try (GenericContainer<?> endpoint = container(serve, 2375)) {
      endpoint.waitingFor(Wait.forHttp("/version")).start();
      URI uri = URI.create("tcp://" + endpoint.getHost() + ":" + endpoint.getMappedPort(2375));
      try (DockerInstanceProvider provider =
          DockerInstanceProvider.builder()
              .dockerHost(uri)
              .callTimeout(Duration.ofSeconds(2))
              .build()) {
        assertThat(provider.list("nobody").toCompletableFuture().join()).isEmpty();
        endpoint.getDockerClient().pauseContainerCmd(endpoint.getContainerId()).exec();
        long begun = System.nanoTime();
        assertThatThrownBy(() -> provider.list("nobody"))
            .isInstanceOf(DockerDaemonException.class)
            .extracting(e -> ((DockerDaemonException) e).problem())
            .isEqualTo(DockerProblem.NO_ANSWER);
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(8));
        endpoint.getDockerClient().unpauseContainerCmd(endpoint.getContainerId()).exec();
        assertThat(provider.list("nobody").toCompletableFuture().join()).isEmpty();
      }
    }
  }

  private static GenericContainer<?> container(String command, int port) {
    return new GenericContainer<>(DockerImageName.parse(TestDaemon.WEB))
        .withCommand("/bin/sh", "-c", command)
        .withExposedPorts(port);
  }
}
