package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.ErrorCode;
import java.util.LinkedHashMap;
import java.util.Map;

/** The details shown of deployments; reading it never starts an instance. */
final class StatusDetails {
  private StatusDetails() {}

  static Map<String, Object> ofAll(AutoDeploy engine) {
    Map<String, Object> all = new LinkedHashMap<>();
    engine.deployments().forEach(one -> all.put(one.name(), of(one)));
    return all;
  }

  /**
   * Returns the health of this replica.
   *
   * @return one that does not serve while no leader of several replicas is reached
   */
  static Replica ofReplica(AutoDeploy engine) {
    try {
      return new Replica(true, ofAll(engine));
    } catch (AutoDeployException e) {
      if (e.code() != ErrorCode.NOT_LEADING) {
        throw e;
      }
      return new Replica(false, Map.of("reason", String.valueOf(e.getMessage())));
    }
  }

  /** The health of one of several replicas, or of the only one. */
  record Replica(boolean serves, Map<String, Object> details) {}

  static Map<String, Object> of(Deployment deployment) {
    DeploymentStatus status = deployment.status();
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("state", status.state().name());
    details.put("instances", status.instances().size());
    details.put("inFlight", status.inFlight());
    details.put("pending", status.pending());
    details.put("requests", status.requests());
    details.put("coldStarts", status.coldStarts());
    details.put("startFailures", status.startFailures());
    if (status.lastFailure() != null) {
      details.put("lastFailure", status.lastFailure().kind().name());
    }
    if (status.backoffUntil() != null) {
      details.put("backoffUntil", status.backoffUntil().toString());
    }
    details.put("cost", deployment.cost().total().toString());
    return details;
  }
}
