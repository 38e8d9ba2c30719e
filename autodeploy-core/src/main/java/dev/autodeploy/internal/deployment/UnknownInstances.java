package dev.autodeploy.internal.deployment;

import dev.autodeploy.spi.ProviderInstance;
import java.util.List;

/** The reader of what a deployment sees of instances that are not its own. */
public interface UnknownInstances {

  /** Looks through a list of the provider that was made to verify a release. */
  void seen(List<ProviderInstance> listed);

  /**
   * Releases an instance that came up only after its release had been verified, and verifies that.
   *
   * @return whether it does: not while the engine is being closed
   */
  boolean startedAfterRelease(ProviderInstance late);
}
