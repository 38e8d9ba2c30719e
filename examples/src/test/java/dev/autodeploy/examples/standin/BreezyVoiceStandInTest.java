package dev.autodeploy.examples.standin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The stand-in as a process of its own. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class BreezyVoiceStandInTest {
  private static final String READY = "Uvicorn running on http://127.0.0.1:";

  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void endWhatWasStarted() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void main_afterItsReadyLine_answersOnThatPort() throws Exception {
    Process process = start("--port", "0", "--start-delay", "200ms");

    List<String> lines = readUntil(process, READY);

    assertThat(lines.get(0)).isEqualTo("INFO:     Started server process [" + process.pid() + "]");
    assertThat(lines).anyMatch(line -> line.startsWith("Loading model (imitated): 100%"));
    String ready = lines.get(lines.size() - 1);
    String port = ready.substring(ready.indexOf(READY) + READY.length(), ready.indexOf(" (Press"));
    HttpRequest models =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/models")).build();
    assertThat(HttpClient.newHttpClient().send(models, BodyHandlers.ofString()).statusCode())
        .isEqualTo(200);
  }

  @Test
  void main_whileTheModelLoads_hasNotOpenedItsPort() throws Exception {
    int port;
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = probe.getLocalPort();
    }
    Process process = start("--port", Integer.toString(port), "--start-delay", "60m");
    readUntil(process, "BreezyVoice stand-in: loading");

    try (ServerSocket stillFree = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertThat(stillFree.isBound()).isTrue();
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no SIGTERM")
  void main_onSigterm_endsWhileServing() throws Exception {
    Process process = start("--port", "0");
    readUntil(process, READY);

    process.toHandle().destroy();

    assertThat(process.inputReader(UTF_8).lines()).containsExactly("INFO:     Shutting down");
    assertThat(process.waitFor()).isEqualTo(143);
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no SIGTERM")
  void main_onSigterm_endsWhileTheModelLoads() throws Exception {
    Process process = start("--port", "0", "--start-delay", "60m");
    readUntil(process, "BreezyVoice stand-in: loading");

    process.toHandle().destroy();

    assertThat(process.waitFor()).isEqualTo(143);
  }

  @Test
  void main_onATakenPort_endsWithTheReason() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Process process = start("--port", Integer.toString(taken.getLocalPort()));

      assertThat(process.waitFor()).isEqualTo(1);
      assertThat(output(process))
          .contains("ERROR:    error while attempting to bind on address ('127.0.0.1', ")
          .contains("Address already in use");
    }
  }

  @Test
  void main_withAnUnknownOption_endsWithItsUsage() throws Exception {
    Process process = start("--gpu");

    assertThat(process.waitFor()).isEqualTo(2);
    assertThat(output(process)).contains("unknown option --gpu").contains("Usage:");
  }

  private Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(BreezyVoiceStandIn.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private static List<String> readUntil(Process process, String wanted) throws IOException {
    List<String> lines = new ArrayList<>();
    BufferedReader reader = process.inputReader(UTF_8);
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      lines.add(line);
      if (line.contains(wanted)) {
        return lines;
      }
    }
    throw new AssertionError("ended without a line '" + wanted + "': " + lines);
  }

  private static String output(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), UTF_8);
  }
}
