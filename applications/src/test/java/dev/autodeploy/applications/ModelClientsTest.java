package dev.autodeploy.applications;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.proxy.ModelRouter;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The official clients of OpenAI, Anthropic and Ollama, with one base URL for two deployments. */
final class ModelClientsTest {
  private static final String TOKEN = "sk-0123456789abcdef";
  private static Path node;

  @BeforeAll
  static void packages() throws Exception {
    Needs.python("http.server");
    node = Needs.npm("openai@7", "@anthropic-ai/sdk@1", "ollama@0");
  }

  private static String command(String name) {
    return "exec /usr/bin/python3 -B '"
        + ApplicationLink.resource("models/server.py")
        + "' $PORT "
        + name;
  }

  private static ApplicationLink link(FrontKind front) throws IOException {
    ModelRouter router =
        ModelRouter.builder()
            .models("gpt-4o", "app")
            .models("tts-1", "audio")
            .models("whisper-1", "audio")
            .otherwise("/v1/audio/transcriptions", "audio")
            .ownNames(true)
            .build();
    ApplicationLink link =
        new ApplicationLink(
            front,
            command("app"),
            "/",
            spec -> {},
            links -> links.bearerToken("*", TOKEN).models(router));
    DeploymentSpec.Builder audio =
        DeploymentSpec.builder("audio")
            .port(0)
            .startCommand(command("audio"))
            .readiness(ReadinessProbe.http("/"))
            .releaseGrace(Duration.ofSeconds(2));
    link.engine.deploy(audio.build());
    link.engine.deploy(
        DeploymentSpec.builder("broken")
            .port(0)
            .startCommand("echo no model here; exit 3")
            .startBackoff(Duration.ofMinutes(1), Duration.ofMinutes(1))
            .build());
    return link;
  }

  private static List<String> conversation(ApplicationLink link, String client) throws Exception {
    Process process =
        new ProcessBuilder(
                "/usr/bin/node",
                ApplicationLink.resource("models/conversation.mjs").toString(),
                node.toString(),
                URI.create("http://localhost:" + link.proxy.port() + "/").toString(),
                client,
                TOKEN)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
    return output.lines().toList();
  }

  private static final String MODELS = "models gpt-4o,tts-1,whisper-1,app,audio,broken";

  private static final List<String> OPENAI =
      List.of(
          MODELS,
          "model whisper-1",
          "chat app says gpt-4o",
          "stream app says gpt-4o",
          "speech RIFFaudio",
          "transcription audio heard 25 MB",
          "file first audio heard 25 MB",
          "embedding 0.5,0.25",
          "404 NotFoundError model_not_found 404 The model 'gpt-9' do",
          "404 NotFoundError model_not_found 404 The model 'gpt-9' do",
          "503 InternalServerError start_failed 503 deployment 'broken' ",
          "cancelled after app");

  private static final List<String> ANTHROPIC =
      List.of(
          MODELS,
          "message app says gpt-4o",
          "stream app says gpt-4o",
          "404 NotFoundError not_found_error",
          "404 NotFoundError not_found_error",
          "503 ServiceUnavailableError overloaded_error",
          "cancelled after app");

  private static final List<String> OLLAMA =
      List.of(
          MODELS,
          "show gpt-4o",
          "chat app says gpt-4o",
          "stream app says gpt-4o",
          "generate app says gpt-4o",
          "embed 0.5,0.25",
          "404 ResponseError The model 'gpt-9' does n",
          "503 ResponseError deployment 'broken' coul",
          "cancelled after app");

  @ParameterizedTest
  @EnumSource(FrontKind.class)
  void clients_talkToAllModelsAtOneAddress_coldAndWarm(FrontKind front) throws Exception {
    try (ApplicationLink link = link(front)) {
      Deployment broken = link.engine.deployment("broken");

      assertThat(conversation(link, "openai")).containsExactlyElementsOf(OPENAI); // cold
      assertThat(conversation(link, "openai")).containsExactlyElementsOf(OPENAI);
      assertThat(conversation(link, "anthropic")).containsExactlyElementsOf(ANTHROPIC);
      assertThat(conversation(link, "ollama")).containsExactlyElementsOf(OLLAMA);
      // The clients were told not to try again.
      assertThat(broken.status().starts()).isEqualTo(1);
      assertThat(link.deployment.status().starts()).isEqualTo(1);
      assertThat(link.engine.deployment("audio").status().starts()).isEqualTo(1);
      awaitQuiet(link);

      link.deployment.releaseNow().get(30, TimeUnit.SECONDS);
      assertThat(link.deployment.status().state()).isEqualTo(DeploymentState.STANDBY);
      assertThat(conversation(link, "anthropic")).containsExactlyElementsOf(ANTHROPIC); // cold
      link.deployment.releaseNow().get(30, TimeUnit.SECONDS);
      assertThat(conversation(link, "ollama")).containsExactlyElementsOf(OLLAMA); // cold
      awaitQuiet(link);
    }
  }

  /** The streams that were cancelled keep no instance. */
  private static void awaitQuiet(ApplicationLink link) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (link.proxy.inFlight() > 0 && System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    assertThat(link.proxy.inFlight()).isZero();
    assertThat(link.deployment.status().inFlight()).isZero();
  }
}
