package dev.autodeploy.spring;

import dev.autodeploy.console.Console;

/** A bean that changes the page's builder after the properties and before it is mounted. */
@FunctionalInterface
public interface PageCustomizer {

  /**
   * Changes settings of the page.
   *
   * @param builder the builder
   */
  void customize(Console.Builder builder);
}
