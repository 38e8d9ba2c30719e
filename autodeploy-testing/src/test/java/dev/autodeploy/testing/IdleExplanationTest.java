package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Schedule;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.UsageHistory;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A deployment says when its idle instances are released, and why then. */
class IdleExplanationTest {
  private final ManualTime time = ManualTime.create();
  private AutoDeploy autoDeploy;

  @BeforeEach
  void start() {
    SimulatedProvider provider = SimulatedProvider.on(time);
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(60)));
    autoDeploy = time.build(AutoDeploy.builder().provider(provider));
  }

  @AfterEach
  void close() {
    time.close(autoDeploy);
  }

  private Deployment deploy(IdlePolicy policy) {
    return autoDeploy.deploy(DeploymentSpec.builder("voice").port(8080).idlePolicy(policy).build());
  }

  @Test
  void adaptive_saysWhatItHasLearned() {
    Deployment voice = deploy(IdlePolicy.adaptive());
    assertThat(voice.explainIdleTimeout()).contains("until three gaps of 30 s or longer are known");

    for (int i = 0; i < 6; i++) {
      time.await(voice.acquireAsync()).close();
      time.advance(Duration.ofHours(2));
    }

    assertThat(voice.explainIdleTimeout()).contains("a start takes 60 s");
  }

  @Test
  void schedule_goesBeforeThePolicy() {
    Deployment voice = deploy(IdlePolicy.adaptive());
    Schedule day = Schedule.weekly(ZoneOffset.UTC);
    autoDeploy.update(
        voice.spec().toBuilder()
            .schedule(day.idleTimeout("daily", "00:00", "24:00", Duration.ofSeconds(90)))
            .build());

    assertThat(voice.explainIdleTimeout())
        .isEqualTo("By the schedule an idle instance is released after 90 s.");
  }

  @Test
  void policyThatFails_isNotPassedOn() {
    Deployment voice =
        deploy(
            new IdlePolicy() {
              @Override
              public Optional<Duration> idleTimeout(UsageHistory history) {
                throw new IllegalStateException("no");
              }
            });

    assertThat(voice.explainIdleTimeout()).contains("could not explain itself");
  }
}
