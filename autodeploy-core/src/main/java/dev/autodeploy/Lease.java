package dev.autodeploy;

import dev.autodeploy.spi.InstanceExit;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * The right to use one instance: while it is open the instance is not released. Thread-safe.
 *
 * <p>Close it when the exchange is over, best by try-with-resources: the idle clock runs from the
 * last close. Closing is idempotent, does not block and never fails.
 */
public interface Lease extends AutoCloseable {

  /**
   * Returns the name of the deployment.
   *
   * @return the name
   */
  String deployment();

  /**
   * Returns the id of the instance.
   *
   * @return the id, unique over all deployments and time
   */
  String instanceId();

  /**
   * Returns where the instance answers.
   *
   * @return its base address, such as {@code http://127.0.0.1:49153}
   */
  URI endpoint();

  /**
   * Returns whether this caller waited for the instance to start.
   *
   * @return true if the instance became ready after the caller had asked
   */
  boolean coldStart();

  /**
   * Returns whether this caller waited for the instance to be woken.
   *
   * @return true if the instance slept, or was about to, when the caller asked
   */
  default boolean woken() {
    return false;
  }

  /**
   * Returns how long the caller was held before it got this lease.
   *
   * @return the time, zero if an instance was ready
   */
  Duration waited();

  /**
   * Returns a stage that completes if the instance ends, or is released by force, while this lease
   * is open. It completes on the callback executor; an exchange with the instance should then be
   * given up. It may never complete.
   *
   * @return the stage
   */
  CompletionStage<InstanceExit> lost();

  /**
   * Gives the instance back, and has it replaced because it does not answer: it takes no further
   * request, and is released when those in flight are over. Idempotent, like {@link #close()}.
   *
   * @param why what was found, in a sentence for people
   */
  default void abandon(String why) {
    close();
  }

  /** Gives the instance back. Idempotent. */
  @Override
  void close();
}
