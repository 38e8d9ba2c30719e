package dev.autodeploy.benchmarks.many;

import com.sun.management.OperatingSystemMXBean;
import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.benchmarks.server.GatedProvider;
import dev.autodeploy.benchmarks.server.Numbers;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Measures what many deployments cost that are on standby, with a state directory: making them,
 * reading them back, their heap and CPU, and a change of one and a request to one among them.
 *
 * <p>A change waits for the disk, and that takes longer the more other programs do. So each change
 * is made among ten deployments as well, of an engine of its own, at the same time in turns.
 */
public final class ManyDeploymentsMain {
  private static final List<Integer> SIZES = List.of(1, 10, 1_000, 10_000, 100_000);
  private static final int CHANGES = 300;
  private static final int FEW = 10;
  private static final int REQUESTS = 1_000;

  /** Longer than the engine's upkeep takes to come around. */
  private static final Duration STANDBY = Duration.ofSeconds(35);

  private ManyDeploymentsMain() {}

  /**
   * Measures.
   *
   * @param arguments how many deployments, by default 1 to 100,000
   * @throws Exception if a request or a file fails
   */
  public static void main(String[] arguments) throws Exception {
    System.setProperty("sun.net.httpserver.nodelay", "true"); // for the instance
    List<Integer> sizes =
        arguments.length == 0 ? SIZES : Stream.of(arguments).map(Integer::valueOf).toList();
    measure(2_000, false); // warms up
    System.out.println(
        "| deployments | made in | read back in | heap each | CPU on standby | deploy | update |"
            + " remove | among ten: deploy | update | remove | acquire and close | request through"
            + " the link |");
    System.out.println(
        "| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    for (int size : sizes) {
      System.out.println(measure(size, true));
    }
  }

  private static String measure(int size, boolean standby) throws Exception {
    Path directory = Files.createTempDirectory("many-deployments");
    HttpServer instance = instance();
    URI endpoint = URI.create("http://127.0.0.1:" + instance.getAddress().getPort());
    try {
      double make;
      double heap;
      try (AutoDeploy engine = engine(endpoint, directory)) {
        long before = usedHeap();
        make = seconds(() -> engine.deployAll(specs(size)));
        heap = (usedHeap() - before) / (double) size;
      }
      long begun = System.nanoTime();
      try (AutoDeploy engine = engine(endpoint, directory)) {
        double read = (System.nanoTime() - begun) / 1e9;
        double cpu = standby ? cpuPercent() : 0;
        String changes = changes(engine, endpoint);
        String requests = requests(engine);
        return String.format(
            "| %,d | %.2f s | %.2f s | %.0f B | %.2f %% | %s | %s |",
            size, make, read, heap, cpu, changes, requests);
      }
    } finally {
      instance.stop(0);
      delete(directory);
    }
  }

  private static AutoDeploy engine(URI endpoint, Path directory) {
    return AutoDeploy.builder()
        .provider(new GatedProvider(endpoint))
        .stateDirectory(directory)
        .releaseOnShutdown(false)
        .build();
  }

  private static List<DeploymentSpec> specs(int size) {
    List<DeploymentSpec> specs = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      specs.add(spec("customer-" + i, 8080));
    }
    return specs;
  }

  /** A specification as a host with one model for each customer makes it. */
  private static DeploymentSpec spec(String name, int port) {
    return DeploymentSpec.builder(name)
        .image("registry.example/models/voice:1.2")
        .port(port)
        .startCommand("python serve.py --model " + name)
        .environment("MODEL", name)
        .idleTimeout(Duration.ofMinutes(5))
        .build();
  }

  private static String changes(AutoDeploy engine, URI endpoint) throws IOException {
    Path directory = Files.createTempDirectory("few-deployments");
    try (AutoDeploy few = engine(endpoint, directory)) {
      few.deployAll(specs(FEW));
      Changes amongMany = new Changes();
      Changes amongFew = new Changes();
      for (int i = 0; i < CHANGES; i++) {
        amongMany.add(engine, "another-" + i);
        amongFew.add(few, "another-" + i);
      }
      return amongMany.medians() + " | " + amongFew.medians();
    } finally {
      delete(directory);
    }
  }

  /** The times that changes took, in seconds. */
  private static final class Changes {
    private final List<Double> deploys = new ArrayList<>();
    private final List<Double> updates = new ArrayList<>();
    private final List<Double> removals = new ArrayList<>();

    void add(AutoDeploy engine, String name) {
      deploys.add(seconds(() -> engine.deploy(spec(name, 1))));
      updates.add(seconds(() -> engine.update(spec(name, 2))));
      removals.add(seconds(() -> engine.remove(name).join()));
    }

    String medians() {
      return millis(deploys) + " | " + millis(updates) + " | " + millis(removals);
    }
  }

  private static String requests(AutoDeploy engine) throws Exception {
    Deployment deployment = engine.deploy(spec("requested", 1));
    List<Double> leases = new ArrayList<>();
    List<Double> requests = new ArrayList<>();
    HttpClient client = HttpClient.newHttpClient();
    try (JdkHttpProxy proxy = JdkHttpProxy.builder(engine).port(0).start()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + proxy.port() + "/d/requested/"))
              .build();
      deployment.warmUp().join();
      for (int i = 0; i < REQUESTS; i++) {
        leases.add(seconds(() -> deployment.acquireAsync().join().close()));
        long begun = System.nanoTime();
        HttpResponse<byte[]> response =
            client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        requests.add((System.nanoTime() - begun) / 1e9);
        if (response.statusCode() != 200) {
          throw new IllegalStateException("status " + response.statusCode());
        }
      }
    }
    return String.format("%.1f µs | ", Numbers.median(leases) * 1e6) + millis(requests);
  }

  private static String millis(List<Double> seconds) {
    return String.format("%.2f ms", Numbers.median(seconds) * 1e3);
  }

  private static double seconds(Runnable task) {
    long begun = System.nanoTime();
    task.run();
    return (System.nanoTime() - begun) / 1e9;
  }

  private static double cpuPercent() throws InterruptedException {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    System.gc();
    Thread.sleep(2000); // compilers and collectors come to rest
    long before = system.getProcessCpuTime();
    Thread.sleep(STANDBY.toMillis());
    return (system.getProcessCpuTime() - before) * 100.0 / STANDBY.toNanos();
  }

  private static long usedHeap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static HttpServer instance() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 2);
          exchange.getResponseBody().write(new byte[] {'o', 'k'});
          exchange.close();
        });
    server.start();
    return server;
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
