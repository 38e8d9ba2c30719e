package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.model.Container;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The host application is killed and never returns, or does; or two of them race. */
@Tag("slow")
class HostKillTest {
  private static final int TIMEOUT_SECONDS = 4;
  private static final int KILLS = Integer.getInteger("autodeploy.test.kills", 6);
  private static final Duration SOON = Duration.ofMinutes(2); // on a machine that is busy
  private static final int RACES = Integer.getInteger("autodeploy.test.races", 15);
  private final String owner = "k" + UUID.randomUUID().toString().substring(0, 8);
  @TempDir private Path directory;

  @BeforeEach
  void require() {
    TestDaemon.require();
  }

  @AfterEach
  void removeAll() {
    TestDaemon.removeAll(owner);
  }

  @Test
  void killedHost_thatNeverReturns_leavesNothingRunning() throws Exception {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    for (int i = 0; i < KILLS; i++) {
      try (HostProcess host = serve("s" + i, TIMEOUT_SECONDS)) {
        host.await("built", SOON);
        TimeUnit.MILLISECONDS.sleep(random.nextInt(1500));
        host.kill();
      }
    }
    ProviderFixture.await(
        Duration.ofSeconds(3 * TIMEOUT_SECONDS + 10),
        () -> containers().stream().noneMatch(c -> "running".equals(c.getState())));
  }

  @Test
  void killedHost_thatReturns_adoptsOrRemoves_andNeverHasTwo() throws Exception {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    String adopted = "";
    int adoptions = 0;
    for (int i = 0; i < KILLS; i++) {
      try (HostProcess host = serve("same", 20)) {
        host.await("built", SOON);
        String served = host.await("served", SOON).replaceFirst("served (\\S+) .*", "$1");
        assertThat(containers()).hasSize(1);
        adoptions += served.equals(adopted) ? 1 : 0;
        adopted = served;
        TimeUnit.MILLISECONDS.sleep(random.nextInt(800));
        host.kill();
      }
      assertThat(containers()).hasSizeLessThanOrEqualTo(1);
    }
    assertThat(adoptions).as("a running instance is adopted").isEqualTo(KILLS - 1);
  }

  @Test
  void twoHosts_withOneOwner_startOneContainer() throws Exception {
    try (HostProcess one = HostProcess.start("race", owner, directory.resolve("a").toString());
        HostProcess two = HostProcess.start("race", owner, directory.resolve("b").toString())) {
      List<HostProcess> hosts = List.of(one, two);
      for (HostProcess host : hosts) {
        host.await("built", SOON);
      }
      for (int i = 0; i < RACES; i++) {
        for (HostProcess host : hosts) {
          host.say("start");
        }
        int winners = 0;
        for (HostProcess host : hosts) {
          String answer = host.await("", SOON);
          if (answer.startsWith("won")) {
            winners++;
            assertThat(containers()).hasSize(1);
          } else {
            assertThat(answer).contains("in use by another process");
          }
        }
        assertThat(winners).isEqualTo(1);
        String winner = containers().get(0).getLabels().get(Labels.INSTANCE);
        one.say("release " + winner);
        one.await("released", SOON);
        assertThat(containers()).isEmpty();
      }
    }
  }

  @Test
  void owner_isUsedByOneProcessAtATime_andFreeOnceThatIsKilled() throws Exception {
    Path locks = directory.resolve("locks");
    try (HostProcess host = HostProcess.start("race", owner, locks.toString())) {
      host.await("built", SOON);
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(() -> ProviderFixture.open(owner, b -> b.lockDirectory(locks)))
            .isInstanceOf(AutoDeployException.class)
            .extracting(e -> ((AutoDeployException) e).code())
            .isEqualTo(ErrorCode.OWNER_IN_USE);
      }
      host.kill();
    }
    ProviderFixture.open(owner, b -> b.lockDirectory(locks)).close();
  }

  private HostProcess serve(String state, int timeout) {
    return HostProcess.start(
        "serve", owner, directory.resolve(state).toString(), String.valueOf(timeout));
  }

  private List<Container> containers() {
    try (DaemonClient client = TestDaemon.client()) {
      return client.list(Map.of(Labels.OWNER, owner));
    }
  }
}
