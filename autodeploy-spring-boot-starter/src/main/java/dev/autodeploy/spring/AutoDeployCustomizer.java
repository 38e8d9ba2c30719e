package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;

/** A bean that changes the engine's builder after the properties and before it is built. */
@FunctionalInterface
public interface AutoDeployCustomizer {

  /**
   * Changes settings of the engine.
   *
   * @param builder the builder
   */
  void customize(AutoDeploy.Builder builder);
}
