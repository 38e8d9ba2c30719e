package dev.autodeploy.internal.cluster;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.engine.Engine;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The deployments that the host of one replica has declared. Guarded by the replica's lock. */
final class Declarations {
  private static final Logger LOG = LoggerFactory.getLogger(Declarations.class);

  private final Map<String, DeploymentSpec> specs = new LinkedHashMap<>();

  void add(DeploymentSpec spec) {
    specs.put(spec.name(), spec);
  }

  void remove(String name) {
    specs.remove(name);
  }

  @Nullable DeploymentSpec find(String name) {
    return specs.get(name);
  }

  List<String> names() {
    return List.copyOf(specs.keySet());
  }

  /** Brings an engine in line with all of them. One that it refuses does not stop the others. */
  void declareTo(Engine engine) {
    for (DeploymentSpec spec : List.copyOf(specs.values())) {
      try {
        engine.deploy(spec);
      } catch (RuntimeException | Error e) {
        LOG.error(
            "Deployment '{}' could not be declared when this replica began to lead",
            spec.name(),
            e);
      }
    }
  }
}
