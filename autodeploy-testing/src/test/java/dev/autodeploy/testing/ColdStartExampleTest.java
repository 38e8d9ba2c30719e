package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.InstanceExit;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * An example of how an application is tested against cold starts, failed starts and idle times,
 * without waiting for any of them.
 */
class ColdStartExampleTest {
  private final ManualTime time = ManualTime.create();
  private final SimulatedProvider provider = SimulatedProvider.on(time);
  private AutoDeploy autoDeploy;
  private Announcer announcer;

  /** The application under test: speaks, or shows a text while there is no voice yet. */
  private static final class Announcer {
    private final Deployment voice;
    private final Function<URI, String> speech;

    Announcer(Deployment voice, Function<URI, String> speech) {
      this.voice = voice;
      this.speech = speech;
    }

    CompletableFuture<String> announce(String text, Duration patience) {
      return voice
          .acquireAsync(dev.autodeploy.AcquireRequest.within(patience))
          .thenApply(
              lease -> {
                try (lease) {
                  return speech.apply(lease.endpoint());
                }
              })
          .exceptionally(error -> "[" + text + "] " + reason(error));
    }

    private static String reason(Throwable error) {
      Throwable cause = error.getCause() == null ? error : error.getCause();
      if (cause instanceof AcquireTimeoutException) {
        return "still loading";
      }
      if (cause instanceof StartFailedException e) {
        return "out of order: " + e.failure().message();
      }
      return "unexpected: " + cause;
    }
  }

  @BeforeEach
  void deploy() {
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(40)));
    autoDeploy =
        time.build(
            AutoDeploy.builder().provider(provider).costMeter(CostMeter.perHour("3600", "USD")));
    Deployment voice =
        autoDeploy.deploy(
            DeploymentSpec.builder("voice")
                .port(8080)
                .idleTimeout(Duration.ofMinutes(5))
                .startBackoff(Duration.ofSeconds(10), Duration.ofMinutes(1))
                .build());
    announcer = new Announcer(voice, endpoint -> "spoken by " + endpoint);
  }

  @AfterEach
  void close() {
    time.close(autoDeploy);
    assertThat(provider.existing()).isEmpty();
  }

  @Test
  void announce_onAColdStart_isSpokenWhenTheInstanceIsReady() {
    CompletableFuture<String> announcement = announcer.announce("Hello", Duration.ofMinutes(1));

    time.advance(Duration.ofSeconds(39));
    assertThat(announcement).isNotDone();

    time.advance(Duration.ofSeconds(2));
    assertThat(announcement).isCompletedWithValue("spoken by http://127.0.0.1:20000");
  }

  @Test
  void announce_withLessPatienceThanTheStartTakes_showsTheText() {
    CompletableFuture<String> announcement = announcer.announce("Hello", Duration.ofSeconds(10));

    time.advance(Duration.ofSeconds(10));

    assertThat(announcement).isCompletedWithValue("[Hello] still loading");
  }

  @Test
  void announce_whenNoInstanceCanStart_saysWhy() {
    provider.planNext(InstancePlan.failing("no GPU is free"));

    assertThat(time.<String>await(announcer.announce("Hello", Duration.ofMinutes(1))))
        .isEqualTo("[Hello] out of order: no GPU is free");
    assertThat(time.now()).isZero();
  }

  @Test
  void announce_afterTheIdleTime_startsAgain() {
    time.<String>await(announcer.announce("Hello", Duration.ofMinutes(1)));
    Deployment voice = autoDeploy.deployment("voice");
    assertThat(voice.status().state()).isEqualTo(DeploymentState.RUNNING);

    time.advance(Duration.ofMinutes(5));
    assertThat(voice.status().state()).isEqualTo(DeploymentState.STANDBY);
    time.<String>await(announcer.announce("Hello again", Duration.ofMinutes(1)));

    assertThat(provider.instances()).hasSize(2);
    assertThat(provider.maxExisting("voice")).isEqualTo(1);
  }

  @Test
  void crash_whileALeaseIsOpen_isToldToTheLease() {
    Deployment voice = autoDeploy.deployment("voice");
    try (Lease lease = time.<Lease>await(voice.acquireAsync())) {
      CompletableFuture<InstanceExit> lost = lease.lost().toCompletableFuture();

      provider.crash(lease.instanceId(), InstanceExit.unknown("the host lost power"));
      time.runReady();

      assertThat(lost).isDone();
    }
  }

  @Test
  void cost_runsFromTheStartRequestToTheEndOfTheIdleTime() {
    provider.plan(InstancePlan.readyAfter(Duration.ZERO).upAfter(Duration.ofSeconds(40)));
    time.<String>await(announcer.announce("Hello", Duration.ofMinutes(1)));

    time.advance(Duration.ofHours(1));

    Money total = autoDeploy.deployment("voice").cost().total();
    assertThat(total.amount()).isEqualByComparingTo("340");
  }
}
