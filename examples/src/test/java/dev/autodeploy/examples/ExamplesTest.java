package dev.autodeploy.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Runs each example as a reader would: in a process of its own. */
class ExamplesTest {

  @Test
  void inProcess_isAnsweredByAnInstance_andTellsItsCost() throws Exception {
    assertThat(run(InProcessMain.class))
        .containsPattern("hello-\\w+ answered: hello from an instance")
        .containsPattern("cold start: true, held PT")
        .containsPattern("RUNNING, cost 0\\.0*[1-9]\\d* USD");
  }

  @Test
  void customIdlePolicy_keepsOneInstanceForAllCalls() throws Exception {
    assertThat(run(CustomIdlePolicyMain.class))
        .containsOnlyOnce("cold start: true")
        .contains("cold start: false")
        .containsPattern("is kept until \\d{4}-");
  }

  @Test
  void customInstanceProvider_isAllThatAnEngineNeeds() throws Exception {
    assertThat(run(CustomInstanceProviderMain.class))
        .containsPattern("hello-\\w+ answers at http://127\\.0\\.0\\.1:\\d+")
        .endsWith("closed, and nothing is left\n");
  }

  private static String run(Class<?> example) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                example.getName())
            .redirectErrorStream(true)
            .start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(output).isZero();
      return output;
    } finally {
      process.destroyForcibly();
    }
  }
}
