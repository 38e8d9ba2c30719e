package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Images as other people make them, from Debian's packages, on a real daemon. */
@Tag("slow")
class DebianImagesTest {

  @BeforeEach
  void require() {
    DebianImages.require();
  }

  @Test
  void fastApi_isReadyOnceItHasLoaded_andGetsItsEnvironment() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open()) {
      DeploymentSpec spec =
          DeploymentSpec.builder("api")
              .image(DebianImages.FASTAPI)
              .port(8080)
              .environment("LOADING_SECONDS", "2")
              .environment("MODEL", "größer & schneller")
              .readiness(ReadinessProbe.http("/health"))
              .build();
      long begun = System.nanoTime();
      ProviderInstance instance = docker.ready(spec);

      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofSeconds(2));
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/env/MODEL")))
          .isEqualTo("{\"value\":\"größer & schneller\"}");
      docker.release(instance);
    }
  }

  @Test
  void healthCheckOfTheImage_isAProbe() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open()) {
      DeploymentSpec spec =
          DeploymentSpec.builder("service")
              .image(DebianImages.SERVICE)
              .port(8080)
              .readiness(ReadinessProbe.healthCheck())
              .build();
      ProviderInstance instance = docker.ready(spec);

      assertThat(ProviderFixture.get(instance.endpoint().resolve("/model"))).isEqualTo("weights\n");
      docker.release(instance);
    }
  }

  @Test
  void healthCheck_thatFails_orIsMissing_saysWhy() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open()) {
      DeploymentSpec failing =
          DeploymentSpec.builder("service")
              .image(DebianImages.SERVICE)
              .port(8080)
              .startCommand("exec sleep 60")
              .readiness(ReadinessProbe.healthCheck())
              .build();
      assertThat(reason(docker, failing, "health check fails"))
          .contains("the image's health check fails: ")
          .contains("Connection refused");
      assertThat(
              reason(
                  docker,
                  ProviderFixture.web().readiness(ReadinessProbe.healthCheck()).build(),
                  "HEALTHCHECK"))
          .contains("the image has no HEALTHCHECK");
    }
  }

  private static String reason(ProviderFixture docker, DeploymentSpec spec, String awaited) {
    ProviderInstance instance = docker.start(spec);
    AtomicReference<String> said = new AtomicReference<>("");
    ProviderFixture.await(
        Duration.ofSeconds(40),
        () -> {
          try {
            docker.provider.isReady(instance, spec.readiness());
          } catch (IOException e) {
            said.set(e.getMessage());
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          return said.get().contains(awaited);
        });
    docker.release(instance);
    return said.get();
  }

  @Test
  void service_withArguments_runsAsItsUser_andKeepsItsVolume() throws Exception {
    String volume = "debian-" + UUID.randomUUID().toString().substring(0, 8);
    try (ProviderFixture docker = ProviderFixture.open();
        DaemonClient client = TestDaemon.client()) {
      DeploymentSpec spec =
          DeploymentSpec.builder("service")
              .image(DebianImages.SERVICE)
              .port(9000)
              .arguments("--port", "9000")
              .mount(Mount.of(volume, "/cache"))
              .readiness(ReadinessProbe.http("/model"))
              .build();
      for (int i = 0; i < 2; i++) {
        ProviderInstance instance = docker.ready(spec);
        assertThat(ProviderFixture.get(instance.endpoint().resolve("/uid"))).isEqualTo("1000\n");
        docker.release(instance);
      }
      assertThat(client.volumes()).contains(volume);
      client.removeVolume(volume);
    }
  }
}
