package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.command.CreateContainerCmd;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images with an entrypoint, a stop signal and habits of their own, on a real daemon. */
@Tag("slow")
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

  /** A script that tests it, a supervisor by its name, and one behind a shell and a link. */
  @ParameterizedTest
  @ValueSource(strings = {"/bin/serve", "/init", "/bin/sh /bin/entry", "/bin/sh -c '[ $$ -eq 1 ]'"})
  void image_thatInsistsOnBeingProcess1_runs_andGetsHeartbeats(String entrypoint) throws Exception {
    String tests =
        """
        #!/bin/sh
        if [ "$$" -ne 1 ]; then exit 100; fi
        exec httpd -f -p 8080 -h /www
        """;
    String silent = "#!/bin/sh\ncase $$ in 1) exec httpd -f -p 8080 -h /www;; *) exit 100;; esac\n";
    Tar image =
        TestImages.tools()
            .file("bin/serve", tests, true)
            .file("init", silent, true)
            .link("bin/entry", "serve");
    String words =
        entrypoint.contains("-c")
            ? "\"/bin/sh\",\"-c\",\"[ $$ -eq 1 ] || exit 100; exec httpd -f -p 8080 -h /www\""
            : '"' + entrypoint.replace(" ", "\",\"") + '"';
    TestImages.load(client, IMAGE, image.toByteArray(), "ENTRYPOINT [" + words + "]");
    Duration timeout = Duration.ofSeconds(4);
    try (ProviderFixture docker = open(true, b -> b.heartbeatTimeout(timeout))) {
      ProviderInstance instance = docker.ready(spec().build());

      Thread.sleep(timeout.multipliedBy(2).toMillis());
      assertThat(docker.exits).as("heartbeats reach it").isEmpty();
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
      docker.end(instance);
    }
    try (ProviderFixture docker = open(false, b -> b)) {
      docker.end(docker.ready(spec().build()));
    }
  }

  @Test
  void processOne_withoutHeartbeats_isAskedToEnd_andItsChildrenAreEnded() throws Exception {
    make(
        """
        #!/bin/sh
        [ $$ = 1 ] || exit 100
        trap 'echo asked; exit 3' INT
        sleep 1000 &
        httpd -p 8080 -h /www
        while :; do wait; sleep 1; done
        """,
        "ENTRYPOINT [\"/bin/serve\"]");
    try (ProviderFixture docker =
        open(
            true,
            b -> b.heartbeatTimeout(Duration.ofMinutes(4)).customizer(ImageAsMadeTest::shorter))) {
      ProviderInstance instance = docker.ready(spec().build());
      ProviderFixture.await(
          Duration.ofSeconds(40), () -> docker.exits.containsKey(instance.instanceId()));

      assertThat(docker.exits.get(instance.instanceId()).message()).contains("no heartbeat");
      assertThat(docker.exits.get(instance.instanceId()).logTail()).contains("asked");
      docker.release(instance);
    }
  }

  @Test
  void processOne_atItsLimitOfProcesses_isStillAskedToEnd() throws Exception {
    make(
        """
        #!/bin/sh
        [ $$ = 1 ] || exit 100
        trap 'echo asked; exit 3' INT
        httpd -p 8080 -h /www
        sleep 5
        (CROWD) &
        while :; do wait; done
        """
            .replace("CROWD", HeartbeatWrapperTest.CROWD),
        "ENTRYPOINT [\"/bin/serve\"]");
    try (ProviderFixture docker =
        open(
            true,
            b -> b.heartbeatTimeout(Duration.ofMinutes(4)).customizer(cmd -> shorter(cmd, 12)))) {
      ProviderInstance instance = docker.ready(spec().maxProcesses(24).build());
      ProviderFixture.await(
          Duration.ofSeconds(40), () -> docker.exits.containsKey(instance.instanceId()));

      assertThat(docker.exits.get(instance.instanceId()).message()).contains("no heartbeat");
      docker.release(instance);
    }
  }

  @Test
  void snapshotOfAnImageThatIsProcess1_startsItsOwnCommand() throws Exception {
    make(
        "#!/bin/sh\n[ $$ = 1 ] || exit 100\nexec httpd -f -p 8080 -h /www\n",
        "ENTRYPOINT [\"/bin/serve\"]");
    String name = "made-" + ProcessHandle.current().pid();
    try (ProviderFixture docker = ProviderFixture.open()) {
      ProviderInstance instance = docker.ready(spec().build());
      docker
          .provider
          .snapshot(instance.instanceId(), SnapshotRequest.named(name))
          .toCompletableFuture()
          .join();
      docker.end(instance);
      assertThat(client.findImage("autodeploy-snapshot:" + name).getConfig().getEntrypoint())
          .containsExactly("/bin/serve");
      docker.provider.deleteSnapshot(name).toCompletableFuture().join();
    }
  }

  /** A timeout that passes although heartbeats are sent: they come too seldom. */
  private static CreateContainerCmd shorter(CreateContainerCmd cmd) {
    return shorter(cmd, 3);
  }

  private static CreateContainerCmd shorter(CreateContainerCmd cmd, int ticks) {
    String[] words = cmd.getCmd();
    words[3] = "1";
    words[4] = String.valueOf(ticks);
    words[5] = "1";
    return cmd.withCmd(words);
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

  /** As of systemd's image, and of one whose signal no script can wait for. */
  @ParameterizedTest
  @ValueSource(strings = {"SIGRTMIN+3", "SIGKILL", "10"})
  void stopSignalOfAnyKind_leavesTheServiceRunning_andEndsIt(String signal) throws Exception {
    make(SERVE, "ENTRYPOINT [\"/bin/serve\"]", "CMD [\"--port\",\"8080\"]");
    build("FROM " + IMAGE + "\nSTOPSIGNAL " + signal + "\n");
    try (ProviderFixture docker = ProviderFixture.open()) {
      ProviderInstance instance = docker.ready(spec().build());
      assertThat(docker.exits).isEmpty();
      docker.release(instance);

      assertThat(docker.list()).isEmpty();
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
