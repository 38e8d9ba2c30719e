package dev.autodeploy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.servlet.AutoDeployServlet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;

/** A WebFlux application has an engine, and is told where it asks for more. */
final class ReactiveApplicationTest {
  private final ReactiveWebApplicationContextRunner context =
      new ReactiveWebApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  AutoDeployReactiveAutoConfiguration.class,
                  AutoDeployAutoConfiguration.class,
                  AutoDeployLinksAutoConfiguration.class,
                  AutoDeployPageAutoConfiguration.class))
          .withPropertyValues(
              "autodeploy.provider=local",
              "autodeploy.deployments.voice.port=0",
              "autodeploy.deployments.voice.start-command=x");

  @Test
  void engine_isThere_withoutLinks() {
    context.run(
        run -> {
          assertThat(run).hasNotFailed().doesNotHaveBean(AutoDeployServlet.class);
          assertThat(run.getBean(AutoDeploy.class).deployment("voice")).isNotNull();
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"links.enabled=true", "links.bearer-tokens.mei=secret", "page.actions=true"})
  void linksAndPage_areRefusedByName(String property) {
    String group = property.substring(0, property.indexOf('.'));
    context
        .withPropertyValues("autodeploy." + property)
        .run(
            run ->
                assertThat(run)
                    .getFailure()
                    .rootCause()
                    .isInstanceOf(InvalidPropertiesException.class)
                    .hasMessageStartingWith("autodeploy." + group + ": needs a servlet container")
                    .hasMessageNotContaining("secret"));
  }

  @Test
  void linksThatAreOff_mayKeepTheirOtherProperties() {
    context
        .withPropertyValues(
            "autodeploy.links.enabled=false",
            "autodeploy.links.max-wait=20m",
            "autodeploy.page.enabled=false")
        .run(run -> assertThat(run).hasNotFailed());
  }
}
