package dev.autodeploy.benchmarks.cost;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.benchmarks.server.Numbers;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Measures what AutoDeploy adds to a container's own cold start, from create to the first byte of
 * an answer, in turns: {@code docker run} with an ideal probe; the same by the engine's API,
 * without the start of a program; a request to a link on standby.
 */
public final class AddedCostMain {
  private static final String IMAGE = "autodeploy/benchmark:1";
  private static final String SERVE = "exec httpd -f -p 8080 -h /www";
  private static final int WARM_UPS = 3;

  private AddedCostMain() {}

  /**
   * Measures.
   *
   * @param arguments how many rounds, by default 20
   * @throws Exception if a container does not start
   */
  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length == 0 ? 20 : Integer.parseInt(arguments[0]);
    List<Double> run = new ArrayList<>();
    List<Double> api = new ArrayList<>();
    List<Double> link = new ArrayList<>();
    try (AutoDeploy engine =
            AutoDeploy.builder()
                .provider(DockerInstanceProvider.create())
                .owner("b" + UUID.randomUUID().toString().substring(0, 8))
                .build();
        JdkHttpProxy proxy = JdkHttpProxy.builder(engine).port(0).start()) {
      Deployment web =
          engine.deploy(
              DeploymentSpec.builder("web").image(IMAGE).port(8080).startCommand(SERVE).build());
      for (int i = -WARM_UPS; i < rounds; i++) {
        double a = dockerRun();
        double b = engineApi();
        double c = throughLink(web, proxy.port());
        System.out.printf(
            "%3d  docker run %6.1f ms   API %6.1f ms   link %6.1f ms%n", i + 1, a, b, c);
        if (i >= 0) {
          run.add(a);
          api.add(b);
          link.add(c);
        }
      }
    }
    double ours = Numbers.median(link);
    System.out.println("| way | median | the link's over it |");
    System.out.println("| --- | --- | --- |");
    row("`docker run`, ideal probe", Numbers.median(run), ours);
    row("the engine's API, ideal probe", Numbers.median(api), ours);
    System.out.printf("| request to a link on standby | %.1f ms | |%n", ours);
  }

  private static void row(String name, double median, double ours) {
    System.out.printf(
        "| %s | %.1f ms | %+.1f ms (%+.1f %%) |%n",
        name, median, ours - median, (ours - median) / median * 100);
  }

  private static double dockerRun() throws Exception {
    long begun = System.nanoTime();
    Process docker =
        new ProcessBuilder(
                "docker",
                "run",
                "-d",
                "--init",
                "-p",
                "127.0.0.1::8080",
                IMAGE,
                "/bin/sh",
                "-c",
                SERVE)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String id = new String(docker.getInputStream().readAllBytes(), UTF_8).strip();
    return untilAnswered(id, begun);
  }

  private static double engineApi() throws Exception {
    long begun = System.nanoTime();
    String created =
        EngineApi.call(
            "POST",
            "/containers/create",
            "{\"Image\":\""
                + IMAGE
                + "\",\"Cmd\":[\"/bin/sh\",\"-c\",\""
                + SERVE
                + "\"],\"ExposedPorts\":{\"8080/tcp\":{}},\"HostConfig\":{\"Init\":true,"
                + "\"PortBindings\":{\"8080/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"\"}]}}}");
    String id = EngineApi.field(created, "Id");
    EngineApi.call("POST", "/containers/" + id + "/start", "");
    return untilAnswered(id, begun);
  }

  /** Probes as nobody could better: at the container's own address, every millisecond. */
  private static double untilAnswered(String id, long begun) throws Exception {
    InetSocketAddress at = new InetSocketAddress(EngineApi.address(id), 8080);
    while (true) {
      try {
        double millis = firstByte(at, "GET / HTTP/1.0\r\n\r\n", begun);
        EngineApi.remove(id);
        return millis;
      } catch (IOException e) {
        Thread.sleep(1); // not yet
      }
    }
  }

  private static double throughLink(Deployment web, int port) throws IOException {
    long begun = System.nanoTime();
    double millis =
        firstByte(
            new InetSocketAddress("127.0.0.1", port),
            "GET /d/web/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            begun);
    web.release().join();
    return millis;
  }

  /** Returns when the first byte of a good answer was there. */
  private static double firstByte(InetSocketAddress at, String request, long begun)
      throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(at, 1000);
      socket.setSoTimeout(30_000);
      socket.getOutputStream().write(request.getBytes(US_ASCII));
      InputStream in = socket.getInputStream();
      int first = in.read();
      double millis = (System.nanoTime() - begun) / 1e6;
      String answer = (char) first + new String(in.readAllBytes(), US_ASCII);
      if (!answer.matches("(?s)HTTP/1\\.\\d 200 .*\nok\n.*")) {
        throw new IOException("not the answer that was expected: " + answer);
      }
      return millis;
    }
  }
}
