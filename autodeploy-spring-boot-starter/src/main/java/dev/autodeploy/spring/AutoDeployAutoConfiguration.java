package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Cluster;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.micrometer.AutoDeployMetrics;
import dev.autodeploy.spi.InstanceProvider;
import io.micrometer.core.instrument.binder.MeterBinder;
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

/** The engine, where its instances run, and its meters. */
@AutoConfiguration(after = AutoDeployClusterAutoConfiguration.class)
@ConditionalOnProperty(
    prefix = AutoDeployProperties.PREFIX,
    name = "enabled",
    matchIfMissing = true)
@EnableConfigurationProperties(AutoDeployProperties.class)
class AutoDeployAutoConfiguration {

  @Bean
  @ConditionalOnMissingBean({InstanceProvider.class, Cluster.class})
  @ConditionalOnProperty(
      prefix = AutoDeployProperties.PREFIX + ".cluster",
      name = "enabled",
      havingValue = "false",
      matchIfMissing = true)
  InstanceProvider autoDeployProvider(AutoDeployProperties properties, ResourceLoader loader) {
    return Providers.of(properties, loader.getClassLoader());
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
      ObjectProvider<InstanceProvider> provider,
      ObjectProvider<Cluster> cluster,
      EngineHost host,
      ObjectProvider<DeploymentListener> listeners,
      ObjectProvider<AutoDeployCustomizer> customizers,
      ObjectProvider<DeploymentSpec> specs) {
    return new EngineFactory(properties, environment, host)
        .create(
            builder -> {
              Cluster replicas = cluster.getIfAvailable();
              if (replicas != null) {
                builder.cluster(replicas);
              } else {
                builder.provider(provider.getObject());
              }
            },
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
