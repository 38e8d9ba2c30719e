package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The actuator endpoint and the health of the engine. Reading them never starts an instance. */
@AutoConfiguration(after = AutoDeployAutoConfiguration.class)
@ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
@ConditionalOnBean(AutoDeploy.class)
class AutoDeployActuatorAutoConfiguration {

  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnAvailableEndpoint
  AutoDeployEndpoint autoDeployEndpoint(AutoDeploy autoDeploy) {
    return new AutoDeployEndpoint(autoDeploy);
  }

  /** The health of Boot 3. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(name = "org.springframework.boot.actuate.health.HealthIndicator")
  @ConditionalOnProperty(
      prefix = "management.health.autodeploy",
      name = "enabled",
      matchIfMissing = true)
  static class Boot3 {
    @Bean
    @ConditionalOnMissingBean(name = "autodeployHealthIndicator")
    org.springframework.boot.actuate.health.HealthIndicator autodeployHealthIndicator(
        AutoDeploy autoDeploy) {
      return () -> {
        StatusDetails.Replica replica = StatusDetails.ofReplica(autoDeploy);
        return new org.springframework.boot.actuate.health.Health.Builder(
                replica.serves()
                    ? org.springframework.boot.actuate.health.Status.UP
                    : org.springframework.boot.actuate.health.Status.OUT_OF_SERVICE)
            .withDetails(replica.details())
            .build();
      };
    }
  }

  /** The health of Boot 4. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(name = "org.springframework.boot.health.contributor.HealthIndicator")
  @ConditionalOnProperty(
      prefix = "management.health.autodeploy",
      name = "enabled",
      matchIfMissing = true)
  static class Boot4 {
    @Bean
    @ConditionalOnMissingBean(name = "autodeployHealthIndicator")
    org.springframework.boot.health.contributor.HealthIndicator autodeployHealthIndicator(
        AutoDeploy autoDeploy) {
      return () -> {
        StatusDetails.Replica replica = StatusDetails.ofReplica(autoDeploy);
        return new org.springframework.boot.health.contributor.Health.Builder(
                replica.serves()
                    ? org.springframework.boot.health.contributor.Status.UP
                    : org.springframework.boot.health.contributor.Status.OUT_OF_SERVICE)
            .withDetails(replica.details())
            .build();
      };
    }
  }
}
