package dev.autodeploy.spi;

import org.jspecify.annotations.Nullable;

/**
 * A receiver of what happens to a provider's instances. Thread-safe; calls return at once. Calls
 * about instances that the engine does not know are ignored.
 */
public interface InstanceObserver {

  /**
   * Tells that an instance has ended by itself. To be called as soon as that is noticed, for
   * instances that were started as well as for those that were listed; repeated calls do no harm.
   *
   * @param instanceId the instance
   * @param exit how it ended
   */
  void exited(String instanceId, InstanceExit exit);

  /**
   * Tells how far a start is.
   *
   * @param instanceId the instance
   * @param progress how far
   */
  void progress(String instanceId, StartProgress progress);

  /**
   * Tells that something is missing which the next start of a deployment needs, or that nothing is
   * any longer. Repeated calls do no harm. The default ignores it.
   *
   * @param deployment the deployment's name
   * @param reason what is missing and what comes of it, or null if all is there
   */
  default void degraded(String deployment, @Nullable String reason) {}
}
