package dev.autodeploy.spring;

import dev.autodeploy.servlet.AutoDeployServlet;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.springframework.context.SmartLifecycle;

/**
 * Refuses requests that are still held when the time for a graceful shutdown is almost over, so
 * that their callers get an answer and know when to try again. Until then their instances may
 * become ready, and serve them.
 */
final class HeldRequestsLifecycle implements SmartLifecycle {
  /** The phase in which Boot's web servers wait for their requests. */
  static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 1024;

  private static final Duration FOR_ANSWERS = Duration.ofSeconds(2);

  private final AutoDeployServlet links;
  private final Duration patience;
  private volatile boolean running;

  /**
   * Creates the lifecycle.
   *
   * @param links the links
   * @param phaseTimeout how long a phase of a shutdown may take
   */
  HeldRequestsLifecycle(AutoDeployServlet links, Duration phaseTimeout) {
    this.links = links;
    Duration left = phaseTimeout.minus(FOR_ANSWERS);
    patience = left.isNegative() ? phaseTimeout.dividedBy(2) : left;
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    links.refuseHeld();
  }

  @Override
  public void stop(Runnable callback) {
    Thread waiting =
        new Thread(
            () -> {
              try {
                long deadline = System.nanoTime() + patience.toNanos();
                while (links.held() > 0 && System.nanoTime() - deadline < 0) {
                  LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
                }
                stop();
              } finally {
                callback.run();
              }
            },
            "autodeploy-spring-held-0");
    waiting.start();
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
