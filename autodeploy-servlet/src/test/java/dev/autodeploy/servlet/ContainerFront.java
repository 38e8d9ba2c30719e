package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.LinkProxy;
import dev.autodeploy.proxy.contract.TestLink;
import dev.autodeploy.proxy.gateway.Deployments;
import dev.autodeploy.proxy.gateway.LinkSettings;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/** A builder that mounts the servlet in an embedded container, so that it looks like any front. */
abstract class ContainerFront extends LinkBuilder<ContainerFront> {
  final LinkSettings settings;
  final AutoDeploy engine;

  ContainerFront(AutoDeploy engine) {
    this(engine, new LinkSettings(Deployments.of(engine)));
  }

  private ContainerFront(AutoDeploy engine, LinkSettings settings) {
    super(settings);
    this.engine = engine;
    this.settings = settings;
    TestLink.prepared(this);
    settings.intervals(Duration.ofMillis(20), Duration.ofMillis(100));
  }

  /** An embedded container. */
  interface Container {
    int port();

    void stop();
  }

  abstract Container run(AutoDeployServlet servlet) throws IOException;

  @Override
  public LinkProxy start() throws IOException {
    AutoDeployServlet servlet =
        new AutoDeployServlet.Builder(settings, engine).port(0).maxThreads(40).start();
    Container container = run(servlet);
    servlet.listeningOn(container.port());
    return new Running(servlet, container, new AtomicBoolean());
  }

  private record Running(AutoDeployServlet servlet, Container container, AtomicBoolean closed)
      implements LinkProxy {
    @Override
    public URI serviceLink(Deployment deployment) {
      return servlet.serviceLink(deployment);
    }

    @Override
    public int port() {
      return container.port();
    }

    @Override
    public int dedicatedPort(String deployment) {
      return servlet.dedicatedPort(deployment);
    }

    @Override
    public int inFlight() {
      return servlet.inFlight();
    }

    @Override
    public int held() {
      return servlet.held();
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        servlet.close();
        container.stop();
      }
    }
  }
}
