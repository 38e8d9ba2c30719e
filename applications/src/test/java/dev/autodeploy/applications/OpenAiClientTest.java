package dev.autodeploy.applications;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentState;
import dev.autodeploy.proxy.Wake;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The official client of OpenAI's API, from npm, against a model server behind a link. */
final class OpenAiClientTest {
  private static final String TOKEN = "sk-0123456789abcdef";
  private static Path node;

  @BeforeAll
  static void packages() throws Exception {
    Needs.python("http.server");
    node = Needs.npm("openai@7");
  }

  private static List<String> client(ApplicationLink link, LinkKind kind, String... more)
      throws Exception {
    ProcessBuilder command =
        new ProcessBuilder(
            "/usr/bin/node",
            ApplicationLink.resource("openai/client.mjs").toString(),
            node.toString(),
            link.root(kind).toString());
    command.command().addAll(List.of(more));
    Process process = command.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return output.lines().toList();
  }

  @ParameterizedTest
  @CsvSource({"JDK, PATH", "JDK, PORT", "NETTY, PATH", "NETTY, PORT"})
  void client_streamsThroughItsLink_afterAColdStart(FrontKind front, LinkKind kind)
      throws Exception {
    try (ApplicationLink link =
        new ApplicationLink(
            front,
            "exec /usr/bin/python3 -B '" + ApplicationLink.resource("openai/server.py") + "' $PORT",
            "/health",
            spec -> {},
            links -> links.bearerToken("app", TOKEN).wake(Wake.lastAnswer("/v1/models")))) {
      assertThat(client(link, kind, "wrong-key-wrong-key", "chat"))
          .containsExactly("401 AuthenticationError");
      assertThat(link.deployment.status().state()).isEqualTo(DeploymentState.STANDBY);

      // Word by word, and the instance does not see the key.
      assertThat(client(link, kind, TOKEN, "chat"))
          .containsExactly("hello true", "with true", "no-key true");
      assertThat(client(link, kind, TOKEN, "models")).containsExactly("tiny");

      link.deployment.releaseNow().get(30, TimeUnit.SECONDS);
      assertThat(client(link, kind, TOKEN, "models")).containsExactly("tiny");
      assertThat(link.deployment.status().state()).isEqualTo(DeploymentState.STANDBY);
      assertThat(link.deployment.status().coldStarts()).isEqualTo(1);
    }
  }
}
