package dev.autodeploy.spring.test;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.testing.InstancePlan;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.SimulatedProvider;
import java.time.Duration;
import org.springframework.context.ApplicationContext;
import org.springframework.test.context.TestContext;
import org.springframework.test.context.TestContextAnnotationUtils;
import org.springframework.test.context.TestExecutionListener;

/** Releases what a test has left, so that the next one begins without instances. */
final class ReleaseAfterEachTest implements TestExecutionListener {

  @Override
  public void afterTestMethod(TestContext test) {
    if (!TestContextAnnotationUtils.hasAnnotation(test.getTestClass(), AutoDeployTest.class)
        || !test.hasApplicationContext()) {
      return;
    }
    ApplicationContext context = test.getApplicationContext();
    ManualTime time = context.getBean(ManualTime.class);
    context
        .getBeanProvider(SimulatedProvider.class)
        .ifAvailable(it -> it.plan(InstancePlan.readyAfter(Duration.ZERO)));
    for (Deployment deployment : context.getBean(AutoDeploy.class).deployments()) {
      time.await(deployment.releaseNow());
    }
  }
}
