package consumer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.testing.InstancePlan;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.SimulatedProvider;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A test of an application against a cold start, in virtual time. */
class ColdStartTest {
  @Test
  void acquire_waitsForTheColdStart() {
    ManualTime time = ManualTime.create();
    SimulatedProvider provider = SimulatedProvider.on(time);
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(40)));
    AutoDeploy autoDeploy = time.build(AutoDeploy.builder().provider(provider));
    Deployment voice = autoDeploy.deploy(DeploymentSpec.builder("voice").port(8080).build());

    CompletableFuture<Lease> lease = voice.acquireAsync();
    time.advance(Duration.ofSeconds(41));
    assertTrue(lease.isDone());

    time.close(autoDeploy);
  }
}
