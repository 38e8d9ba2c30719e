package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class AdoptionTest extends ProviderTestBase {

  @Test
  void hostKilled_endsTheWholeTree() throws Exception {
    Path pidFile = file("pids");
    Process host = host(ReleaseTest.STUBBORN.replace(">>pids", ">>" + pidFile), "hold");
    List<Long> pids = Eventually.pids(pidFile, 4);

    host.destroyForcibly().waitFor();

    Eventually.until(
        "all is gone",
        () -> pids.stream().allMatch(Eventually::isGone) && processesOf(registry()) == 0);
    LocalProcessProvider next = provider();
    InstanceExit exit = list(next).get(0).exit();
    assertThat(exit).isNotNull();
    assertThat(exit.exitCode()).isEqualTo(137);
    assertThat(exit.message()).contains("host process was gone");
    assertThat(exit.at()).isBefore(Instant.now());
    release(next, "i-host", Duration.ZERO);
    assertThat(list(next)).isEmpty();
  }

  @Test
  void hostKilledAndFollowedAtOnce_handsTheInstanceOver() throws Exception {
    Path ticks = file("ticks");
    Process host = host("while :; do echo x >>" + ticks + "; sleep 0.1; done", "hold");
    assertThat(host.inputReader().readLine()).isEqualTo("holding");

    host.destroyForcibly().waitFor();
    LocalProcessProvider next = provider();

    assertThat(list(next))
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.instanceId()).isEqualTo("i-host");
              assertThat(found.deployment()).isEqualTo("voice");
              assertThat(found.fingerprint()).isEqualTo("f1");
              assertThat(found.endpoint()).isNotNull();
              assertThat(found.exit()).isNull();
            });
    // Longer than any watcher would wait for a host.
    Eventually.until("the first tick", () -> Files.exists(ticks));
    int soFar = Files.readAllLines(ticks).size();
    Eventually.until("80 ticks more", () -> Files.readAllLines(ticks).size() > soFar + 80);
    assertThat(list(next)).extracting(ProviderInstance::exit).containsOnlyNulls();
    release(next, "i-host", Duration.ZERO);
    assertThat(processesOf(registry())).isZero();
  }

  @Test
  void left_isAdoptedByTheNextProcessAndItsExitIsTold() throws Exception {
    Path stop = file("stop");
    Process host =
        host("while [ ! -e " + stop + " ]; do sleep 0.1; done; echo stopped; exit 5", "leave");
    assertThat(host.inputReader().readLine()).isEqualTo("left");
    assertThat(host.waitFor()).isZero();

    LocalProcessProvider next = provider();
    assertThat(list(next)).extracting(ProviderInstance::exit).containsOnlyNulls();
    Files.createFile(stop);

    Eventually.until("exit", () -> observer.exits.containsKey("i-host"));
    InstanceExit exit = observer.exits.get("i-host");
    assertThat(exit.exitCode()).isEqualTo(5);
    assertThat(exit.logTail()).containsExactly("stopped");
    assertThat(list(next)).extracting(ProviderInstance::exit).containsExactly(exit);
  }

  @Test
  void left_andNotAdopted_endsByItself() throws Exception {
    LocalProcessProvider provider = provider(OWNER, Duration.ofSeconds(1));
    start(provider, "i-1", "echo $$ >>pids; exec sleep 300");
    List<Long> pids = Eventually.pids(file("pids"), 1);
    provider.detach("i-1").toCompletableFuture().get();
    provider.close();
    assertThat(pids).noneMatch(Eventually::isGone);

    Eventually.gone(pids);
    Eventually.until("its watcher has written that down", () -> processesOf(registry()) == 0);
  }

  @Test
  void endedWhileNobodyLooked_isListedWithCodeAndTime() throws Exception {
    LocalProcessProvider provider = provider();
    Instant before = Instant.now().minusSeconds(1);
    start(provider, "i-1", "echo $$ >>pids; sleep 0.5; echo bye; exit 4");
    provider.detach("i-1").toCompletableFuture().get();
    provider.close();
    Eventually.until("end", () -> Files.exists(registry().resolve(OWNER + "/i-1/exit")));
    Instant after = Instant.now().plusSeconds(1);
    assertThat(observer.exits).isEmpty();

    InstanceExit exit = list(provider()).get(0).exit();

    assertThat(exit).isNotNull();
    assertThat(exit.exitCode()).isEqualTo(4);
    assertThat(exit.logTail()).containsExactly("bye");
    assertThat(exit.at()).isBetween(before, after);
  }

  @Test
  void close_endsWhatWasNotLeft() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", ReleaseTest.STUBBORN);
    List<Long> pids = Eventually.pids(file("pids"), 4);

    provider.close();

    assertThat(pids).allMatch(Eventually::isGone);
    LocalProcessProvider next = provider();
    assertThat(list(next).get(0).exit()).isNotNull();
    release(next, "i-1", Duration.ZERO);
    next.close();
    assertThat(registry().resolve(OWNER)).doesNotExist();
  }

  @Test
  void pidOfAnotherProcess_isNotMistakenForTheInstance() throws Exception {
    Process stranger = new ProcessBuilder("sleep", "300").start();
    try {
      Thread.sleep(50); // start times are in hundredths of a second; theirs must differ
      LocalProcessProvider provider = provider();
      start(provider, "i-1", "echo $$ >>pids; exec sleep 300");
      start(provider, "i-2", "echo $$ >>pids; exec sleep 300");
      List<Long> pids = Eventually.pids(file("pids"), 2);
      for (String id : List.of("i-1", "i-2")) {
        provider.detach(id).toCompletableFuture().get();
      }
      provider.close();
      ProcessId other = ProcessId.of(stranger.pid());
      // As if the watcher had ended and its id, and that of the command, were used again.
      forge("i-1", node -> node.put("watcherPid", other.pid()));
      String stat = Files.readString(Path.of("/proc/" + other.pid() + "/stat"));
      for (String file : List.of("command", "guard")) {
        Files.writeString(
            registry().resolve(OWNER + "/i-1/" + file),
            other.pid() + " " + stat.replace(" " + other.start() + " ", " 17 "));
      }
      // The same after the machine has been started anew, when even the start can be the same.
      forge(
          "i-2",
          node ->
              node.put("watcherPid", other.pid())
                  .put("watcherStart", other.start())
                  .put("boot", "another"));

      LocalProcessProvider next = provider();

      assertThat(list(next)).hasSize(2).extracting(ProviderInstance::exit).doesNotContainNull();
      assertThat(pids).allMatch(Eventually::isGone);
      release(next, "i-1", Duration.ZERO);
      release(next, "i-2", Duration.ZERO);
      assertThat(stranger.isAlive()).isTrue();
    } finally {
      stranger.destroyForcibly();
    }
  }

  @Test
  void damagedRecord_isEndedAndForgotten() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", ReleaseTest.STUBBORN);
    start(provider, "i-2", "exec sleep 300");
    List<Long> pids = Eventually.pids(file("pids"), 4);
    provider.detach("i-1").toCompletableFuture().get();
    provider.detach("i-2").toCompletableFuture().get();
    provider.close();
    Files.writeString(registry().resolve(OWNER + "/i-1/instance.json"), "{\"version\":1,");
    Files.createDirectory(registry().resolve(OWNER + "/i-3"));

    LocalProcessProvider next = provider();

    assertThat(list(next)).extracting(ProviderInstance::instanceId).containsExactly("i-2");
    assertThat(pids).allMatch(Eventually::isGone);
    Path damaged = registry().resolve(OWNER + "/i-1");
    Eventually.until("its directory", () -> !Files.exists(damaged));
    assertThat(registry().resolve(OWNER + "/i-3")).doesNotExist();
  }

  @Test
  void owners_seeOnlyTheirOwn() throws Exception {
    LocalProcessProvider one = provider();
    LocalProcessProvider two = provider("somebody-else", Duration.ofMinutes(1));
    start(one, "i-1", "echo $$ >>pids; exec sleep 300");
    List<Long> pids = Eventually.pids(file("pids"), 1);

    release(two, "i-1", Duration.ZERO);
    assertThat(two.list("somebody-else").toCompletableFuture().get()).isEmpty();
    assertThat(two.list(OWNER).toCompletableFuture().get()).isEmpty();
    two.close();

    assertThat(pids).noneMatch(Eventually::isGone);
    assertThat(list(one)).hasSize(1);
  }

  @Test
  void owner_isUsedByOneProviderAtATime() throws Exception {
    LocalProcessProvider first = provider();

    for (int i = 0; i < 2; i++) { // the refusal must not give up the lock of the first
      assertThatThrownBy(this::provider)
          .isInstanceOfSatisfying(
              AutoDeployException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE))
          .hasMessageContaining("in this process (" + ProcessHandle.current().pid() + ")");
      Process other = host("exec sleep 300", "hold");
      assertThat(other.inputReader().readLine()).isEqualTo("OWNER_IN_USE");
      assertThat(other.waitFor(1, TimeUnit.MINUTES)).isTrue();
    }

    first.close();
    provider();
  }

  private interface Change {
    void apply(ObjectNode node);
  }

  private void forge(String id, Change change) throws Exception {
    Path file = registry().resolve(OWNER + "/" + id + "/instance.json");
    ObjectNode node = (ObjectNode) new ObjectMapper().readTree(file.toFile());
    change.apply(node);
    Files.write(file, new ObjectMapper().writeValueAsBytes(node));
  }

  /** Returns how many watchers of a directory there are. */
  static long processesOf(Path registry) {
    return ProcessHandle.allProcesses()
        .filter(p -> p.info().commandLine().orElse("").contains("watch.sh " + registry))
        .count();
  }
}
