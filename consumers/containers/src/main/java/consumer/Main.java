package consumer;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.docker.DockerDaemonException;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.micrometer.AutoDeployMetrics;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.TimeUnit;

/** With the Docker provider and the meters on the path; the request goes to a local process. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    boolean onModulePath = arguments[0].equals("module-path");
    check(AutoDeploy.class.getModule().isNamed() == onModulePath, "run on the " + arguments[0]);
    engine();

    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (AutoDeploy autoDeploy =
            AutoDeploy.builder().provider(LocalProcessProvider.create()).build();
        JdkHttpProxy proxy = JdkHttpProxy.builder(autoDeploy).port(0).start();
        AutoDeployMetrics metrics = AutoDeployMetrics.of(autoDeploy)) {
      metrics.bindTo(meters);
      Deployment hello =
          autoDeploy.deploy(
              DeploymentSpec.builder("hello").port(0).startCommand(Hello.command()).build());
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(proxy.serviceLink(hello) + "/link")).build();
      String answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
      check(answer.equals("hello from /link"), answer);
      check(!meters.getMeters().isEmpty(), "the meters");
    }
    System.out.println("consumer ok");
  }

  /** Talks to the machine's engine if there is one; that there may be none is told clearly. */
  private static void engine() throws Exception {
    try (DockerInstanceProvider provider = DockerInstanceProvider.create()) {
      System.out.println("engine: " + provider.catalog().toCompletableFuture().get(1, TimeUnit.MINUTES));
    } catch (DockerDaemonException e) {
      check(e.getCause() != null, "no reason: " + e);
      System.out.println("no engine: " + e.getMessage());
    }
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
