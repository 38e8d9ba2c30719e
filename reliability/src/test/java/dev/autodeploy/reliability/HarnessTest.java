package dev.autodeploy.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.InstanceExit;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/** The harness does not find good what it did not do or could not see. */
class HarnessTest {
  private static final Fault NONE = scene -> Row.of("none", 1, new Tally(), 0);

  @TempDir private Path directory;

  @Test
  void containers_ofADaemonThatDoesNotAnswer_areNotNone() {
    URI nowhere = URI.create("unix://" + directory.resolve("docker.sock"));

    assertThatThrownBy(() -> Instances.containers(nowhere, "nobody", true))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("exit code");
  }

  @Test
  void processes_areFoundByTheirEnvironment_whoeverTheirParentIs() throws Exception {
    String mark = "faults-" + UUID.randomUUID();
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", "sleep 60 & echo $!");
    builder.environment().put("MARK", "/tmp/" + mark);
    Process parent = builder.start();
    String child = parent.inputReader().readLine();
    parent.waitFor();

    assertThat(Instances.leakedProcesses(mark, Duration.ZERO)).isEqualTo(1);
    ProcessHandle.of(Long.parseLong(child)).ifPresent(ProcessHandle::destroyForcibly);
  }

  @Test
  void scene_whereNoProcessIsFound_fails() {
    Scene scene = new Scene(directory);

    scene.expectProcess(Duration.ZERO);

    assertThat(scene.failures()).hasSize(1);
  }

  @Test
  void load_whoseClientDied_failsAtItsEnd() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    Load load =
        Load.start(
            1,
            () -> {
              asked.countDown();
              throw new IllegalStateException("on purpose");
            },
            new Tally());
    assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();

    assertThatThrownBy(load::close).hasRootCauseMessage("on purpose");
  }

  @Test
  void faults_thatAreMisspelt_areRefused_withThoseThatThereAre() {
    Map<String, Fault> known = new LinkedHashMap<>();
    known.put("crash", NONE);
    known.put("memory", NONE);

    assertThat(Faults.chosen(known, "")).containsOnlyKeys("crash", "memory");
    assertThat(Faults.chosen(known, "memory")).containsOnlyKeys("memory");
    for (String only : new String[] {"crush", "crash,crush", "crash, memory", ","}) {
      assertThatThrownBy(() -> Faults.chosen(known, only))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("crash, memory");
    }
  }

  @Test
  void faults_thatCannotBeDoneHere_areFailures() throws Exception {
    Fault impossible =
        scene -> {
          throw new TestAbortedException("no engine");
        };

    assertThat(Faults.run(Map.of("engine", impossible), directory))
        .containsExactly("engine was not done: no engine");
  }

  @Test
  void soak_withALeakThatItDoesNotKnow_isRefused() {
    assertThatThrownBy(() -> new Soak(Duration.ofSeconds(1), "threads"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void crashes_areInstancesThatExited_andNothingElse() {
    Crashes crashes = new Crashes();

    crashes.onEvent(new DeploymentEvent.Updated(Instant.EPOCH, "d"));
    assertThat(crashes.count()).isZero();

    crashes.onEvent(
        new DeploymentEvent.InstanceExited(
            Instant.EPOCH, "d", "i", InstanceExit.unknown("gone"), 0));
    assertThat(crashes.count()).isEqualTo(1);
  }

  @Test
  void hosts_areKilledWithAnInstance_evenInAPassOfOneRound_andWithoutInOneOfTwo() {
    assertThat(HostKilled.hasInstance(0)).isTrue();
    assertThat(HostKilled.hasInstance(1)).isFalse();
  }

  @Test
  void relay_tellsHowManyConnectionsItHit() throws Exception {
    AtomicReference<Relay.Mode> mode = new AtomicReference<>(Relay.Mode.PASS);
    try (ServerSocket server = new ServerSocket(0, 9, InetAddress.getLoopbackAddress());
        Relay relay =
            new Relay(URI.create("http://127.0.0.1:" + server.getLocalPort()), mode::get)) {
      try (Socket client = new Socket("127.0.0.1", relay.uri().getPort());
          Socket far = server.accept()) {
        far.getOutputStream().write(7);
        assertThat(client.getInputStream().read()).isEqualTo(7);
      }
      assertThat(relay.hits()).isZero();

      mode.set(Relay.Mode.CLOSE);
      try (Socket client = new Socket("127.0.0.1", relay.uri().getPort())) {
        assertThat(client.getInputStream().read()).isEqualTo(-1);
      }
      assertThat(relay.hits()).isPositive();
    }
  }

  @Test
  void disk_thatCannotBeWritten_isNotFull() {
    assertThatThrownBy(() -> SmallDisk.fill(directory.resolve("missing")))
        .isInstanceOf(UncheckedIOException.class);
  }
}
