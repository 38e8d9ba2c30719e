package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.replay.CostReplay;
import dev.autodeploy.replay.ReplayResult;
import dev.autodeploy.replay.Traffic;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A replay of what an engine has recorded says what its ledger says. */
class ReplayAgainstLedgerTest {
  private static final CostMeter PRICE = CostMeter.perHour("3.6", "USD");
  private static final Duration START = Duration.ofSeconds(40);

  private final ManualTime time = ManualTime.create();
  private SimulatedProvider provider = SimulatedProvider.on(time);
  private final Random random = new Random(7);
  private AutoDeploy autoDeploy;
  @TempDir private Path state;

  private Deployment start(IdlePolicy policy) {
    provider.plan(InstancePlan.readyAfter(START));
    autoDeploy =
        time.build(
            AutoDeploy.builder()
                .provider(provider)
                .costMeter(PRICE)
                .idlePolicy(policy)
                .stateDirectory(state));
    return autoDeploy.deploy(
        DeploymentSpec.builder("voice")
            .port(8080)
            .probeInterval(Duration.ofSeconds(1)) // so that starts take whole seconds
            .concurrency(2)
            .maxInstances(3)
            .build());
  }

  @AfterEach
  void close() {
    time.close(autoDeploy);
  }

  /** Asks at random for a while: bursts, long gaps, and some that give up. */
  private void use(Deployment voice, int requests) {
    for (int i = 0; i < requests; i++) {
      CompletableFuture<Lease> lease = voice.acquireAsync();
      time.advance(Duration.ofSeconds(1 + random.nextInt(20)));
      if (!lease.isDone() && random.nextInt(4) == 0) {
        lease.cancel(false);
      } else {
        time.await(lease).close();
      }
      if (random.nextInt(3) == 0) {
        time.advance(Duration.ofSeconds(1 + random.nextInt(2000)));
      }
    }
  }

  private static CostReplay replay(Traffic traffic, DeploymentSpec spec, IdlePolicy policy) {
    return CostReplay.of(traffic)
        .spec(spec)
        .enginePolicy(policy)
        .costMeter(PRICE)
        .startDuration(START);
  }

  private static void assertSameCost(ReplayResult replayed, Deployment voice) {
    assertThat(replayed.instanceTime())
        .isEqualTo(existing(voice.usage(Instant.EPOCH, Instant.MAX)));
    assertThat(replayed.cost()).isEqualTo(voice.cost().total());
  }

  private static Duration existing(List<UsageInterval> usage) {
    return usage.stream().map(UsageInterval::existing).reduce(Duration.ZERO, Duration::plus);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT5M", "PT0S", "PT1H", "adaptive"})
  void recordOfARun_replayedCostsWhatTheLedgerSays(String idle) {
    IdlePolicy policy =
        idle.equals("adaptive") ? IdlePolicy.adaptive() : IdlePolicy.after(Duration.parse(idle));
    Deployment voice = start(policy);
    use(voice, 300);

    Traffic traffic = voice.traffic();
    ReplayResult replayed = replay(traffic, voice.spec(), policy).run();

    assertThat(traffic.size()).isEqualTo(300);
    assertSameCost(replayed, voice);
    assertThat(replayed.starts()).isEqualTo(voice.status().starts());
  }

  @Test
  void record_survivesARestart() {
    IdlePolicy policy = IdlePolicy.after(Duration.ofMinutes(5));
    Deployment voice = start(policy);
    use(voice, 50);
    time.advance(Duration.ofMinutes(10));
    Traffic before = voice.traffic();
    time.close(autoDeploy);
    provider = provider.reconnect();

    voice = start(policy);
    use(voice, 50);
    Traffic after = voice.traffic();

    assertThat(after.size()).isEqualTo(100);
    assertThat(after.from()).isEqualTo(before.from());
    assertThat(after.at(49)).isEqualTo(before.at(49));
    assertSameCost(replay(after, voice.spec(), policy).run(), voice);
  }

  @Test
  void recordOfAProcessThatWasKilled_isThereUpToTheLastHalfMinute() throws Exception {
    Deployment voice = start(IdlePolicy.after(Duration.ofMinutes(5)));
    use(voice, 20);
    time.advance(Duration.ofSeconds(31));

    Path requests = state.resolve("learned/voice.requests.0");
    assertThat(requests).exists();
    assertThat(Files.size(requests)).isLessThan(20 * 12);
  }

  @Test
  void policy_goesOnWithWhatItHasLearnedAfterARestart() {
    Deployment voice = start(IdlePolicy.adaptive());
    use(voice, 60);
    time.advance(Duration.ofHours(1));
    String learned = voice.explainIdleTimeout();
    assertThat(learned).contains("a start takes 40 s");
    time.close(autoDeploy);
    provider = provider.reconnect();

    voice = start(IdlePolicy.adaptive());

    assertThat(voice.explainIdleTimeout()).isEqualTo(learned);
  }

  @Test
  void damagedAndMissingDocuments_costOnlyWhatIsInThem() throws Exception {
    Deployment voice = start(IdlePolicy.adaptive());
    use(voice, 40);
    time.close(autoDeploy);
    Path learned = state.resolve("learned/voice.learned");
    Files.writeString(learned, Files.readString(learned).substring(9));
    Files.write(state.resolve("learned/voice.requests.0"), new byte[] {1, 2, 3});
    Files.write(
        state.resolve("learned/voice.requests.1"), "x".repeat(99).getBytes(StandardCharsets.UTF_8));
    provider = provider.reconnect();

    voice = start(IdlePolicy.adaptive());

    assertThat(voice.explainIdleTimeout()).contains("until three gaps of 30 s or longer are known");
    assertThat(voice.traffic().size()).isZero();
    use(voice, 1);
    assertThat(voice.traffic().size()).isEqualTo(1);
  }

  @Test
  void deploymentOfARemovedName_beginsAnew() {
    Deployment voice = start(IdlePolicy.adaptive());
    use(voice, 40);
    time.await(autoDeploy.remove("voice"));
    time.advance(Duration.ofMinutes(1));
    time.close(autoDeploy);
    provider = provider.reconnect();

    voice = start(IdlePolicy.adaptive());

    assertThat(voice.traffic().size()).isZero();
    assertThat(state.resolve("learned/voice.requests.0")).doesNotExist();
  }
}
