package dev.autodeploy.spring;

import dev.autodeploy.servlet.AutoDeployServlet;

/** A bean that changes the links' builder after the properties and before they are mounted. */
@FunctionalInterface
public interface LinksCustomizer {

  /**
   * Changes settings of the links.
   *
   * @param builder the builder
   */
  void customize(AutoDeployServlet.Builder builder);
}
