package dev.autodeploy.reliability;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.LinkProxy;
import dev.autodeploy.spi.InstanceProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/** A host application: an engine with one deployment, and its link. */
final class Host implements AutoCloseable {
  final AutoDeploy engine;
  final Deployment deployment;
  private final LinkProxy proxy;
  private final Crashes crashes;

  private Host(AutoDeploy engine, Deployment deployment, LinkProxy proxy, Crashes crashes) {
    this.engine = engine;
    this.deployment = deployment;
    this.proxy = proxy;
    this.crashes = crashes;
  }

  static Host start(InstanceProvider provider, String owner, Path state, DeploymentSpec spec) {
    Crashes crashes = new Crashes();
    AutoDeploy engine =
        AutoDeploy.builder()
            .provider(provider)
            .listener(crashes)
            .owner(owner)
            .stateDirectory(state)
            .drainTimeout(Duration.ofSeconds(5))
            .releaseTimeout(Duration.ofSeconds(30))
            .releaseOnShutdown(false)
            .build();
    try {
      Deployment deployment = engine.deploy(spec);
      LinkProxy proxy =
          Front.chosen()
              .of(engine)
              .port(0)
              .maxWait(Duration.ofSeconds(25))
              .responseTimeout(Duration.ofSeconds(5))
              .stallTimeout(Duration.ofSeconds(5))
              .drainTimeout(Duration.ofSeconds(5))
              .start();
      return new Host(engine, deployment, proxy, crashes);
    } catch (IOException e) {
      engine.close();
      throw new UncheckedIOException(e);
    }
  }

  URI link() {
    return proxy.serviceLink(deployment);
  }

  /** Returns how many instances have crashed so far. */
  int crashes() {
    return crashes.count();
  }

  @Override
  public void close() {
    proxy.close();
    engine.close();
  }
}
