package dev.autodeploy.benchmarks.gpus;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.SleepMode;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;

/**
 * Measures how much longer a request for an instance that sleeps is held than the server itself
 * takes to wake: the server is in this JVM, has vLLM's calls, and takes 200 ms.
 */
public final class WakeMain {
  private static final int WAKE_MILLIS = 200;

  private WakeMain() {}

  /**
   * Runs it.
   *
   * @param arguments how often the instance is woken, 50 unless given
   * @throws Exception if anything goes wrong
   */
  public static void main(String[] arguments) throws Exception {
    System.setProperty("sun.net.httpserver.nodelay", "true"); // or the server itself takes 40 ms
    int rounds = arguments.length == 0 ? 50 : Integer.parseInt(arguments[0]);
    HttpClient client = HttpClient.newHttpClient();
    Server server = new Server();
    try (AutoDeploy engine = AutoDeploy.builder().provider(server).build();
        JdkHttpProxy links = JdkHttpProxy.builder(engine).port(0).start()) {
      Deployment model =
          engine.deploy(
              DeploymentSpec.builder("model")
                  .port(8000)
                  .sleepMode(SleepMode.vllm())
                  .sleepAfter(Duration.ofMillis(1))
                  .build());
      HttpRequest request = HttpRequest.newBuilder(links.serviceLink(model)).build();
      client.send(request, HttpResponse.BodyHandlers.discarding());
      double[] more = new double[rounds];
      for (int i = 0; i < rounds; i++) {
        while (model.status().count(InstancePhase.ASLEEP) == 0) {
          Thread.sleep(5);
        }
        long begin = System.nanoTime();
        HttpResponse<Void> answer = client.send(request, HttpResponse.BodyHandlers.discarding());
        more[i] = (System.nanoTime() - begin) / 1e6 - WAKE_MILLIS;
        if (answer.headers().firstValue("AutoDeploy-Woken").isEmpty()) {
          throw new IllegalStateException("round " + i + " woke nobody: " + answer.statusCode());
        }
      }
      Arrays.sort(more);
      System.out.printf(
          "%d times woken: a request takes %.1f ms more than the server's own %d ms to wake at the"
              + " median, %.1f at p90, %.1f at most%n",
          rounds, more[rounds / 2], WAKE_MILLIS, more[rounds * 9 / 10], more[rounds - 1]);
    }
    server.close();
  }

  /** A server that wakes in a known time, and the provider of it. */
  private static final class Server implements InstanceProvider {
    private final HttpServer http;
    private volatile boolean asleep;

    Server() throws IOException {
      http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      http.setExecutor(Executors.newCachedThreadPool(task -> new Thread(task, "model")));
      http.createContext(
          "/",
          exchange -> {
            String path = exchange.getRequestURI().getPath();
            if (path.equals("/sleep")) {
              asleep = true;
            } else if (path.equals("/wake_up")) {
              try {
                Thread.sleep(WAKE_MILLIS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              asleep = false;
            }
            byte[] body = ("{\"is_sleeping\":" + asleep + "}").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
      http.start();
    }

    @Override
    public CompletionStage<ProviderInstance> start(StartRequest request) {
      URI endpoint = URI.create("http://127.0.0.1:" + http.getAddress().getPort());
      return CompletableFuture.completedFuture(
          ProviderInstance.of(request, endpoint, Instant.now()));
    }

    @Override
    public CompletionStage<Void> release(String instanceId, Duration grace) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<List<ProviderInstance>> list(String owner) {
      return CompletableFuture.completedFuture(List.of());
    }

    @Override
    public CompletionStage<List<String>> logs(String instanceId, int lines) {
      return CompletableFuture.completedFuture(List.of());
    }

    @Override
    public void close() {
      http.stop(0);
    }
  }
}
