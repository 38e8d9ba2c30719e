package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.micrometer.AutoDeployMetrics;
import dev.autodeploy.spi.InstanceProvider;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.io.ResourceLoader;
import org.springframework.util.ClassUtils;

/** The engine, where its instances run, and its meters. */
@AutoConfiguration
@ConditionalOnProperty(
    prefix = AutoDeployProperties.PREFIX,
    name = "enabled",
    matchIfMissing = true)
@EnableConfigurationProperties(AutoDeployProperties.class)
class AutoDeployAutoConfiguration {
  private static final String DOCKER = "dev.autodeploy.docker.DockerInstanceProvider";

  @Bean
  @ConditionalOnMissingBean
  InstanceProvider autoDeployProvider(AutoDeployProperties properties, ResourceLoader loader) {
    boolean dockerIsThere = ClassUtils.isPresent(DOCKER, loader.getClassLoader());
    return provider(properties.provider(), dockerIsThere);
  }

  static InstanceProvider provider(@Nullable String name, boolean dockerIsThere) {
    String chosen = name != null ? name : dockerIsThere ? "docker" : "local";
    return switch (chosen) {
      case "local" -> LocalProcessProvider.create();
      case "docker" -> {
        if (!dockerIsThere) {
          throw new InvalidPropertiesException(
              "provider",
              "docker needs autodeploy-docker on the class path",
              new ClassNotFoundException(DOCKER));
        }
        yield Docker.create();
      }
      default ->
          throw new InvalidPropertiesException(
              "provider",
              "must be docker or local, but was '"
                  + chosen
                  + "'; for another one, define a bean of InstanceProvider",
              new IllegalArgumentException(chosen));
    };
  }

  /** Loaded only where autodeploy-docker is there. */
  private static final class Docker {
    static InstanceProvider create() {
      return DockerInstanceProvider.create();
    }
  }

  @Bean
  @ConditionalOnMissingBean
  EngineHost autoDeployHost() {
    return new EngineHost() {};
  }

  @Bean
  @ConditionalOnMissingBean(AutoDeploy.class)
  OwnedEngine autoDeployEngine(
      AutoDeployProperties properties,
      Environment environment,
      InstanceProvider provider,
      EngineHost host,
      ObjectProvider<DeploymentListener> listeners,
      ObjectProvider<AutoDeployCustomizer> customizers,
      ObjectProvider<DeploymentSpec> specs) {
    return new EngineFactory(properties, environment, host)
        .create(
            provider,
            listeners.orderedStream().toList(),
            customizers.orderedStream().toList(),
            specs.orderedStream().toList());
  }

  @Bean(destroyMethod = "")
  @ConditionalOnMissingBean
  AutoDeploy autoDeploy(OwnedEngine owned) {
    return owned.engine();
  }

  @Bean
  @ConditionalOnMissingBean
  AutoDeployLifecycle autoDeployLifecycle(AutoDeploy autoDeploy, EngineHost host) {
    return new AutoDeployLifecycle(autoDeploy, host);
  }

  /** The meters, where the application has any. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(MeterBinder.class)
  static class Metrics {
    @Bean
    @ConditionalOnMissingBean
    AutoDeployMetrics autoDeployMetrics(AutoDeploy autoDeploy) {
      return AutoDeployMetrics.of(autoDeploy);
    }
  }
}
