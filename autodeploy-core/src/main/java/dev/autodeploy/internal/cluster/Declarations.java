package dev.autodeploy.internal.cluster;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.wire.WireJson;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The deployments that the host of one replica has declared. Guarded by the replica's lock. */
final class Declarations {
  private static final Logger LOG = LoggerFactory.getLogger(Declarations.class);

  private final Map<String, DeploymentSpec> specs = new LinkedHashMap<>();

  /** The names of those that no leader has taken yet. */
  private final Set<String> untold = new LinkedHashSet<>();

  void add(DeploymentSpec spec) {
    specs.put(spec.name(), spec);
    untold.add(spec.name());
  }

  /** A leader has taken a specification. */
  void told(DeploymentSpec spec) {
    if (spec.equals(specs.get(spec.name()))) {
      untold.remove(spec.name());
    }
  }

  void remove(String name) {
    specs.remove(name);
    untold.remove(name);
  }

  @Nullable DeploymentSpec find(String name) {
    return specs.get(name);
  }

  List<String> names() {
    return List.copyOf(specs.keySet());
  }

  /** Returns those that another replica can be told of, and that no leader has taken. */
  List<DeploymentSpec> tellable() {
    return untold.stream().map(specs::get).filter(WireJson::isPortable).toList();
  }

  /**
   * Brings an engine in line with those that no leader has taken, and with those that have parts of
   * this application's own, which are not stored. One that it refuses does not stop the others.
   */
  void declareTo(Engine engine) {
    for (DeploymentSpec spec : List.copyOf(specs.values())) {
      if (!untold.contains(spec.name()) && WireJson.isPortable(spec)) {
        continue;
      }
      try {
        engine.deploy(spec);
        told(spec);
      } catch (RuntimeException | Error e) {
        LOG.error(
            "Deployment '{}' could not be declared when this replica began to lead",
            spec.name(),
            e);
      }
    }
  }
}
