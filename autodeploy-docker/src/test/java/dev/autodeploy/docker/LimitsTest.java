package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.model.HostConfig;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits, directory and customizer of containers, on a real daemon. */
class LimitsTest {

  @Test
  void limitsAndDirectory_areThoseOfTheDeployment() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open();
        DaemonClient client = TestDaemon.client()) {
      DeploymentSpec spec =
          ProviderFixture.web()
              .memoryBytes(64 << 20)
              .cpus(0.5)
              .maxProcesses(50)
              .workingDirectory("/www")
              .startCommand("pwd > /www/where; " + ProviderFixture.SERVE)
              .build();
      ProviderInstance instance = docker.ready(spec);
      HostConfig host = client.inspect("autodeploy-" + docker.owner + "-web-0").getHostConfig();

      assertThat(host.getMemory()).isEqualTo(64 << 20);
      assertThat(host.getMemorySwap()).isEqualTo(64 << 20);
      assertThat(host.getNanoCPUs()).isEqualTo(500_000_000);
      assertThat(host.getPidsLimit()).isEqualTo(50);
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/where"))).isEqualTo("/www\n");
      docker.release(instance);
    }
  }

  @Test
  void instance_thatNeedsMoreMemory_isToldAsOutOfMemory() {
    try (ProviderFixture docker = ProviderFixture.open()) {
      ProviderInstance instance =
          docker.start(
              ProviderFixture.web()
                  .memoryBytes(16 << 20)
                  .startCommand("sleep 0.5; head -c 100000000 /dev/zero | tail > /dev/null; exit 3")
                  .build());
      ProviderFixture.await(
          Duration.ofSeconds(20), () -> docker.exits.containsKey(instance.instanceId()));

      assertThat(docker.exits.get(instance.instanceId()).outOfMemory()).isTrue();
      docker.release(instance);
    }
  }

  @Test
  void customizer_getsSpecificationAndInstance() {
    try (ProviderFixture docker =
        ProviderFixture.open(
            b ->
                b.customizer(
                    (command, spec, instance) ->
                        command.withHostName(spec.name() + "-" + instance)))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      try (DaemonClient client = TestDaemon.client()) {
        assertThat(
                client.inspect("autodeploy-" + docker.owner + "-web-0").getConfig().getHostName())
            .isEqualTo("web-" + instance.instanceId());
      }
      docker.release(instance);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void customizer_thatFails_isToldAsItsOwnFailure(boolean throwing) {
    ContainerCustomizer customizer =
        (command, spec, instance) -> {
          if (throwing) {
            throw new IllegalStateException("no such team");
          }
          return null;
        };
    try (ProviderFixture docker = ProviderFixture.open(b -> b.customizer(customizer))) {
      assertThatThrownBy(() -> docker.start(ProviderFixture.web().build()))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("the customizer of this application's Docker provider")
          .hasMessageContaining(throwing ? "no such team" : "returned null");
      assertThat(docker.list()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Voice", "ghcr.io/Team/voice:1", "team/Voice@sha256:00"})
  void imageWithCapitals_isRefusedWhenItIsDeployed(String image) {
    try (ProviderFixture docker = ProviderFixture.open()) {
      assertThatThrownBy(
              () ->
                  docker.provider.validate(
                      DeploymentSpec.builder("web").image(image).port(8080).build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no capital letters");
      assertThatCode(
              () ->
                  docker.provider.validate(
                      DeploymentSpec.builder("web")
                          .image("Registry.lan:5000/team/voice:Latest")
                          .port(8080)
                          .build()))
          .doesNotThrowAnyException();
    }
  }
}
