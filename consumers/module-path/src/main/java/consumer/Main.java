package consumer;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.Lease;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.console.Console;
import dev.autodeploy.console.ConsoleServer;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import dev.autodeploy.spi.CostMeter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** The README's example: a deployment, its link, a request through it and one past it. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    boolean onModulePath = arguments[0].equals("module-path");
    check(AutoDeploy.class.getModule().isNamed() == onModulePath, "run on the " + arguments[0]);

    Path state = Files.createTempDirectory("consumer");
    try (AutoDeploy autoDeploy =
            AutoDeploy.builder()
                .provider(LocalProcessProvider.create())
                .costMeter(CostMeter.perHour("0.49", "USD"))
                .stateDirectory(state)
                .build();
        JdkHttpProxy proxy = JdkHttpProxy.builder(autoDeploy).port(0).start();
        Console console = Console.builder(autoDeploy).linkOf(proxy::serviceLink).build();
        ConsoleServer page = console.start(0)) {
      Deployment hello =
          autoDeploy.deploy(
              DeploymentSpec.builder("hello")
                  .port(0)
                  .startCommand(Hello.command())
                  .concurrency(1)
                  .build());
      check(hello.status().state() == DeploymentState.STANDBY, "nothing runs unasked");
      String link = proxy.serviceLink(hello).toString();
      check(get(link + "/through/the/link").equals("hello from /through/the/link"), "the link");
      check(hello.status().state() == DeploymentState.RUNNING, "an instance runs");
      try (Lease lease = hello.acquire(Duration.ofMinutes(1))) {
        check(get(lease.endpoint() + "/direct").startsWith("hello from /"), "the lease");
      }
      check(get(page.uri().toString()).contains("Auto Deploy"), "the page");
      check(hello.cost().total().amount().signum() > 0, "the cost");
    }
    System.out.println("consumer ok");
  }

  private static String get(String uri) throws Exception {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.ofString())
        .body();
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
