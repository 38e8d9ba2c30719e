package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.InstanceExit;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A lease on a follower that does not keep its instance: the leader knows nothing of it, and it is
 * not told of the end of the instance.
 */
record BorrowedLease(String deployment, String instanceId, URI endpoint) implements Lease {

  static BorrowedLease read(String deployment, JsonNode lent) {
    return new BorrowedLease(
        deployment, lent.path("instance").asText(), URI.create(lent.path("endpoint").asText()));
  }

  @Override
  public boolean coldStart() {
    return false;
  }

  @Override
  public Duration waited() {
    return Duration.ZERO;
  }

  @Override
  public CompletionStage<InstanceExit> lost() {
    return new CompletableFuture<>();
  }

  @Override
  public void close() {}
}
