package dev.autodeploy.reliability;

import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the instances that had been ready and ended by themselves. */
final class Crashes implements DeploymentListener {
  private final AtomicInteger count = new AtomicInteger();

  @Override
  public void onEvent(DeploymentEvent event) {
    if (event instanceof DeploymentEvent.InstanceExited) {
      count.incrementAndGet();
    }
  }

  int count() {
    return count.get();
  }
}
