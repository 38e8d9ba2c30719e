package dev.autodeploy.docker;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.ProviderInstance;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An application elsewhere: starts an instance, asks it, and says how it was reached. */
final class ReachMain {
  private ReachMain() {}

  /** Takes the owner, and a network or nothing. */
  public static void main(String[] arguments) throws Exception {
    DockerInstanceProvider.Builder builder = DockerInstanceProvider.builder();
    if (arguments.length > 1) {
      builder.network(arguments[1]);
    }
    DockerInstanceProvider provider;
    try {
      provider = builder.build();
    } catch (IllegalArgumentException e) {
      System.out.println("refused: " + e.getMessage());
      return;
    }
    Reach reach = provider.containers().host().reach();
    System.out.println("reached " + reach);
    System.out.println("doubt " + reach.doubt());
    try (ProviderFixture docker = ProviderFixture.of(arguments[0], provider)) {
      DeploymentSpec spec = ProviderFixture.web().build();
      ProviderInstance instance = docker.ready(spec);
      System.out.println("endpoint " + instance.endpoint());
      System.out.print("answer " + ProviderFixture.get(instance.endpoint().resolve("/")));
      System.out.println("listed " + docker.list().get(0).endpoint().equals(instance.endpoint()));
      docker.release(instance);
    }
  }

  /** Runs it through another program; returns what it says. */
  static String run(List<String> through, String... arguments) throws Exception {
    List<String> line = new ArrayList<>(through);
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path")));
    line.add(ReachMain.class.getName());
    line.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        throw new AssertionError("the process does not end");
      }
      return output.strip();
    } finally {
      process.destroyForcibly();
    }
  }
}
