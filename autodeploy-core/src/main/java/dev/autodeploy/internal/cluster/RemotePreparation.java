package dev.autodeploy.internal.cluster;

import dev.autodeploy.Preparation;
import dev.autodeploy.spi.StartProgress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A preparation at the leader, as a follower sees it. */
record RemotePreparation(ReplicaDeployment deployment, CompletableFuture<Boolean> result)
    implements Preparation {

  @Override
  public Optional<StartProgress> progress() {
    return result.isDone()
        ? Optional.empty()
        : Optional.ofNullable(deployment.status().preparation());
  }

  @Override
  public void cancel() {
    if (!result.isDone()) {
      deployment.cancelPreparation();
    }
  }
}
