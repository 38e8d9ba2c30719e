package dev.autodeploy.internal;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.spi.ProviderOffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Placeholder. */
public final class Engine {
  public static Engine start(EngineConfig config) {
    throw new UnsupportedOperationException();
  }

  public Deployment deploy(DeploymentSpec spec) {
    throw new UnsupportedOperationException();
  }

  public Deployment update(DeploymentSpec spec) {
    throw new UnsupportedOperationException();
  }

  public CompletableFuture<Void> remove(String name) {
    throw new UnsupportedOperationException();
  }

  public List<Deployment> deployments() {
    throw new UnsupportedOperationException();
  }

  public Optional<Deployment> find(String name) {
    throw new UnsupportedOperationException();
  }

  public Deployment deployment(String name) {
    throw new UnsupportedOperationException();
  }

  public void addListener(DeploymentListener l) {
    throw new UnsupportedOperationException();
  }

  public void removeListener(DeploymentListener l) {
    throw new UnsupportedOperationException();
  }

  public String owner() {
    throw new UnsupportedOperationException();
  }

  public String providerName() {
    throw new UnsupportedOperationException();
  }

  public CompletableFuture<ProviderOffer> offer() {
    throw new UnsupportedOperationException();
  }

  public CompletableFuture<Void> deleteSnapshot(String r) {
    throw new UnsupportedOperationException();
  }

  public void close() {
    throw new UnsupportedOperationException();
  }
}
