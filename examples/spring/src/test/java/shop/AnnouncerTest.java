package shop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.Lease;
import dev.autodeploy.spring.test.AutoDeployTest;
import dev.autodeploy.testing.InstancePlan;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.SimulatedProvider;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Import;

/**
 * The application's deployments on virtual time: minutes take milliseconds, and nothing is started.
 */
@AutoDeployTest
@Import(Announcer.class)
class AnnouncerTest {
  @Autowired Announcer announcer;
  @Autowired AutoDeploy autoDeploy;
  @Autowired ManualTime time;
  @Autowired SimulatedProvider provider;
  @Autowired ApplicationContext context;

  @Test
  void slowStart_isAnsweredByNothing_andServesTheNextCustomer() {
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(40)));

    CompletableFuture<Optional<byte[]>> first = announcer.speak("hello");
    time.advance(Announcer.PATIENCE);
    assertThat(first).isCompletedWithValue(Optional.empty());

    time.advance(Duration.ofSeconds(11));
    assertThat(autoDeploy.deployment("breezyvoice").status().state())
        .isEqualTo(DeploymentState.RUNNING);
  }

  @Test
  void idleInstance_isReleasedAfterFiveMinutes() {
    Deployment voice = autoDeploy.deployment("breezyvoice");
    time.<Lease>await(voice.acquireAsync()).close();

    time.advance(Duration.ofMinutes(5).minusSeconds(1));
    assertThat(provider.existing()).hasSize(1);
    time.advance(Duration.ofSeconds(1));
    assertThat(provider.existing()).isEmpty();
  }

  @Test
  void slice_hasNothingElseOfTheApplication() {
    assertThat(context.getBeansOfType(AnnouncementsController.class)).isEmpty();
    assertThat(context.getBeansOfType(Security.class)).isEmpty();
  }
}
