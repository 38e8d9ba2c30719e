package dev.autodeploy.spring.test.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.Lease;
import dev.autodeploy.spring.test.AutoDeployTest;
import dev.autodeploy.testing.InstancePlan;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.SimulatedProvider;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.TestPropertySource;

/** The slice as its user writes it. */
@AutoDeployTest
@Import(VoiceService.class)
@TestPropertySource(
    properties = {
      "autodeploy.deployments.voice.port=8080",
      "autodeploy.deployments.voice.start-command=python api.py",
      "autodeploy.deployments.voice.idle-timeout=2m",
      "autodeploy.price-per-hour=36 USD"
    })
@Timeout(60)
final class VoiceServiceTest {
  @Autowired AutoDeploy autoDeploy;
  @Autowired ManualTime time;
  @Autowired SimulatedProvider provider;
  @Autowired VoiceService service;
  @Autowired ApplicationContext context;

  @Test
  void coldStart_takesNoTimeOfTheTest() {
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(20)));

    CompletableFuture<String> voice = service.voice();
    time.advance(Duration.ofSeconds(19));
    assertThat(voice).isNotDone();
    time.advance(Duration.ofSeconds(2));

    assertThat(voice).isCompletedWithValueMatching(it -> !it.equals("fallback"));
  }

  @Test
  void slowStart_isAnsweredByTheFallback() {
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(40)));

    CompletableFuture<String> voice = service.voice();
    time.advance(Duration.ofSeconds(30));

    assertThat(voice).isCompletedWithValue("fallback");
  }

  @Test
  void idleTimeoutAndPrice_areTheApplications() {
    Deployment voice = autoDeploy.deployment("voice");
    time.<Lease>await(voice.acquireAsync()).close();
    time.advance(Duration.ofMinutes(1));
    assertThat(voice.status().state()).isEqualTo(DeploymentState.RUNNING);

    time.advance(Duration.ofMinutes(1));

    assertThat(voice.status().state()).isEqualTo(DeploymentState.STANDBY);
    assertThat(voice.cost().total().amount()).isGreaterThanOrEqualTo(new BigDecimal("1.2"));
  }

  @RepeatedTest(2)
  void everyTest_beginsWithoutInstances() {
    assertThat(provider.existing()).isEmpty();
    time.await(autoDeploy.deployment("voice").acquireAsync());
    assertThat(provider.existing()).hasSize(1);
  }

  @Test
  void nothingElseOfTheApplication_isThere() {
    assertThat(context.getBeansOfType(NeedsADatabase.class)).isEmpty();
    assertThat(context.containsBean("autoDeployServlet")).isFalse();
    assertThat(Files.exists(Path.of("state-of-the-application"))).isFalse();
  }
}
