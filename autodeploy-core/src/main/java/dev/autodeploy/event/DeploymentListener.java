package dev.autodeploy.event;

/**
 * Gets the events of all deployments of an engine.
 *
 * <p>Called on the callback executor, one event at a time, in the order in which they happened. It
 * should be quick; what it throws is logged and hurts nobody.
 */
@FunctionalInterface
public interface DeploymentListener {

  /**
   * Called for every event.
   *
   * @param event what happened
   */
  void onEvent(DeploymentEvent event);
}
