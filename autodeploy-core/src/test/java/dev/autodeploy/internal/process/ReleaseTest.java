package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.spi.InstanceStartException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class ReleaseTest extends ProviderTestBase {

  /** Three generations that ignore TERM, one of them a daemon that left parent and session. */
  static final String STUBBORN =
      "trap '' TERM; echo $$ >>pids;"
          + " sh -c 'echo $$ >>pids; sh -c \"echo \\$\\$ >>pids; sleep 300; :\"; :' &"
          + " (setsid sh -c 'echo $$ >>pids; sleep 300; :' &) ;"
          + " while :; do sleep 1; done";

  @Test
  void release_endsTheWholeTreeEvenIfItIgnoresTerm() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", STUBBORN);
    List<Long> pids = Eventually.pids(file("pids"), 4);

    release(provider, "i-1", Duration.ofMillis(300));

    assertThat(pids).allMatch(Eventually::isGone);
    assertThat(registry().resolve(OWNER + "/i-1")).doesNotExist();
    assertThat(observer.exits).isEmpty();
  }

  @Test
  void release_findsDaemonsWhoseParentsAreGone() throws Exception {
    LocalProcessProvider provider = provider();
    start(
        provider,
        "i-1",
        "sh -c '(setsid sh -c \"echo \\$\\$ >>pids; exec sleep 300\" &)'; exec sleep 300");
    List<Long> pids = Eventually.pids(file("pids"), 1);

    release(provider, "i-1", Duration.ZERO);

    assertThat(pids).allMatch(Eventually::isGone);
  }

  @Test
  void release_endsProcessesWithAnEnvironmentOfTheirOwn() throws Exception {
    LocalProcessProvider provider = provider();
    start(
        provider, "i-1", "env -i PATH=\"$PATH\" sh -c 'echo $$ >>pids; exec sleep 300' & wait; :");
    List<Long> pids = Eventually.pids(file("pids"), 1);

    release(provider, "i-1", Duration.ZERO);

    assertThat(pids).allMatch(Eventually::isGone);
  }

  @Test
  void release_letsProcessesFinishEvenIfTheShellBeforeThemIsGone() throws Exception {
    LocalProcessProvider provider = provider();
    start(
        provider,
        "i-1",
        "cd . && sh -c 'trap \"sleep 1; echo finished >result; exit\" TERM; echo $$ >pids;"
            + " while :; do sleep 0.1; done'; :");
    Eventually.pids(file("pids"), 1);

    release(provider, "i-1", Duration.ofSeconds(30));

    assertThat(file("result")).content().isEqualTo("finished\n");
  }

  @Test
  void release_withLessGraceThanTheOneUnderWay_hurriesIt() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", STUBBORN);
    List<Long> pids = Eventually.pids(file("pids"), 4);
    CompletableFuture<Void> patient =
        CompletableFuture.runAsync(
            () -> provider.release("i-1", Duration.ofHours(1)).toCompletableFuture().join());
    Eventually.until(
        "the patient release", () -> Files.exists(registry().resolve(OWNER + "/i-1/releasing")));

    release(provider, "i-1", Duration.ZERO);

    patient.get(1, TimeUnit.MINUTES);
    assertThat(pids).allMatch(Eventually::isGone);
  }

  @Test
  void close_onAnInterruptedThread_endsEverythingAndStaysInterrupted() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", STUBBORN);
    List<Long> pids = Eventually.pids(file("pids"), 4);

    Thread.currentThread().interrupt();
    boolean interrupted;
    try {
      provider.close();
    } finally {
      interrupted = Thread.interrupted();
    }

    assertThat(interrupted).isTrue();
    assertThat(pids).allMatch(Eventually::isGone);
  }

  @Test
  void release_ofTheUnknownAndTheReleased_succeeds() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", "exec sleep 300");

    release(provider, "i-1", Duration.ZERO);
    release(provider, "i-1", Duration.ofSeconds(5));
    release(provider, "never-heard-of", Duration.ZERO);
  }

  @Test
  void release_beforeTheStart_prevails() throws Exception {
    LocalProcessProvider provider = provider();
    release(provider, "i-1", Duration.ZERO);

    assertThatThrownBy(() -> start(provider, "i-1", "echo $$ >>pids; exec sleep 300"))
        .cause()
        .isInstanceOf(InstanceStartException.class)
        .hasMessageContaining("released before");
    assertThat(list(provider)).isEmpty();
    assertThat(file("pids")).doesNotExist();
  }

  @Test
  void release_duringTheStart_prevails() throws Exception {
    LocalProcessProvider provider = provider();
    for (int i = 0; i < 30; i++) {
      String id = "i-" + i;
      CompletableFuture<?> started =
          CompletableFuture.runAsync(
              () ->
                  provider
                      .start(Requests.of(OWNER, id, "echo $$ >>pids; exec sleep 300"))
                      .toCompletableFuture()
                      .join());
      TimeUnit.MICROSECONDS.sleep(500L * i);
      release(provider, id, Duration.ofMillis(50L * (i % 3)));
      assertThat(registry().resolve(OWNER + "/" + id)).doesNotExist();
      try {
        started.join();
      } catch (CompletionException e) {
        assertThat(e).hasRootCauseInstanceOf(InstanceStartException.class);
      }
    }

    assertThat(list(provider)).isEmpty();
    List<Long> pids = new ArrayList<>();
    if (Files.exists(file("pids"))) {
      pids = Eventually.pids(file("pids"), 1);
    }
    assertThat(pids).allMatch(Eventually::isGone);
    String token = registry().toRealPath().resolve(OWNER).toString();
    assertThat(
            ProcessHandle.allProcesses()
                .filter(p -> p.info().commandLine().orElse("").contains(token)))
        .isEmpty();
  }
}
