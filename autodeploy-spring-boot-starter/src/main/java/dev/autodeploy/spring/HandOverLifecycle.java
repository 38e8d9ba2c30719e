package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;
import org.springframework.context.SmartLifecycle;

/** Lets another replica lead as the first step of a shutdown, while requests still finish here. */
final class HandOverLifecycle implements SmartLifecycle {
  private final AutoDeploy engine;
  private volatile boolean running;

  HandOverLifecycle(AutoDeploy engine) {
    this.engine = engine;
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    engine.handOver();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** Before the phase in which Boot's web servers drain. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }
}
