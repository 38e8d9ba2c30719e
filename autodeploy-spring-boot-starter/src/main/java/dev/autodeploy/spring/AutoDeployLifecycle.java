package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;
import org.springframework.context.SmartLifecycle;

/**
 * Closes the engine, which releases its instances, after the web server has finished its requests
 * and before the beans are destroyed.
 */
final class AutoDeployLifecycle implements SmartLifecycle {
  /** After the phases in which Boot's web servers drain (the default less 1024) and stop (2048). */
  static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 4096;

  private final AutoDeploy engine;
  private final EngineHost host;
  private volatile boolean running;

  AutoDeployLifecycle(AutoDeploy engine, EngineHost host) {
    this.engine = engine;
    this.host = host;
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    host.close(engine);
  }

  /** Does not hold up the phase: the destruction of the engine waits for the same. */
  @Override
  public void stop(Runnable callback) {
    Thread closing =
        new Thread(
            () -> {
              try {
                stop();
              } finally {
                callback.run();
              }
            },
            "autodeploy-spring-close-0");
    closing.start();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }
}
