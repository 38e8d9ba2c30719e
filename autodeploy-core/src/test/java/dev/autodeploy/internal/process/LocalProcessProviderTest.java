package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

final class LocalProcessProviderTest extends ProviderTestBase {

  @Test
  void start_ofAServer_becomesReadyAndServes() throws Exception {
    LocalProcessProvider provider = provider();
    Instant before = Instant.now();
    ProviderInstance instance = start(provider, "i-1", "exec " + TinyServer.command());
    URI endpoint = instance.endpoint();

    Eventually.until("ready", () -> isReady(provider, instance, ReadinessProbe.tcp()));

    assertThat(endpoint.toURL().openStream().readAllBytes()).asString().isEqualTo("hello");
    assertThat(isReady(provider, instance, ReadinessProbe.http("/"))).isTrue();
    assertThat(isReady(provider, instance, ReadinessProbe.logLine("listening on [0-9]+"))).isTrue();
    assertThat(isReady(provider, instance, ReadinessProbe.logLine("nothing"))).isFalse();
    assertThat(instance.startedAt()).isBetween(before, Instant.now());
    assertThat(list(provider)).containsExactly(instance);

    release(provider, "i-1", Duration.ofSeconds(10));
    assertThat(FreePorts.isFree(endpoint.getPort())).isTrue();
    assertThat(list(provider)).isEmpty();
    assertThat(observer.exits).isEmpty();
  }

  @Test
  void start_givesTheCommandEnvironmentPortGpusAndNoInput() throws Exception {
    LocalProcessProvider provider = provider();
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .image("ignored:latest")
            .port(0)
            .gpu(GpuRequest.ids("1", "GPU-7"))
            .environment("GREETING", "good day")
            .environment("PATH", "/nowhere")
            .startCommand(
                "echo \"$GREETING $CUDA_VISIBLE_DEVICES $PATH $PORT $PWD\"; read -r x || echo none")
            .build();
    ProviderInstance instance = start(provider, "i-1", spec);

    Eventually.until("exit", () -> observer.exits.containsKey("i-1"));

    assertThat(logs(provider, "i-1"))
        .containsExactly(
            "good day 1,GPU-7 /nowhere "
                + instance.endpoint().getPort()
                + " "
                + directory.toRealPath(),
            "none");
  }

  @Test
  void start_withoutTheHostsEnvironment_givesTheCommandWhatItNeeds() throws Exception {
    String needed = "PATH|LD_LIBRARY_PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG.*|LC_.*";
    String ofTheShell = "PWD|OLDPWD|SHLVL|_|PORT|AUTODEPLOY_TREE";
    Set<String> ofTheHost = new HashSet<>(System.getenv().keySet());
    ofTheHost.removeIf(name -> name.matches(needed + "|" + ofTheShell));
    assertThat(ofTheHost).as("Maven's, for one").isNotEmpty();
    LocalProcessProvider provider =
        LocalProcessProvider.builder()
            .directory(registry())
            .workingDirectory(directory)
            .inheritEnvironment(false)
            .build();
    try (provider) {
      provider.open(new ProviderContext(OWNER, observer));
      start(provider, "i-1", "env; exit 0");
      Eventually.until("exit", () -> observer.exits.containsKey("i-1"));

      assertThat(logs(provider, "i-1"))
          .contains("PATH=" + System.getenv("PATH"))
          .anyMatch(line -> line.startsWith("PORT="))
          .noneMatch(line -> ofTheHost.contains(line.replaceAll("=.*", "")));
    }
  }

  @Test
  void exit_ofTheCommand_isToldWithCodeTimeAndLastLines() throws Exception {
    LocalProcessProvider provider = provider();
    Instant before = Instant.now().minusSeconds(1);
    start(provider, "i-1", "echo one; echo two >&2; exit 3");

    Eventually.until("exit", () -> observer.exits.containsKey("i-1"));

    InstanceExit exit = observer.exits.get("i-1");
    assertThat(exit.exitCode()).isEqualTo(3);
    assertThat(exit.logTail()).containsExactly("one", "two");
    assertThat(exit.at()).isBetween(before, Instant.now());
    assertThat(list(provider)).extracting(ProviderInstance::exit).containsExactly(exit);
    assertThat(logs(provider, "i-1")).containsExactly("one", "two");

    release(provider, "i-1", Duration.ZERO);
    assertThat(list(provider)).isEmpty();
    assertThat(logs(provider, "i-1")).isEmpty();
  }

  @Test
  void exit_bySignal_isToldAsSuch() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "term", "kill -TERM $$; sleep 60");
    start(provider, "kill", "kill -KILL $$; sleep 60");

    Eventually.until("exits", () -> observer.exits.size() == 2);

    assertThat(observer.exits.get("term").exitCode()).isEqualTo(143);
    assertThat(observer.exits.get("kill").describe()).isEqualTo("exited with code 137: signal 9");
    assertThat(observer.exits.get("kill").logTail()).isEmpty();
  }

  @Test
  void exit_leavesNothingThatTheCommandStarted() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", "sh -c 'echo $$ >pids; exec sleep 300' & sleep 0.3; exit 0");

    List<Long> pids = Eventually.pids(file("pids"), 1);
    Eventually.gone(pids);
    Eventually.until("exit", () -> observer.exits.containsKey("i-1"));

    assertThat(observer.exits.get("i-1").exitCode()).isZero();
  }

  @Test
  void watcherKilled_tellsAnUnknownExitAndLeavesNothing() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", "echo $$ >pids; exec sleep 300");
    List<Long> pids = Eventually.pids(file("pids"), 1);
    long watcher = ProcessHandle.of(pids.get(0)).orElseThrow().parent().orElseThrow().pid();

    ProcessHandle.of(watcher).orElseThrow().destroyForcibly();

    Eventually.gone(pids);
    Eventually.until("exit", () -> observer.exits.containsKey("i-1"));
    assertThat(observer.exits.get("i-1").exitCode()).isNull();
    release(provider, "i-1", Duration.ZERO);
  }

  @Test
  void start_onAPortThatIsTaken_failsAndSaysByWhom() throws Exception {
    LocalProcessProvider provider = provider();
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      DeploymentSpec spec = fixedPort(other.getLocalPort());

      assertThatThrownBy(() -> start(provider, "i-1", spec))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("port " + other.getLocalPort())
          .hasMessageContaining("process " + ProcessHandle.current().pid());
    }
    assertThat(list(provider)).isEmpty();
  }

  @Test
  void isReady_answeredByAnotherProcess_isRefused() throws Exception {
    LocalProcessProvider provider = provider();
    ProviderInstance instance = start(provider, "i-1", fixedPort(FreePorts.pick(Set.of())));
    int port = instance.endpoint().getPort();

    try (ServerSocket other = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
      assertThat(other.isBound()).isTrue();
      assertThatThrownBy(() -> provider.isReady(instance, ReadinessProbe.tcp()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("held by process " + ProcessHandle.current().pid());
    }
  }

  @Test
  void start_inAMissingDirectory_failsAndLeavesNothing() throws Exception {
    LocalProcessProvider provider =
        LocalProcessProvider.builder()
            .directory(registry())
            .workingDirectory(file("missing"))
            .build();
    provider.open(new ProviderContext(OWNER, observer));
    try {
      assertThatThrownBy(() -> start(provider, "i-1", "true"))
          .cause()
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("missing does not exist");
      assertThat(list(provider)).isEmpty();
    } finally {
      provider.close();
    }
  }

  @Test
  void logs_keepTheLastLinesOfMuchOutput() throws Exception {
    LocalProcessProvider provider = provider();
    start(
        provider,
        "i-1",
        "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); echo \"line $i of a long, long story\"; done;"
            + " sleep 1.5; echo end; exec sleep 300");

    Eventually.until("end", () -> logs(provider, "i-1").contains("end"));

    List<String> lines = logs(provider, "i-1");
    assertThat(lines).hasSize(100).endsWith("line 200000 of a long, long story", "end");
    assertThat(Files.size(registry().resolve(OWNER + "/i-1/log"))).isLessThan(LogFile.MAX_BYTES);
    release(provider, "i-1", Duration.ZERO);
  }

  @Test
  void validate_refusesWhatCanNeverRun() {
    LocalProcessProvider provider = provider();
    DeploymentSpec noCommand = DeploymentSpec.builder("voice").image("x").port(8080).build();
    DeploymentSpec shared = fixedPort(8080).toBuilder().maxInstances(2).build();

    assertThatThrownBy(() -> provider.validate(noCommand))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("startCommand");
    assertThatThrownBy(() -> provider.validate(shared))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("port(0)");
    provider.validate(fixedPort(0).toBuilder().maxInstances(2).snapshot("x").build());
  }

  @Test
  void secrets_areNotOnTheDisk() throws Exception {
    LocalProcessProvider provider = provider();
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .port(0)
            .environment("KEY", "s3cret")
            .startCommand("exec sleep 300")
            .build();
    start(provider, "i-1", spec);

    try (var files = Files.walk(registry())) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
            .as("%s", file)
            .doesNotContain("s3cret");
      }
    }
    assertThat(Files.getPosixFilePermissions(registry())).hasSize(3);
  }

  private static DeploymentSpec fixedPort(int port) {
    return DeploymentSpec.builder("voice").port(port).startCommand("exec sleep 300").build();
  }

  private static boolean isReady(
      LocalProcessProvider provider, ProviderInstance instance, ReadinessProbe probe)
      throws InterruptedException {
    try {
      return provider.isReady(instance, probe);
    } catch (IOException e) {
      return false;
    }
  }
}
