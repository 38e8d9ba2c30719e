package dev.autodeploy.spi;

import dev.autodeploy.DeploymentSpec;
import java.util.Collection;
import java.util.concurrent.CompletionStage;

/**
 * An {@link InstanceProvider} that looks after what the next starts need: images, snapshots,
 * volumes, networks. A provider implements it beside; the others need none of that. Thread-safe.
 *
 * <p>Something that is missing is told with {@link InstanceObserver#degraded}, and told again when
 * it is back.
 */
public interface ResourceKeeper {

  /**
   * Holds what the next starts of these deployments need against being cleaned up, lets go what
   * earlier calls held for others, and looks whether something is missing. Called on the provider
   * executor after every change of the deployments and every half minute; may block.
   *
   * @param deployments all deployments of the engine
   * @param lasting whether they outlive the engine
   * @return completes when it has looked
   */
  CompletionStage<Void> keep(Collection<DeploymentSpec> deployments, boolean lasting);
}
