package dev.autodeploy.examples;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.spi.CostMeter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** Uses a deployment from within the application, without any proxy: lease, call, close. */
public final class InProcessMain {
  private InProcessMain() {}

  /**
   * Runs the example.
   *
   * @param arguments none
   * @throws IOException if the call fails
   * @throws InterruptedException if interrupted
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(LocalProcessProvider.create())
            .costMeter(CostMeter.perHour("0.49", "USD"))
            .build()) {
      Deployment hello =
          autoDeploy.deploy(
              DeploymentSpec.builder("hello")
                  .port(0) // any free one, told in PORT
                  .startCommand(ExampleServer.command("hello from an instance"))
                  .build());
      try (Lease lease = hello.acquire(Duration.ofMinutes(1))) {
        URI uri = lease.endpoint().resolve("/hello");
        HttpRequest request = HttpRequest.newBuilder(uri).build();
        String answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
        System.out.println(lease.instanceId() + " answered: " + answer);
        System.out.println("cold start: " + lease.coldStart() + ", held " + lease.waited());
      }
      System.out.println(hello.status().state() + ", cost " + hello.cost().total());
    }
  }
}
