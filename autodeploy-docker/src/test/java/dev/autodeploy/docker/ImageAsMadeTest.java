package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images with an entrypoint, a stop signal and habits of their own, on a real daemon. */
class ImageAsMadeTest {
  private static final String IMAGE = "autodeploy/test-made:1";

  /** Wants --port and a number, and shows its arguments. */
  private static final String SERVE =
      """
      #!/bin/sh
      [ "$1" = --port ] || { echo "usage: serve --port N" >&2; exit 2; }
      for a in "$@"; do echo "$a"; done > /www/arguments
      exec httpd -f -p "$2" -h /www
      """;

  private DaemonClient client;

  @BeforeEach
  void connect() {
    TestDaemon.require();
    client = TestDaemon.client();
  }

  @AfterEach
  void remove() {
    client.removeImage(IMAGE);
    client.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void arguments_keepTheEntrypoint_andReplaceTheCommand(boolean heartbeats) throws Exception {
    make(SERVE, "ENTRYPOINT [\"/bin/serve\"]", "CMD [\"--help\"]");
    try (ProviderFixture docker = open(heartbeats, b -> b)) {
      ProviderInstance instance =
          docker.ready(spec().arguments("--port", "8080", "a b; $HOME '\"").build());

      assertThat(ProviderFixture.get(instance.endpoint().resolve("/arguments")).lines())
          .containsExactly("--port", "8080", "a b; $HOME '\"");
      docker.release(instance);
    }
  }

  @Test
  void image_startsWithItsOwnCommand_withoutArguments() throws Exception {
    make(SERVE, "ENTRYPOINT [\"/bin/serve\"]", "CMD [\"--port\",\"8080\"]");
    try (ProviderFixture docker = ProviderFixture.open()) {
      ProviderInstance instance = docker.ready(spec().build());

      assertThat(ProviderFixture.get(instance.endpoint().resolve("/arguments")).lines())
          .containsExactly("--port", "8080");
      docker.release(instance);
    }
  }

  @Test
  void image_thatWantsToBeProcess1_runsWithTheTwoSettings() throws Exception {
    make(
        """
        #!/bin/sh
        [ $$ = 1 ] || { echo "can only run as pid 1" >&2; exit 100; }
        exec httpd -f -p 8080 -h /www
        """,
        "ENTRYPOINT [\"/bin/serve\"]");
    try (ProviderFixture docker = ProviderFixture.open()) {
      assertThatThrownBy(
              () -> {
                ProviderInstance instance = docker.start(spec().build());
                ProviderFixture.await(
                    Duration.ofSeconds(10), () -> docker.exits.containsKey(instance.instanceId()));
                docker.release(instance);
                throw new InstanceStartException(
                    "late", docker.exits.get(instance.instanceId()), null);
              })
          .isInstanceOf(InstanceStartException.class)
          .satisfies(
              e ->
                  assertThat(((InstanceStartException) e).exit().exitCode())
                      .as("told by the two settings, see FailedStartTest")
                      .isEqualTo(100));
    }
    try (ProviderFixture docker = open(false, b -> b.init(false))) {
      docker.release(docker.ready(spec().build()));
    }
  }

  @Test
  void stopSignalOfTheImage_endsItsService_andOneThatIgnoresItIsEndedByForce() throws Exception {
    for (String signal : List.of("SIGUSR2", "SIGTERM")) {
      make(
          """
          #!/bin/sh
          trap '' TERM
          trap 'exit 0' USR2
          while :; do sleep 0.1; done
          """,
          "ENTRYPOINT [\"/bin/serve\"]");
      build("FROM " + IMAGE + "\nSTOPSIGNAL " + signal + "\n");
      try (ProviderFixture docker = ProviderFixture.open()) {
        ProviderInstance instance = docker.start(spec().build());
        Thread.sleep(500);
        long begun = System.nanoTime();
        docker
            .provider
            .release(instance.instanceId(), Duration.ofSeconds(3))
            .toCompletableFuture()
            .join();
        Duration took = Duration.ofNanos(System.nanoTime() - begun);

        assertThat(docker.list()).isEmpty();
        if (signal.equals("SIGTERM")) {
          assertThat(took).as(signal).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(15));
        } else {
          assertThat(took).as(signal).isLessThan(Duration.ofSeconds(3));
        }
      }
    }
  }

  private static DeploymentSpec.Builder spec() {
    return DeploymentSpec.builder("made").image(IMAGE).port(8080);
  }

  private static ProviderFixture open(
      boolean heartbeats, UnaryOperator<DockerInstanceProvider.Builder> settings) {
    return ProviderFixture.open(
        b -> settings.apply(heartbeats ? b : b.heartbeatTimeout(Duration.ZERO)));
  }

  /** An import cannot set everything that a build can. */
  private void build(String dockerfile) {
    client.post(
        "building " + IMAGE,
        "/build?t=" + DaemonClient.encode(IMAGE),
        new Tar().file("Dockerfile", dockerfile, false).toByteArray(),
        Duration.ofSeconds(60));
    assertThat(ContainerState.stopSignal(client.findImage(IMAGE))).as("as built").isNotEmpty();
  }

  private void make(String script, String... changes) {
    List<String> all = new ArrayList<>(Arrays.asList(changes));
    all.add("EXPOSE 8080");
    TestImages.load(
        client,
        IMAGE,
        TestImages.tools().file("bin/serve", script, true).toByteArray(),
        all.toArray(new String[0]));
  }
}
