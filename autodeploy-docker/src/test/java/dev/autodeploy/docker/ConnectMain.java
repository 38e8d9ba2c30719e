package dev.autodeploy.docker;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Connects as an application does and says how it went: a process with an environment of its own.
 */
final class ConnectMain {
  private ConnectMain() {}

  public static void main(String[] arguments) {
    try (DockerInstanceProvider provider = DockerInstanceProvider.create()) {
      System.out.println(
          "connected to "
              + provider.name()
              + " "
              + provider.containers().host().daemon().version());
    } catch (DockerDaemonException e) {
      System.out.println(e.problem() + " " + e.getMessage());
    }
  }

  /** Runs it in this environment, through another program if one is given; returns what it says. */
  static String run(Map<String, String> variables, String... through) throws Exception {
    List<String> line = new ArrayList<>(List.of(through));
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path")));
    line.add(ConnectMain.class.getName());
    ProcessBuilder builder =
        new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().keySet().removeIf(name -> name.startsWith("DOCKER_"));
    builder.environment().putAll(variables);
    Process process = builder.start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        throw new AssertionError("the process does not end");
      }
      return output.strip();
    } finally {
      process.destroyForcibly();
    }
  }
}
