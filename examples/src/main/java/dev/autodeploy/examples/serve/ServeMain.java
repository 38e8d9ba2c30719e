package dev.autodeploy.examples.serve;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeclaredDeployments;
import dev.autodeploy.Deployment;
import dev.autodeploy.InvalidDeploymentsFileException;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.console.Console;
import dev.autodeploy.console.ConsoleServer;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Serves the links of all deployments that a file declares, and the page. */
public final class ServeMain {
  private static final int USAGE_ERROR = 2;
  private static final int FAILURE = 1;
  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);

  private ServeMain() {}

  /**
   * Serves until the process is told to end.
   *
   * @param arguments see {@code --help}
   * @throws InterruptedException if the thread is interrupted
   */
  public static void main(String[] arguments) throws InterruptedException {
    ServeOptions options;
    try {
      options = ServeOptions.parse(List.of(arguments));
    } catch (IllegalArgumentException e) {
      System.err.println("serve: " + e.getMessage());
      System.err.println("Try 'examples/serve --help'.");
      System.exit(USAGE_ERROR);
      return;
    }
    if (options.help()) {
      System.out.print(ServeOptions.USAGE);
      return;
    }
    try {
      Path config = requireNonNull(options.config(), "config");
      if (options.check()) {
        int read = DeclaredDeployments.read(config).size();
        System.out.println(config + " can be used: " + read + " deployments.");
      } else {
        serve(options, config);
      }
    } catch (InvalidDeploymentsFileException e) {
      System.err.println(e.getMessage());
      System.exit(USAGE_ERROR);
    } catch (AutoDeployException | IllegalArgumentException | IOException e) {
      System.err.println("serve: " + e.getMessage());
      System.exit(FAILURE);
    }
  }

  private static void serve(ServeOptions options, Path config)
      throws IOException, InterruptedException {
    AutoDeploy.Builder builder =
        AutoDeploy.builder()
            .provider(
                options.docker() ? DockerInstanceProvider.create() : LocalProcessProvider.create())
            .deploymentsFile(config)
            .drainTimeout(Duration.ofSeconds(5))
            .releaseOnShutdown(false); // closed below, after the links
    if (options.watch()) {
      builder.watchDeploymentsFile(LOOK_EVERY);
    }
    if (options.maxInstances() > 0) {
      builder.maxInstances(options.maxInstances());
    }
    if (options.state() != null) {
      builder.stateDirectory(options.state());
    }
    AutoDeploy autoDeploy = builder.build();
    AtomicReference<@Nullable JdkHttpProxy> links = new AtomicReference<>();
    Console console =
        Console.builder(autoDeploy).actions(true).linkOf(it -> link(links.get(), it)).build();
    ConsoleServer page = null;
    JdkHttpProxy proxy;
    try {
      // On a port of its own: what an instance answers must not share the page's origin.
      page = console.start(options.pagePort());
      proxy = JdkHttpProxy.builder(autoDeploy).port(options.port()).start();
    } catch (IOException | RuntimeException e) {
      if (page != null) {
        page.close();
      }
      console.close();
      autoDeploy.close();
      throw e;
    }
    links.set(proxy);
    ConsoleServer served = page;
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> end(served, console, proxy, autoDeploy), "serve-shutdown"));
    for (Deployment deployment : autoDeploy.deployments()) {
      System.out.printf("%-24s %s%n", deployment.name(), proxy.serviceLink(deployment));
    }
    System.out.printf("%-24s %s%n", "Page", page.uri());
    System.out.println("No instance exists so far. Ctrl-C releases everything and ends.");
    new CountDownLatch(1).await();
  }

  private static @Nullable URI link(@Nullable JdkHttpProxy proxy, Deployment deployment) {
    return proxy == null ? null : proxy.serviceLink(deployment);
  }

  private static void end(
      ConsoleServer page, Console console, JdkHttpProxy links, AutoDeploy autoDeploy) {
    System.out.println("Ending: finishing requests and releasing instances ...");
    try {
      page.close();
      console.close();
      links.close();
    } finally {
      try {
        autoDeploy.close();
        System.out.println("Everything is released.");
      } catch (AutoDeployException e) {
        System.err.println("serve: " + e.getMessage());
      }
    }
  }
}
