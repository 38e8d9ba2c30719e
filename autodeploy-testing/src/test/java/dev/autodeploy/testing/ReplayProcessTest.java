package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.replay.ReplayResult;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The answer of a replay is that of the ledger, also where real processes were started. */
class ReplayProcessTest {

  @Test
  @Timeout(60)
  void replayOfWhatWasRecorded_costsWhatTheLedgerHas(@TempDir Path directory) throws Exception {
    LocalProcessProvider provider =
        LocalProcessProvider.builder().directory(directory.resolve("registry")).build();
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(provider)
            .stateDirectory(directory.resolve("state"))
            .releaseOnShutdown(false)
            .build()) {
      Deployment voice =
          autoDeploy.deploy(
              DeploymentSpec.builder("voice")
                  .port(0)
                  .startCommand(SmallServer.command())
                  .idleTimeout(Duration.ofMillis(1500))
                  .pricePerHour(Money.of("3600", "USD"))
                  .build());
      use(voice, 1000);
      use(voice, 300); // the same instance
      untilGone(voice);
      use(voice, 500);
      untilGone(voice);

      List<UsageInterval> usage = voice.usage(voice.createdAt(), Instant.now());
      assertThat(usage).hasSize(2);
      ReplayResult replayed =
          voice
              .replay()
              .startDuration(mean(usage, UsageInterval::starting))
              .releaseDuration(mean(usage, UsageInterval::releasing))
              .run();

      assertThat(replayed.starts()).isEqualTo(2);
      assertThat(replayed.coldStarts()).isEqualTo(2);
      assertThat(replayed.requests()).isEqualTo(3);
      double paid = voice.cost().total().amount().doubleValue();
      assertThat(replayed.cost().amount().doubleValue())
          .isCloseTo(paid, Percentage.withPercentage(15));
    }
  }

  private static Duration mean(List<UsageInterval> usage, Function<UsageInterval, Duration> part) {
    return usage.stream().map(part).reduce(Duration.ZERO, Duration::plus).dividedBy(usage.size());
  }

  private static void use(Deployment deployment, long millis) throws InterruptedException {
    try (Lease lease = deployment.acquire(Duration.ofSeconds(20))) {
      assertThat(lease.endpoint()).isNotNull();
      Thread.sleep(millis);
    }
  }

  private static void untilGone(Deployment deployment) throws InterruptedException {
    while (!deployment.status().instances().isEmpty()) {
      Thread.sleep(20);
    }
  }
}
