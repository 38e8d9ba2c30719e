package dev.autodeploy.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import dev.autodeploy.DeploymentSpec;

/** Changes how the container of an instance is created. Thread-safe. */
@FunctionalInterface
public interface ContainerCustomizer {

  /**
   * Changes the create command of a container before it is sent. What it throws fails the start,
   * and is told as a failure of the customizer.
   *
   * @param command the command as it would be sent; name and labels stay what they are
   * @param spec the deployment's specification
   * @param instanceId the instance
   * @return the command to send
   */
  CreateContainerCmd customize(CreateContainerCmd command, DeploymentSpec spec, String instanceId);
}
