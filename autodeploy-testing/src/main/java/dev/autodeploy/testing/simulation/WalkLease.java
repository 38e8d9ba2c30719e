package dev.autodeploy.testing.simulation;

import dev.autodeploy.Lease;
import dev.autodeploy.spi.InstanceExit;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** An open lease in a walk; the stage is null for one that does not want to be told of its loss. */
record WalkLease(Lease lease, WalkInstance instance, @Nullable CompletionStage<InstanceExit> lost) {

  /** Returns whether it keeps its instance, which is neither lost nor released by force. */
  boolean counts() {
    return instance.told == WalkInstance.Told.READY || instance.told == WalkInstance.Told.DRAINING;
  }
}
