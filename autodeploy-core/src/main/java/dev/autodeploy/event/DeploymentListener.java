package dev.autodeploy.event;

/**
 * Gets the events of all deployments of an engine.
 *
 * <p>Called on the callback executor, one event at a time, in the order in which they happened. It
 * should be quick; exceptions are logged and do not affect other listeners. If listeners are so
 * slow that 100,000 events wait, further ones are dropped until they have caught up, and the log
 * says how many.
 */
@FunctionalInterface
public interface DeploymentListener {

  /**
   * Called for an event.
   *
   * @param event what happened
   */
  void onEvent(DeploymentEvent event);
}
