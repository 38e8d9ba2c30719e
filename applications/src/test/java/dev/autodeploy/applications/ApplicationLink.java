package dev.autodeploy.applications;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.LinkProxy;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** An application as a local process, with links in front; nothing is started before a request. */
final class ApplicationLink implements AutoCloseable {
  final AutoDeploy engine;
  final Deployment deployment;
  final LinkProxy proxy;
  private final Path directory;

  /**
   * Deploys an application as {@code app}.
   *
   * @param front what serves the links
   * @param command the shell line that starts it; {@code $PORT} is its port
   * @param health the path that responds when it is ready
   * @param settings further settings of its deployment
   * @param links further settings of the links
   */
  ApplicationLink(
      FrontKind front,
      String command,
      String health,
      Consumer<DeploymentSpec.Builder> settings,
      Consumer<LinkBuilder<?>> links)
      throws IOException {
    directory = Files.createTempDirectory("autodeploy-application");
    engine =
        AutoDeploy.builder()
            .provider(LocalProcessProvider.builder().directory(directory).build())
            .releaseOnShutdown(true)
            .drainTimeout(Duration.ofSeconds(1))
            .build();
    DeploymentSpec.Builder spec =
        DeploymentSpec.builder("app")
            .port(0)
            .startCommand(command)
            .readiness(ReadinessProbe.http(health))
            .startTimeout(Duration.ofMinutes(2))
            .releaseGrace(Duration.ofSeconds(2));
    settings.accept(spec);
    deployment = engine.deploy(spec.build());
    LinkBuilder<?> builder =
        front.of(engine).port(0).linkPorts(31_000, 31_999).drainTimeout(Duration.ofSeconds(1));
    links.accept(builder);
    proxy = builder.start();
  }

  /** Returns the address of the application's root on a link. */
  URI root(LinkKind kind) {
    return kind == LinkKind.PATH
        ? URI.create("http://localhost:" + proxy.port() + "/d/app/")
        : URI.create("http://localhost:" + proxy.dedicatedPort("app") + "/");
  }

  /** Returns the path of a resource of these tests. */
  static Path resource(String name) {
    return Path.of("src", "test", "resources", name).toAbsolutePath();
  }

  @Override
  public void close() throws IOException {
    proxy.close();
    engine.close();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }
}
