package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/** The actuator endpoint {@code autodeploy}: the state of all deployments, or of one. */
@Endpoint(id = "autodeploy")
final class AutoDeployEndpoint {
  private final AutoDeploy engine;

  AutoDeployEndpoint(AutoDeploy engine) {
    this.engine = engine;
  }

  @ReadOperation
  public Map<String, Object> deployments() {
    return Map.of("deployments", StatusDetails.ofAll(engine));
  }

  @ReadOperation
  public @Nullable Map<String, Object> deployment(@Selector String name) {
    return engine.find(name).map(StatusDetails::of).orElse(null);
  }
}
