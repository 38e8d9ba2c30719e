package dev.autodeploy.proxy.gateway;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import java.util.List;
import java.util.Optional;

/** The deployments that a link serves: what the gateway needs of an engine. */
public interface Deployments {

  /**
   * Finds a deployment.
   *
   * @param name its name, as the link holds it
   * @return the deployment, or empty if there is none
   */
  Optional<Deployment> find(String name);

  /**
   * Returns all deployments.
   *
   * @return the deployments, in the order in which they were made
   */
  List<Deployment> all();

  /**
   * Returns the deployments of an engine.
   *
   * @param autoDeploy the engine
   * @return its deployments
   */
  static Deployments of(AutoDeploy autoDeploy) {
    return new Deployments() {
      @Override
      public Optional<Deployment> find(String name) {
        return autoDeploy.find(name);
      }

      @Override
      public List<Deployment> all() {
        return autoDeploy.deployments();
      }
    };
  }
}
