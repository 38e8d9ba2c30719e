package dev.autodeploy.reliability.hostile;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.LinkProxy;
import dev.autodeploy.reliability.Front;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/** A host application with one deployment, {@code app}, whose instance is an evil server. */
final class Victim {
  static final Duration LIMIT = Duration.ofSeconds(5);
  static final String SERVED = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nserved";

  final AutoDeploy engine;
  final Deployment app;
  final LinkProxy proxy;

  private Victim(AutoDeploy engine, Deployment app, LinkProxy proxy) {
    this.engine = engine;
    this.app = app;
    this.proxy = proxy;
  }

  /** Starts it; its instance answers with these bytes. */
  static Victim start(Ground ground, String answer) throws Exception {
    return start(ground, answer, spec -> {}, proxy -> {});
  }

  static Victim start(
      Ground ground,
      String answer,
      Consumer<DeploymentSpec.Builder> settings,
      Consumer<LinkBuilder<?>> link)
      throws Exception {
    DeploymentSpec.Builder spec =
        spec()
            .readiness(ReadinessProbe.tcp())
            .startCommand(
                "exec " + EvilServer.command("127.0.0.1", "$PORT", answer(ground, answer)));
    settings.accept(spec);
    return start(ground, spec.build(), link);
  }

  static Victim start(Ground ground, DeploymentSpec spec, Consumer<LinkBuilder<?>> settings)
      throws IOException {
    AutoDeploy engine = ground.engine();
    Deployment app = engine.deploy(spec);
    LinkBuilder<?> link =
        Front.chosen()
            .of(engine)
            .port(0)
            .drainTimeout(Duration.ZERO)
            .maxWait(Duration.ofSeconds(20));
    settings.accept(link);
    return new Victim(engine, app, ground.keep(link.start()));
  }

  static DeploymentSpec.Builder spec() {
    return DeploymentSpec.builder("app")
        .port(0)
        .startTimeout(Duration.ofSeconds(20))
        .releaseGrace(Duration.ofMillis(100));
  }

  /** The file of what an evil server answers; it is read at every request. */
  static Path answer(Ground ground, String answer) throws IOException {
    return Files.writeString(
        ground.directory().resolve("answer"), answer, java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  /** Starts its instance. */
  Victim warm() {
    String got = Wire.get(proxy.port(), "/d/app/", Duration.ofSeconds(20));
    if (!got.startsWith("HTTP/1.1 ")) {
      throw new AssertionError("the victim does not serve: '" + got + "'");
    }
    return this;
  }

  boolean serves() {
    return Wire.get(proxy.port(), "/d/app/", LIMIT).endsWith("served");
  }
}
