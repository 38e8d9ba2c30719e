package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** An engine in whose place another one has come, as its store knows. */
class EngineTakenOverTest {
  @Test
  void engine_whoseStateWasTakenOver_releasesNothingAsIdle() {
    EngineHarness h = new EngineHarness().start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();

    h.store.takenOver = true;
    h.time.pass(Duration.ofHours(1));

    assertThat(h.provider.count("release")).isZero();
    assertThat(h.provider.running()).hasSize(1);
  }

  @Test
  void close_ofAnEngineWhoseStateWasTakenOver_leavesInstancesAndLedger() {
    EngineHarness h = new EngineHarness().start();
    Deployment voice = h.deploy();
    h.acquire(voice).close();
    int lines = h.store.lines(LedgerEntry.class).size();

    h.store.takenOver = true;
    h.close();

    assertThat(h.provider.count("release")).isZero();
    assertThat(h.provider.count("detach")).isEqualTo(1);
    assertThat(h.provider.running()).hasSize(1);
    assertThat(h.store.lines(LedgerEntry.class)).hasSize(lines);
    assertThat(h.store.closed).isTrue();
  }

  @Test
  void engine_whoseStateIsItsOwn_releasesAtItsEnd() {
    EngineHarness h = new EngineHarness().start();
    h.acquire(h.deploy()).close();
    h.close();
    assertThat(h.provider.running()).isEmpty();
  }
}
