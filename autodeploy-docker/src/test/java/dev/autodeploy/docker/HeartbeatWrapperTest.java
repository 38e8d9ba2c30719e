package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.util.HeartbeatShell;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The dead man's handle: as a script in this machine's shells, and in containers. */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
class HeartbeatWrapperTest {
  /** Takes every process that there is, again and again: a shell that cannot fork ends. */
  static final String CROWD =
      "trap '' ALRM; export X=\"trap 'exec sh -c \\\"\\$X\\\"' EXIT; while :; do sleep 500 & done\";"
          + " for i in 1 2 3 4; do sh -c \"$X\" 2>/dev/null & done; exec sh -c \"$X\" 2>/dev/null";

  private static final Duration TIMEOUT = Duration.ofSeconds(4);

  @ParameterizedTest
  @ValueSource(strings = {"/bin/dash", "/bin/bash", "/bin/busybox"})
  void script_keepsTheExitCode(String shell) throws Exception {
    if (Files.exists(Path.of(shell))) {
      Process process = run(shell, "exit 7", TIMEOUT);
      assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(7);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bin/dash", "/bin/bash", "/bin/busybox"})
  void script_endsTheServiceWithoutHeartbeats(String shell) throws Exception {
    if (Files.exists(Path.of(shell))) {
      Process process = run(shell, "exec sleep 60", TIMEOUT);
      assertThat(process.waitFor(3, TimeUnit.SECONDS))
          .as("not before the timeout is over")
          .isFalse();
      assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(143);
      assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains(HeartbeatShell.EXPIRED);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bin/dash", "/bin/bash", "/bin/busybox"})
  void script_killsAServiceThatIgnoresTheStopSignal(String shell) throws Exception {
    if (Files.exists(Path.of(shell))) {
      Process process = run(shell, "trap '' TERM; while :; do sleep 0.1; done", TIMEOUT);
      try {
        assertThat(process.waitFor(5, TimeUnit.SECONDS)).as("it has some grace").isFalse();
        assertThat(process.waitFor(8, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(137);
      } finally {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bin/dash", "/bin/bash", "/bin/busybox"})
  void script_goesOnWithHeartbeats(String shell) throws Exception {
    if (Files.exists(Path.of(shell))) {
      Process process = run(shell, "sleep 8; exit 9", TIMEOUT);
      for (int i = 0; i < 14 && process.isAlive(); i++) {
        signal("URG", process);
        process.waitFor(500, TimeUnit.MILLISECONDS);
      }
      assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(9);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bin/dash", "/bin/bash", "/bin/busybox"})
  void script_amongManySignals_keepsTheServiceAndItsExitCode(String shell) throws Exception {
    if (Files.exists(Path.of(shell))) {
      for (int round = 0; round < 3; round++) {
        List<Process> processes = new ArrayList<>();
        try {
          for (int i = 0; i < 8; i++) {
            processes.add(run(shell, "sleep 1; exit 9", TIMEOUT));
            flood(processes.get(i));
          }
          for (Process process : processes) {
            assertThat(process.waitFor(20, TimeUnit.SECONDS))
                .as("it has heard of the service's end")
                .isTrue();
            assertThat(process.exitValue()).isEqualTo(9);
          }
        } finally {
          for (Process process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
          }
        }
      }
    }
  }

  /** Sends heartbeats and ticks to a process, fifty a second, until it is gone. */
  private static void flood(Process process) throws Exception {
    new ProcessBuilder(
            "/bin/sh",
            "-c",
            "sleep 0.4; while kill -URG $1 && kill -ALRM $1; do sleep 0.02; done 2>/dev/null",
            "signals",
            String.valueOf(process.pid()))
        .start();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bin/dash", "/bin/bash", "/bin/busybox"})
  void script_passesTheStopSignalOn(String shell, @TempDir Path directory) throws Exception {
    if (Files.exists(Path.of(shell))) {
      Path ready = directory.resolve("ready");
      Process process =
          run(
              shell,
              "trap 'echo stopped; exit 4' TERM; touch " + ready + "; while :; do sleep 0.1; done",
              Duration.ofMinutes(1));
      ProviderFixture.await(Duration.ofSeconds(5), () -> Files.exists(ready));
      signal("TERM", process);
      assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
      assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("stopped");
      assertThat(process.exitValue()).isEqualTo(4);
    }
  }

  /** HAProxy's image is stopped by {@code USR1}, httpd's by {@code WINCH}. */
  @ParameterizedTest
  @ValueSource(strings = {"USR1", "WINCH"})
  void script_ofAnImageWithAnotherStopSignal_stopsAtThatOne(String stop) throws Exception {
    String service = "trap 'exit 4' " + stop + "; while :; do sleep 0.1; done";
    Process process =
        new ProcessBuilder(
                HeartbeatWrapper.wrap(
                    List.of("/bin/sh", "-c", service),
                    Duration.ofMinutes(1),
                    Duration.ofSeconds(2),
                    stop))
            .start();
    try {
      assertThat(process.waitFor(3, TimeUnit.SECONDS)).as("ended by a tick").isFalse();
      signal(stop, process);
      assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(4);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Test
  void heartbeats_keepAContainerBeyondTheTimeout() {
    try (ProviderFixture docker = ProviderFixture.open(b -> b.heartbeatTimeout(TIMEOUT))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      pause(Duration.ofSeconds(9));
      assertThat(docker.exits).isEmpty();
      assertThat(docker.list()).singleElement().extracting(ProviderInstance::exit).isNull();
      docker.release(instance);
    }
  }

  @Test
  void container_withoutHeartbeats_endsItself_andSaysWhy() {
    try (ProviderFixture docker =
        ProviderFixture.open(
            b ->
                b.heartbeatTimeout(Duration.ofMinutes(4))
                    .customizer(HeartbeatWrapperTest::shortened))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      long begun = System.nanoTime();
      ProviderFixture.await(
          Duration.ofSeconds(15), () -> docker.exits.containsKey(instance.instanceId()));
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofSeconds(2));
      InstanceExit exit = docker.exits.get(instance.instanceId());
      assertThat(exit.message()).contains("no heartbeat");
      docker.release(instance);
    }
  }

  /** As of Red Hat's images: there the script counts the time by itself. */
  @Test
  void container_whoseShellIsBash_livesByHeartbeats_endsWithoutThem_andKeepsItsExitCode() {
    String image = "autodeploy/test-bash:1";
    Path bash = Path.of("/bin/bash");
    assumeTrue(Files.exists(bash), "no bash on this machine");
    TestDaemon.require();
    try (DaemonClient client = TestDaemon.client()) {
      Tar tar = TestImages.program(TestImages.tools("bash"), "bin/bash", bash);
      TestImages.load(client, image, tar.toByteArray(), TestImages.serve());
      DeploymentSpec spec = ProviderFixture.web().image(image).build();
      try (ProviderFixture docker = ProviderFixture.open(b -> b.heartbeatTimeout(TIMEOUT))) {
        ProviderInstance instance = docker.ready(spec);
        pause(Duration.ofSeconds(9));
        assertThat(docker.exits).isEmpty();
        docker.release(instance);

        ProviderInstance ending =
            docker.start(spec.toBuilder().startCommand("sleep 1; exit 9").build());
        ProviderFixture.await(
            Duration.ofSeconds(10), () -> docker.exits.containsKey(ending.instanceId()));
        assertThat(docker.exits.get(ending.instanceId()).exitCode()).isEqualTo(9);
        docker.release(ending);
      }
      try (ProviderFixture docker =
          ProviderFixture.open(
              b ->
                  b.heartbeatTimeout(Duration.ofMinutes(4))
                      .customizer(HeartbeatWrapperTest::shortened))) {
        ProviderInstance instance = docker.ready(spec);
        ProviderFixture.await(
            Duration.ofSeconds(20), () -> docker.exits.containsKey(instance.instanceId()));
        assertThat(docker.exits.get(instance.instanceId()).message()).contains("no heartbeat");
        docker.release(instance);
      }
    } finally {
      try (DaemonClient client = TestDaemon.client()) {
        client.removeImage(image);
      }
    }
  }

  /**
   * At the limit, a shell that forks exits; a burst of processes must not disarm the switch. If it
   * is the wrapper that cannot fork, its container ends at once; whose fork fails is chance.
   */
  @Test
  void container_atItsLimitOfProcesses_stillEndsItself() {
    try (ProviderFixture docker =
        ProviderFixture.open(
            b -> b.heartbeatTimeout(Duration.ofMinutes(4)).customizer(cmd -> shortened(cmd, 12)))) {
      try {
        docker.start(crowded().build());
      } catch (InstanceStartException e) {
        assertThat(docker.list()).noneMatch(instance -> instance.exit() == null);
        return;
      }
      ProviderFixture.await(Duration.ofSeconds(40), () -> !docker.exits.isEmpty());
      assertThat(docker.list()).noneMatch(instance -> instance.exit() == null);
    }
  }

  /** Takes all processes that its container may have, for longer than its heartbeats may fail. */
  private static DeploymentSpec.Builder crowded() {
    return ProviderFixture.web()
        .startCommand("echo up; " + CROWD)
        .maxProcesses(24)
        .readiness(dev.autodeploy.spi.ReadinessProbe.logLine("up"));
  }

  @Test
  void stop_reachesTheServiceBehindItsShell() {
    try (ProviderFixture docker = ProviderFixture.open()) {
      DeploymentSpec spec =
          ProviderFixture.web()
              .startCommand(
                  "cd /tmp && sh -c 'trap \"echo goodbye; sleep 0.3; echo gone; exit 0\" TERM; touch up;"
                      + " while :; do sleep 0.1; done'; echo never")
              .readiness(dev.autodeploy.spi.ReadinessProbe.logLine("up"))
              .build();
      ProviderInstance instance = docker.start(spec);
      pause(Duration.ofSeconds(1));
      try (DaemonClient client = TestDaemon.client()) {
        client.signal("autodeploy-" + docker.owner + "-web-0", "TERM");
      }
      ProviderFixture.await(
          Duration.ofSeconds(9), () -> docker.exits.containsKey(instance.instanceId()));
      assertThat(docker.exits.get(instance.instanceId()).logTail())
          .containsSubsequence("goodbye", "gone");
      docker.release(instance);
    }
  }

  @Test
  void left_instance_isAdoptedByTheNextHost() throws Exception {
    String owner;
    ProviderInstance instance;
    ProviderFixture before = ProviderFixture.open(b -> b.heartbeatTimeout(TIMEOUT));
    owner = before.owner;
    instance = before.ready(ProviderFixture.web().build());
    before.provider.detach(instance.instanceId()).toCompletableFuture().join();
    before.provider.close();
    pause(Duration.ofSeconds(2));

    try (ProviderFixture after = ProviderFixture.open(owner, b -> b.heartbeatTimeout(TIMEOUT))) {
      assertThat(after.list()).containsExactly(instance);
      pause(Duration.ofSeconds(6));
      assertThat(after.exits).isEmpty();
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
      after.release(instance);
    }
  }

  @Test
  void close_takesAlongWhatWasNotLeft() {
    ProviderFixture docker = ProviderFixture.open();
    docker.start(ProviderFixture.web().build());
    docker.provider.close();
    assertThat(TestDaemon.removeAll(docker.owner)).isZero();
  }

  /** A timeout that passes although this process sends heartbeats: they come too seldom. */
  private static com.github.dockerjava.api.command.CreateContainerCmd shortened(
      com.github.dockerjava.api.command.CreateContainerCmd cmd) {
    return shortened(cmd, 3);
  }

  private static com.github.dockerjava.api.command.CreateContainerCmd shortened(
      com.github.dockerjava.api.command.CreateContainerCmd cmd, int ticks) {
    String[] words = cmd.getCmd();
    words[3] = "1";
    words[4] = String.valueOf(ticks);
    return cmd.withCmd(words);
  }

  private static Process run(String shell, String command, Duration timeout) throws Exception {
    List<String> line =
        new ArrayList<>(
            HeartbeatWrapper.wrap(
                List.of("/bin/sh", "-c", command), timeout, Duration.ofSeconds(2), "TERM"));
    line.remove(0);
    if (shell.endsWith("busybox")) {
      line.add(0, "sh");
    }
    line.add(0, shell);
    return new ProcessBuilder(line).start();
  }

  private static void signal(String name, Process process) throws Exception {
    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
