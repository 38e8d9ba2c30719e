package dev.autodeploy.examples.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeclaredDeployments;
import dev.autodeploy.examples.standin.BreezyVoiceStandIn;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher of a file, as its user runs it. */
@Timeout(120)
final class ServeMainTest {
  private static final Pattern LINK = Pattern.compile("voice +(http\\S+)");

  @TempDir Path temporary;
  private final HttpClient client = HttpClient.newHttpClient();
  private Path file;
  private Path output;
  private Process process;

  @BeforeEach
  void file() throws IOException {
    file = temporary.toRealPath().resolve("deployments.yaml");
    output = temporary.resolve("output");
    declare("voice");
  }

  @AfterEach
  void end() throws Exception {
    if (process != null && process.isAlive()) {
      process.destroy();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private void declare(String... names) throws IOException {
    StringBuilder text = new StringBuilder("deployments:\n");
    for (String name : names) {
      text.append(
          """
            %s:
              port: 0
              startCommand: >-
                exec "$STANDIN_JAVA" -XX:TieredStopAtLevel=1 -cp "$STANDIN_PATH" %s
              environment:
                STANDIN_JAVA: ${STANDIN_JAVA}
                STANDIN_PATH: ${STANDIN_PATH}
          """
              .formatted(name, BreezyVoiceStandIn.class.getName()));
    }
    Path next = Files.writeString(file.resolveSibling("next"), text.toString());
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private void serve(String... options) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command = new ArrayList<>();
    command.addAll(List.of(java, "-cp", System.getProperty("java.class.path")));
    command.add(ServeMain.class.getName());
    command.addAll(List.of("--config", file.toString(), "--port", "0", "--page-port", "0"));
    command.addAll(List.of(options));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("STANDIN_JAVA", java);
    builder.environment().put("STANDIN_PATH", System.getProperty("java.class.path"));
    process = builder.start();
  }

  private String await(Predicate<String> wanted) throws Exception {
    while (true) {
      String printed = Files.readString(output);
      if (wanted.test(printed)) {
        return printed;
      }
      assertThat(process.isAlive()).as(printed).isTrue();
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  @Test
  void everyDeploymentOfTheFile_isServed_andChangesAreTakenOver() throws Exception {
    serve("--watch");
    Matcher link = LINK.matcher(await(it -> it.contains("Ctrl-C")));
    assertThat(link.find()).isTrue();
    URI voice = URI.create(link.group(1));

    HttpResponse<String> answer = get(voice.resolve("/d/voice/v1/models"));
    assertThat(answer.headers().firstValue("Content-Type")).isPresent();
    assertThat(answer.statusCode()).isLessThan(500);

    Files.writeString(file, "deployments: {voice: {prot: 0}}");
    assertThat(await(it -> it.contains("cannot be used"))).contains("did you mean 'port'?");
    assertThat(get(voice.resolve("/-/status")).body()).contains("RUNNING");

    declare("voice", "second");
    await(it -> it.contains("it declares 2 deployments now"));
    assertThat(get(voice.resolve("/-/status")).body()).contains("second").contains("RUNNING");

    process.destroy();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(output)).contains("Everything is released.");
  }

  @Test
  void check_saysWhatIsWrong_andStartsNothing() throws Exception {
    Files.writeString(file, "deployments:\n  voice: {port: a}\n");
    serve("--check");

    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(2);
    assertThat(Files.readString(output)).contains(file + ":2:11: voice.port must be a whole");
  }

  @Test
  void theExample_canBeUsed() {
    Path example = Path.of("deployments.yaml");

    assertThat(DeclaredDeployments.read(example)).hasSize(2);
  }

  private HttpResponse<String> get(URI uri) throws Exception {
    return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
  }
}
