package dev.autodeploy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Properties in an application.yaml, whose words mean other things than in other files. */
final class YamlApplicationTest {
  @TempDir private Path directory;

  @Test
  void quotedTexts_areWhatIsWritten() throws IOException {
    run("""
    autodeploy:
      provider: local
      price-per-hour: 0.49 USD
      budget: {amount: 20.00, currency: USD}
      deployments:
        voice:
          image: "1.10"
          port: 8080
          start-command: serve
          cpus: 1.50
          prepare-ahead: no
          pinned: on
          concurrency: 4
          shared-memory-bytes: 2_000_000
          start-timeout: 90s
          environment:
            DEBUG: 'on'
            LEVEL: 3
            RATE: 0.5
            WHEN: 2026-11-26
            VERBOSE: true
            START: 08:30
            NAME: &name voice
            ALIAS: *name
          schedule:
            zone: Europe/Berlin
            windows: [{days: MON-FRI, from: 08:30, to: "18:00", warm: 1}]
    """)
        .run(
            context -> {
              DeploymentSpec spec = context.getBean(AutoDeploy.class).deployment("voice").spec();
              assertThat(spec.environment())
                  .isEqualTo(
                      Map.of(
                          "DEBUG", "on",
                          "LEVEL", "3",
                          "RATE", "0.5",
                          "WHEN", "2026-11-26",
                          "VERBOSE", "true",
                          "START", "08:30",
                          "NAME", "voice",
                          "ALIAS", "voice"));
              assertThat(spec.image()).isEqualTo("1.10");
              assertThat(spec.cpus()).isEqualTo(1.5);
              assertThat(spec.pinned()).isTrue();
              assertThat(spec.prepareAhead()).isFalse();
              assertThat(spec.sharedMemoryBytes()).isEqualTo(2_000_000);
              assertThat(spec.startTimeout()).isEqualTo(Duration.ofSeconds(90));
              assertThat(spec.schedule().windows().get(0).toText()).isEqualTo("18:00");
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "schedule: {windows: [{days: MON, from: 08:30, to: 18:00, warm: 1}]}"
            + "| schedule.windows[0].to: 18:00 is read as 1080 | write '18:00' in quotes",
        "schedule: {windows: [{days: MON, from: 9:00, to: '18:00', warm: 1}]}"
            + "| schedule.windows[0].from: 9:00 is read as 540 | in quotes",
        "working-directory: 0123 | working-directory: 0123 is read as 83 | in quotes",
        "snapshot: 1.10 | snapshot: 1.10 is read as 1.1 | in quotes",
        "snapshot: &tag 1.10 | snapshot: 1.10 is read as 1.1 | in quotes",
        "snapshot: 1e3 | snapshot: 1e3 is read as 1000.0 | in quotes",
        "description: yes # or no | description: yes is read as true | in quotes",
        "arguments: [--level, on] | arguments[1]: on is read as true | in quotes",
        "idle-timeout: 5:00 | idle-timeout: 5:00 is read as 300 | in quotes",
        "start-timeout: 12:30:45 | start-timeout: 12:30:45 is read as 45045 | in quotes",
        "port: 010 | port: 010 is read as 8 | in quotes",
        "environment: {DEBUG: off} | environment.debug: what is written | in quotes",
        "readiness: {type: http, headers: {x-level: 0x1f}} | headers.x-level: what is | in quotes",
      })
  void misreadValue_isAnErrorThatNamesThePropertyAndTheLine(
      String setting, String error, String advice) throws IOException {
    run("autodeploy:\n  provider: local\n  deployments:\n    voice:\n      " + setting + "\n")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .isInstanceOf(InvalidPropertiesException.class)
                    .hasMessageStartingWith("autodeploy.deployments.voice.")
                    .hasMessageContaining(error.strip())
                    .hasMessageContaining(advice.strip())
                    .hasMessageContaining("application.yaml] - 5:"));
  }

  @Test
  void misreadValue_thatAnotherSourceHides_doesNotCount() throws IOException {
    run("autodeploy: {provider: local, owner: 0123}")
        .withPropertyValues("autodeploy.owner=mine")
        .run(context -> assertThat(context.getBean(AutoDeploy.class).owner()).isEqualTo("mine"));
  }

  private ApplicationContextRunner run(String yaml) throws IOException {
    Files.writeString(directory.resolve("application.yaml"), yaml);
    return new ApplicationContextRunner()
        .withPropertyValues("spring.config.location=" + directory.toUri())
        .withInitializer(new ConfigDataApplicationContextInitializer())
        .withConfiguration(
            AutoConfigurations.of(
                AutoDeployClusterAutoConfiguration.class, AutoDeployAutoConfiguration.class));
  }
}
