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
import java.util.List;

/** A host application: an engine with its deployments, mostly one, and their links. */
final class Host implements AutoCloseable {
  final AutoDeploy engine;
  final Deployment deployment;
  private final List<Deployment> all;
  private final LinkProxy proxy;
  private final Crashes crashes;

  private Host(AutoDeploy engine, List<Deployment> all, LinkProxy proxy, Crashes crashes) {
    this.engine = engine;
    this.deployment = all.get(0);
    this.all = all;
    this.proxy = proxy;
    this.crashes = crashes;
  }

  static Host start(InstanceProvider provider, String owner, Path state, DeploymentSpec spec) {
    return start(provider, owner, state, List.of(spec));
  }

  static Host start(
      InstanceProvider provider, String owner, Path state, List<DeploymentSpec> specs) {
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
      List<Deployment> all = engine.deployAll(specs);
      LinkProxy proxy =
          Front.chosen()
              .of(engine)
              .port(0)
              .maxWait(Duration.ofSeconds(25))
              .responseTimeout(Duration.ofSeconds(5))
              .stallTimeout(Duration.ofSeconds(5))
              .drainTimeout(Duration.ofSeconds(5))
              .start();
      return new Host(engine, all, proxy, crashes);
    } catch (IOException e) {
      engine.close();
      throw new UncheckedIOException(e);
    }
  }

  URI link() {
    return proxy.serviceLink(deployment);
  }

  List<URI> links() {
    return all.stream().map(proxy::serviceLink).toList();
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
