package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.internal.wire.WireJson;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells leaders of the deployments that a replica's host has declared. Thread-safe. */
final class ToldDeclarations {
  private static final Logger LOG = LoggerFactory.getLogger(ToldDeclarations.class);

  private final Declarations declarations;
  private final ReentrantLock lock;

  /**
   * Makes one.
   *
   * @param lock guards the declarations
   */
  ToldDeclarations(Declarations declarations, ReentrantLock lock) {
    this.declarations = declarations;
    this.lock = lock;
  }

  /** Tells a leader of deployments, and waits. One that is gone meanwhile is not told. */
  void tell(RemoteLeader leader, List<DeploymentSpec> specs) {
    if (specs.isEmpty()) {
      return;
    }
    try {
      leader.get(RemoteCalls.DEPLOY, message(specs));
    } catch (AutoDeployException e) {
      if (isGone(e)) {
        LOG.debug("The next leader is told: {}", e.getMessage());
        return;
      }
      throw e;
    }
    told(specs);
  }

  /** Tells a leader of all of them, one after the other; completes in any case. */
  CompletableFuture<?> tellAll(RemoteLeader leader) {
    List<DeploymentSpec> specs;
    lock.lock();
    try {
      specs = declarations.tellable();
    } finally {
      lock.unlock();
    }
    CompletableFuture<?> all = CompletableFuture.completedFuture(true);
    for (DeploymentSpec spec : specs) {
      all = all.thenCompose(before -> tellLater(leader, spec));
    }
    return all;
  }

  private CompletableFuture<?> tellLater(RemoteLeader leader, DeploymentSpec spec) {
    return leader
        .askInTime(RemoteCalls.DEPLOY, message(List.of(spec)))
        .handle(
            (done, error) -> {
              if (error == null) {
                told(List.of(spec));
              } else if (isGone(Errors.unwrap(error))) {
                LOG.debug("The next leader is told: {}", error.getMessage());
              } else {
                LOG.error("The leader refuses deployment '{}'", spec.name(), error);
              }
              return error == null;
            });
  }

  private static boolean isGone(Throwable error) {
    return error instanceof AutoDeployException e
        && (e.code() == ErrorCode.NOT_LEADING || e.code() == ErrorCode.CLOSED);
  }

  private static ObjectNode message(List<DeploymentSpec> specs) {
    ObjectNode args = WireJson.object();
    args.set("specs", WireJson.write(specs));
    return args;
  }

  private void told(List<DeploymentSpec> specs) {
    lock.lock();
    try {
      specs.forEach(declarations::told);
    } finally {
      lock.unlock();
    }
  }
}
