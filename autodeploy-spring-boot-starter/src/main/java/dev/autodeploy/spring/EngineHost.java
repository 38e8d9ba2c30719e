package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;

/**
 * Builds the application's engine and closes it. A bean of this takes the place of {@code
 * AutoDeploy.Builder.build()} and {@code AutoDeploy.close()}, such as that of a test whose time is
 * virtual.
 */
public interface EngineHost {

  /**
   * Builds the engine.
   *
   * @param builder has what properties and customizers have set
   * @return the engine
   */
  default AutoDeploy build(AutoDeploy.Builder builder) {
    return builder.build();
  }

  /**
   * Closes the engine. Called at least once, and more often, like {@link AutoDeploy#close()}.
   *
   * @param engine the engine
   */
  default void close(AutoDeploy engine) {
    engine.close();
  }
}
