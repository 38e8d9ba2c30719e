package dev.autodeploy.spring.test;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.spring.EngineHost;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.SimulatedProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Virtual time, and instances that are simulated on it. */
@AutoConfiguration(beforeName = "dev.autodeploy.spring.AutoDeployAutoConfiguration")
class AutoDeployTestAutoConfiguration {

  @Bean
  @ConditionalOnMissingBean
  ManualTime autoDeployTestTime() {
    return ManualTime.create();
  }

  @Bean
  @ConditionalOnMissingBean
  SimulatedProvider autoDeployTestProvider(ManualTime time) {
    return SimulatedProvider.on(time);
  }

  @Bean
  EngineHost autoDeployTestHost(ManualTime time) {
    return new EngineHost() {
      @Override
      public AutoDeploy build(AutoDeploy.Builder builder) {
        return time.build(builder);
      }

      @Override
      public void close(AutoDeploy engine) {
        time.close(engine);
      }
    };
  }
}
