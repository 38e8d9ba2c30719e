package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;
import org.springframework.beans.factory.DisposableBean;

/** An engine that the starter has built, closed in the way of its host however the context ends. */
record OwnedEngine(AutoDeploy engine, EngineHost host) implements DisposableBean {

  @Override
  public void destroy() {
    host.close(engine);
  }
}
