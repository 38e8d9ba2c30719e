package dev.autodeploy.spring;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.InvalidDeploymentsFileException;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/** Builds the engine from properties and beans. */
final class EngineFactory {
  private static final String NEVER = "never";

  private final AutoDeployProperties properties;
  private final Environment environment;
  private final EngineHost host;

  EngineFactory(AutoDeployProperties properties, Environment environment, EngineHost host) {
    this.properties = properties;
    this.environment = environment;
    this.host = host;
  }

  OwnedEngine create(
      Consumer<AutoDeploy.Builder> instances,
      List<DeploymentListener> listeners,
      List<AutoDeployCustomizer> customizers,
      List<DeploymentSpec> beans) {
    List<String> misread = YamlReadings.wrong(environment);
    if (!misread.isEmpty()) {
      throw new InvalidPropertiesException(misread);
    }
    List<DeploymentSpec> specs = new ArrayList<>(PropertySpecs.of(properties.deployments(), raw()));
    specs.addAll(beans);
    AutoDeploy.Builder builder = AutoDeploy.builder();
    instances.accept(builder);
    apply(builder);
    listeners.forEach(builder::listener);
    customizers.forEach(one -> one.customize(builder));
    AutoDeploy engine = build(builder);
    try {
      engine.deployAll(specs);
    } catch (RuntimeException e) {
      host.close(engine);
      throw e;
    }
    return new OwnedEngine(engine, host);
  }

  private AutoDeploy build(AutoDeploy.Builder builder) {
    try {
      return host.build(builder);
    } catch (InvalidDeploymentsFileException e) {
      throw new InvalidPropertiesException("deployments-file", "\n" + e.getMessage(), e);
    }
  }

  /** Returns the properties of deployments as they are written. */
  private Map<String, Map<String, Object>> raw() {
    return Binder.get(environment)
        .bind(
            AutoDeployProperties.PREFIX + ".deployments",
            Bindable.mapOf(String.class, Object.class))
        .map(EngineFactory::maps)
        .orElse(Map.of());
  }

  @SuppressWarnings("unchecked") // of keys that are texts, as they were bound to such a map
  private static Map<String, Map<String, Object>> maps(Map<String, Object> bound) {
    Map<String, Map<String, Object>> maps = new LinkedHashMap<>();
    bound.forEach(
        (name, value) -> {
          if (value instanceof Map<?, ?> map) {
            maps.put(name, (Map<String, Object>) map);
          }
        });
    return maps;
  }

  private void apply(AutoDeploy.Builder builder) {
    builder.releaseOnShutdown(false); // the application context closes the engine
    if (properties.owner() != null) {
      String owner = properties.owner();
      set("owner", () -> builder.owner(owner));
    }
    if (isSet(properties.stateDirectory())) {
      builder.stateDirectory(requireNonNull(properties.stateDirectory()));
    }
    if (properties.idleTimeout() != null) {
      String text = properties.idleTimeout();
      set("idle-timeout", () -> builder.idlePolicy(idlePolicy(text)));
    }
    if (properties.pricePerHour() != null) {
      String text = properties.pricePerHour().strip();
      int space = text.lastIndexOf(' ');
      set(
          "price-per-hour",
          () ->
              builder.costMeter(
                  CostMeter.perHour(
                      space < 0 ? text : text.substring(0, space).strip(),
                      space < 0 ? "" : text.substring(space + 1))));
    }
    if (properties.budget() != null) {
      DeploymentProperties.Spending budget = properties.budget();
      set("budget", () -> builder.budget(PropertySpecs.budget(budget)));
    }
    if (properties.maxInstances() != null) {
      int value = properties.maxInstances();
      set("max-instances", () -> builder.maxInstances(value));
    }
    if (properties.hostMemoryBytes() != null) {
      long value = properties.hostMemoryBytes().toBytes();
      set("host-memory-bytes", () -> builder.hostMemoryBytes(value));
    }
    if (properties.drainTimeout() != null) {
      Duration value = properties.drainTimeout();
      set("drain-timeout", () -> builder.drainTimeout(value));
    }
    if (properties.releaseTimeout() != null) {
      Duration value = properties.releaseTimeout();
      set("release-timeout", () -> builder.releaseTimeout(value));
    }
    if (isSet(properties.deploymentsFile())) {
      builder.deploymentsFile(requireNonNull(properties.deploymentsFile()));
    }
    if (properties.watchDeploymentsFile() != null) {
      Duration value = properties.watchDeploymentsFile();
      set("watch-deployments-file", () -> builder.watchDeploymentsFile(value));
    }
    if (properties.keepInstancesOnClose() != null) {
      builder.keepInstancesOnClose(properties.keepInstancesOnClose());
    }
  }

  /** An empty property is none, so that a profile can take back what another one sets. */
  private static boolean isSet(@Nullable Path path) {
    return path != null && !path.toString().isEmpty();
  }

  private static IdlePolicy idlePolicy(String text) {
    return text.equals(NEVER)
        ? IdlePolicy.never()
        : IdlePolicy.after(Duration.parse(String.valueOf(PropertySpecs.isoOrText(text))));
  }

  /** Sets a value; an error names its property. */
  static void set(String property, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      throw new InvalidPropertiesException(property, String.valueOf(e.getMessage()), e);
    }
  }
}
