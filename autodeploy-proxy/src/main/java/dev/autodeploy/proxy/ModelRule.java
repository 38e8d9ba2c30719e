package dev.autodeploy.proxy;

import org.jspecify.annotations.Nullable;

/** A host application's own way to find the deployment that serves a model. */
@FunctionalInterface
public interface ModelRule {

  /**
   * Finds a deployment. Called once for each request, on a thread that may block for a moment; an
   * exception counts as null.
   *
   * @param request the request
   * @return the deployment's name, or null to leave it to the names and patterns
   */
  @Nullable String deploymentFor(ModelRequest request);
}
