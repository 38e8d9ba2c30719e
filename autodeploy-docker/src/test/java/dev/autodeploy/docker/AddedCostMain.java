package dev.autodeploy.docker;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * Measures what AutoDeploy adds to a container's own cold start: {@code docker run} and an ideal
 * probe against an acquired lease, each up to the first byte of an answer, in turns.
 */
final class AddedCostMain {
  private static final int WARM_UPS = 3;

  private AddedCostMain() {}

  /** Runs as many rounds as the first argument says, by default 20. */
  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length == 0 ? 20 : Integer.parseInt(arguments[0]);
    TestEngine.require();
    List<Double> plain = new ArrayList<>();
    List<Double> ours = new ArrayList<>();
    try (AutoDeploy autoDeploy =
            AutoDeploy.builder()
                .provider(DockerInstanceProvider.create())
                .owner("b" + UUID.randomUUID().toString().substring(0, 8))
                .build();
        EngineClient client = TestEngine.client()) {
      Deployment web =
          autoDeploy.deploy(
              DeploymentSpec.builder("web")
                  .image(TestEngine.WEB)
                  .port(8080)
                  .startCommand(ProviderFixture.SERVE)
                  .build());
      for (int i = -WARM_UPS; i < rounds; i++) {
        double a = dockerRun(client);
        double b = acquired(web);
        System.out.printf("%3d  docker run %7.1f ms   AutoDeploy %7.1f ms%n", i, a, b);
        if (i >= 0) {
          plain.add(a);
          ours.add(b);
        }
      }
    }
    double a = median(plain);
    double b = median(ours);
    System.out.printf(
        "median of %d rounds: docker run + ideal probe %.1f ms, AutoDeploy %.1f ms: %+.1f ms (%+.1f"
            + " %%)%n",
        rounds, a, b, b - a, (b - a) / a * 100);
  }

  private static double dockerRun(EngineClient client) throws Exception {
    long begun = System.nanoTime();
    Process run =
        new ProcessBuilder(
                "docker",
                "run",
                "-d",
                "--init",
                "-p",
                "127.0.0.1::8080",
                TestEngine.WEB,
                "/bin/sh",
                "-c",
                ProviderFixture.SERVE)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String id = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    URI direct = new ContainerState(client.inspect(id)).direct(8080);
    while (!answers(direct)) {
      Thread.sleep(1);
    }
    double millis = (System.nanoTime() - begun) / 1e6;
    client.remove(id);
    return millis;
  }

  private static double acquired(Deployment web) throws Exception {
    long begun = System.nanoTime();
    double millis;
    try (Lease lease = web.acquire(Duration.ofSeconds(30))) {
      while (!answers(lease.endpoint())) {
        Thread.sleep(1);
      }
      millis = (System.nanoTime() - begun) / 1e6;
    }
    web.release().join();
    return millis;
  }

  /** Whether a request gets its first byte. */
  private static boolean answers(URI at) {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getByName(at.getHost()), at.getPort()), 1000);
      socket.setSoTimeout(2000);
      socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      return socket.getInputStream().read() >= 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(v -> v).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : Arrays.stream(sorted, middle - 1, middle + 1).average().orElseThrow();
  }
}
