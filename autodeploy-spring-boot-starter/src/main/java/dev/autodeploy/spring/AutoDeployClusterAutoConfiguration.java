package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Cluster;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.LeaderElection;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.core.io.ResourceLoader;

/** Several replicas of the application, of which one leads. */
@AutoConfiguration
@ConditionalOnProperty(
    prefix = AutoDeployProperties.PREFIX,
    name = "enabled",
    matchIfMissing = true)
@EnableConfigurationProperties(AutoDeployProperties.class)
class AutoDeployClusterAutoConfiguration {

  /** A replica by properties; a bean of {@link Cluster} takes the place of all of it. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnMissingBean({AutoDeploy.class, Cluster.class})
  @ConditionalOnProperty(
      prefix = AutoDeployProperties.PREFIX + ".cluster",
      name = "enabled",
      havingValue = "true")
  static class ByProperties {

    /** A replica begins with a new provider each time that it leads. */
    @Bean
    @Scope("prototype")
    @ConditionalOnMissingBean
    InstanceProvider autoDeployProvider(AutoDeployProperties properties, ResourceLoader loader) {
      return Providers.of(properties, loader.getClassLoader());
    }

    @Bean(destroyMethod = "") // closed with the replica
    @ConditionalOnMissingBean
    LeaderElection autoDeployElection(
        AutoDeployProperties properties,
        ObjectProvider<DataSource> sources,
        ResourceLoader loader) {
      return Replicas.election(properties, sources, loader.getClassLoader());
    }

    @Bean
    Cluster autoDeployCluster(
        AutoDeployProperties properties,
        LeaderElection election,
        ObjectProvider<InstanceProvider> providers,
        ConfigurableListableBeanFactory beans) {
      for (String name : beans.getBeanNamesForType(InstanceProvider.class, true, false)) {
        if (!beans.isPrototype(name)) {
          throw new InvalidPropertiesException(
              "cluster.enabled",
              "needs a new provider each time that a replica begins to lead: give the bean '"
                  + name
                  + "' the scope \"prototype\"",
              new IllegalArgumentException(name));
        }
      }
      return Replicas.of(properties, election, providers::getObject);
    }
  }

  /** Before the web server stops taking requests, another replica takes over. */
  @Bean
  @ConditionalOnBean(Cluster.class)
  HandOverLifecycle autoDeployHandOverLifecycle(AutoDeploy engine) {
    return new HandOverLifecycle(engine);
  }
}
