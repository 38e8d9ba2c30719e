package dev.autodeploy.examples.breezyvoice;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.console.Console;
import dev.autodeploy.console.ConsoleServer;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.examples.standin.BreezyVoiceStandIn;
import dev.autodeploy.kubernetes.KubernetesInstanceProvider;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.LinkProxy;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import dev.autodeploy.proxy.netty.NettyHttpProxy;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.InstanceProvider;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Deploys BreezyVoice on this machine and serves its link and page: the bundled stand-in as a real
 * child process, or an image in a container or pod, that starts with the first request and ends
 * when nobody asks any more.
 */
public final class BreezyVoiceLauncher {
  private static final int USAGE_ERROR = 2;
  private static final int FAILURE = 1;

  private BreezyVoiceLauncher() {}

  /**
   * Runs the launcher until it is told to end.
   *
   * @param arguments see {@code --help}
   * @throws InterruptedException if the thread is interrupted
   */
  public static void main(String[] arguments) throws InterruptedException {
    LauncherOptions options;
    try {
      options = LauncherOptions.parse(List.of(arguments));
    } catch (IllegalArgumentException e) {
      System.err.println("breezyvoice: " + e.getMessage());
      System.err.println("Try 'examples/breezyvoice --help'.");
      System.exit(USAGE_ERROR);
      return;
    }
    if (options.help()) {
      System.out.print(LauncherOptions.USAGE);
      return;
    }
    try {
      run(options);
    } catch (AutoDeployException | IOException e) {
      System.err.println("breezyvoice: " + e.getMessage());
      System.exit(FAILURE);
    }
  }

  private static void run(LauncherOptions options) throws IOException, InterruptedException {
    WaitingLine waiting = new WaitingLine(System.out, Boolean.getBoolean("launcher.terminal"));
    AutoDeploy.Builder builder =
        AutoDeploy.builder()
            .provider(provider(options))
            .costMeter(
                CostMeter.perHour(
                    options.pricePerHour().amount().toPlainString(),
                    options.pricePerHour().currency().getCurrencyCode()))
            .listener(new PhasePrinter(System.out, waiting))
            .drainTimeout(Duration.ofSeconds(5))
            .releaseOnShutdown(false); // the launcher's own hook closes the proxy first
    if (options.state() != null) {
      builder.stateDirectory(options.state());
    }
    AutoDeploy autoDeploy = builder.build();
    AtomicReference<@Nullable LinkProxy> links = new AtomicReference<>();
    Console.Builder consoleBuilder =
        Console.builder(autoDeploy).actions(true).linkOf(it -> link(links.get(), it));
    LauncherOptions.PortRange ports = options.linkPorts();
    if (ports != null) {
      consoleBuilder.allowedLinkPorts(ports.from(), ports.to());
    }
    Console console = consoleBuilder.build();
    ConsoleServer page = null;
    LinkProxy proxy;
    Deployment voice;
    try {
      voice = autoDeploy.deploy(spec(options));
      // On a port of its own: what an instance answers must not share the page's origin.
      page = console.start(options.pagePort());
      proxy = front(options, autoDeploy, page.uri()).start();
      links.set(proxy);
    } catch (IOException | RuntimeException e) {
      if (page != null) {
        page.close();
      }
      console.close();
      autoDeploy.close();
      throw e;
    }
    Endpoints endpoints = new Endpoints(page, console, proxy, autoDeploy);
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> shutDown(endpoints, waiting), "launcher-shutdown"));
    greet(voice, proxy, page.uri(), options);
    if (options.provider() == LauncherOptions.Provider.DOCKER) {
      autoDeploy
          .catalog()
          .thenAccept(catalog -> StartHints.of(options, catalog).forEach(System.out::println))
          .exceptionally(error -> null) // a start says what is wrong with the Docker daemon
          .join();
    }
    new CountDownLatch(1).await();
  }

  private static InstanceProvider provider(LauncherOptions options) {
    return switch (options.provider()) {
      case LOCAL -> processes(options);
      case DOCKER -> DockerInstanceProvider.create();
      case KUBERNETES -> {
        KubernetesInstanceProvider.Builder pods = KubernetesInstanceProvider.builder();
        String namespace = options.namespace();
        String scaling = options.scaling();
        pods = namespace == null ? pods : pods.namespace(namespace);
        yield (scaling == null ? pods : pods.scaling("breezyvoice", scaling)).build();
      }
    };
  }

  private static LinkBuilder<?> front(LauncherOptions options, AutoDeploy autoDeploy, URI page) {
    LinkBuilder<?> front =
        options.netty()
            ? NettyHttpProxy.builder(autoDeploy)
            : JdkHttpProxy.builder(autoDeploy).context("/", new PageRedirect(page));
    front.port(options.port());
    LauncherOptions.PortRange range = options.linkPorts();
    if (range != null) {
      front.linkPorts(range.from(), range.to());
    }
    return front;
  }

  private static @Nullable URI link(@Nullable LinkProxy proxy, Deployment deployment) {
    return proxy == null ? null : proxy.serviceLink(deployment);
  }

  /** Returns local processes; with ids of GPUs only those are given to them. */
  private static LocalProcessProvider processes(LauncherOptions options) {
    List<String> ids = options.gpus().ids();
    return ids.isEmpty()
        ? LocalProcessProvider.create()
        : LocalProcessProvider.builder().gpus(ids.toArray(String[]::new)).build();
  }

  private static DeploymentSpec spec(LauncherOptions options) {
    DeploymentSpec.Builder spec =
        DeploymentSpec.builder("breezyvoice")
            .idleTimeout(options.idleTimeout())
            .concurrency(1); // BreezyVoice serves one request at a time
    if (!options.inContainers()) {
      return spec.description("Text to speech (BreezyVoice stand-in, English)")
          .port(0) // any free one, told in PORT
          .gpu(options.gpus())
          .startCommand(standInCommand(options.startDelay()))
          .build();
    }
    spec.description("Text to speech (BreezyVoice)").gpu(options.gpus()).port(8080);
    if (options.scaling() != null) {
      return spec.build();
    }
    spec.startCommand("cd /BreezyVoice && python api.py");
    String snapshot = options.snapshot();
    return (snapshot == null ? spec.image(options.image()) : spec.snapshot(snapshot)).build();
  }

  /** The stand-in's script, or else the stand-in from this program's own class path. */
  private static String standInCommand(Duration startDelay) {
    String script = System.getProperty("launcher.standin");
    if (script != null) {
      return "exec " + quoted(script) + " --start-delay " + startDelay.toMillis() + "ms";
    }
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return String.join(
        " ",
        "exec",
        quoted(java),
        "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m",
        "-cp",
        quoted(System.getProperty("java.class.path")),
        BreezyVoiceStandIn.class.getName(),
        "--start-delay",
        startDelay.toMillis() + "ms");
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }

  private static void greet(Deployment voice, LinkProxy proxy, URI page, LauncherOptions options) {
    URI link = proxy.serviceLink(voice);
    String status = "http://" + link.getHost() + ":" + proxy.port() + "/-/status";
    System.out.printf(
        """

        Deployment    %s - %s
        Service link  %s
        Page          %s
        Status        %s
        Released      after %s without a request; an instance costs %s an hour

        Try it in another terminal (the first request starts the instance):

          curl -X POST "%s/v1/audio/speech" \\
           -H "Authorization: Bearer sk-template" -H "Content-Type: application/json" \\
           --data '{"model":"tts-1","voice":"alloy","input":"How about playing basketball after school? The weather looks great today."}' \\
           --output test_speech.wav

        STANDBY: no instance exists, %s so far. Ctrl-C releases everything and ends.

        """,
        voice.name(),
        voice.spec().description(),
        link,
        page,
        status,
        Texts.of(options.idleTimeout()),
        options.pricePerHour(),
        link,
        Texts.of(voice.cost().total()));
  }

  private static void shutDown(Endpoints endpoints, WaitingLine waiting) {
    waiting.clear();
    System.out.println("\nEnding: finishing requests and releasing instances ...");
    try {
      endpoints.page().close();
      endpoints.console().close();
      endpoints.links().close();
    } finally {
      try {
        endpoints.autoDeploy().close();
        System.out.println("Everything is released.");
      } catch (AutoDeployException e) {
        System.err.println("breezyvoice: " + e.getMessage());
      }
    }
  }

  /** The parts that are closed when the launcher ends. */
  private record Endpoints(
      ConsoleServer page, Console console, LinkProxy links, AutoDeploy autoDeploy) {}
}
