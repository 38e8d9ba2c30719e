package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import dev.autodeploy.Lease;
import dev.autodeploy.internal.runtime.OverdueCalls;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A provider whose calls do not return. Each keeps its thread; here, where there is one thread
 * only, time passes inside each of them.
 */
class HangingProviderTest {
  /** So many calls of one kind hang that the test has seen enough. */
  private static final int ENOUGH = 100;

  /** The most calls that are made before as many as may be overdue are so. */
  private static final int BOUND = 60;

  /** Longer than the engine waits for anything. */
  private static final Duration A_WHILE = Duration.ofMinutes(25);

  private final EngineHarness h = new EngineHarness();
  private int hanging;
  private int most;

  private void hang(String kind) {
    h.provider.onCall =
        call -> {
          if (!call.equals(kind)) {
            return;
          }
          hanging++;
          most = Math.max(most, hanging);
          if (hanging < ENOUGH) {
            h.time.pass(A_WHILE);
          }
          hanging--;
        };
  }

  @ParameterizedTest
  @ValueSource(strings = {"start", "probe", "logs", "list", "release"})
  void calls_thatDoNotReturn_keepSomeThreads_andNotMoreWithTime(String kind) {
    h.provider.ready = kind.equals("start") || kind.equals("list") || kind.equals("release");
    h.start();
    Deployment voice = h.deploy(b -> b.minInstances(kind.equals("release") ? 0 : 1));
    if (kind.equals("release")) {
      Lease lease = h.acquire(voice);
      lease.close();
    }
    hang(kind);
    if (kind.equals("start")) {
      voice.release();
    }

    h.time.pass(A_WHILE);

    assertThat(most).isBetween(OverdueCalls.MOST, BOUND);
    h.provider.onCall = call -> {};
    h.provider.ready = true;
    h.time.pass(A_WHILE);
    if (kind.equals("release")) {
      assertThat(h.provider.running()).isEmpty();
    } else {
      assertThat(h.acquire(voice).instanceId()).isNotEmpty();
    }
  }
}
