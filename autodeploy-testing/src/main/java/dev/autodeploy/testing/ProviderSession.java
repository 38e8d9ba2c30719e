package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** An open provider, what it told, and how to clean up after it. */
final class ProviderSession implements InstanceObserver {
  final InstanceProvider provider;
  final Map<String, InstanceExit> exits = new ConcurrentHashMap<>();
  private final InstanceProviderContract contract;
  private final String owner;

  ProviderSession(InstanceProviderContract contract, InstanceProvider provider, String owner) {
    this.contract = contract;
    this.provider = provider;
    this.owner = owner;
  }

  StartRequest request(DeploymentSpec spec, int slot) {
    String id = spec.name() + "-" + owner + "-" + InstanceProviderContract.nextNumber();
    return StartRequest.builder(owner, id, spec).slot(slot).fingerprint("fingerprint-1").build();
  }

  ProviderInstance start(StartRequest request) throws Exception {
    return contract.<ProviderInstance>await(beginStart(request));
  }

  CompletionStage<ProviderInstance> beginStart(StartRequest request) {
    contract.afterwards(() -> releaseQuietly(request.instanceId()));
    try {
      return provider.start(request);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  boolean isReady(ProviderInstance instance) throws InterruptedException {
    try {
      return provider.isReady(instance, contract.serving("voice").build().readiness());
    } catch (IOException e) {
      return false;
    }
  }

  void awaitReady(ProviderInstance instance) throws InterruptedException {
    Duration step = Duration.ofMillis(20);
    for (long waited = 0; !isReady(instance); waited += step.toMillis()) {
      assertThat(waited)
          .as("ready within %s; exits: %s", contract.patience(), exits)
          .isLessThan(contract.patience().toMillis());
      contract.pause(step);
    }
  }

  /** Waits until an instance that has ended is not ready: its port may be open a moment longer. */
  void awaitNotReady(ProviderInstance instance) throws InterruptedException {
    Duration step = Duration.ofMillis(20);
    for (long waited = 0; isReady(instance); waited += step.toMillis()) {
      assertThat(waited)
          .as("no longer ready within %s", contract.patience())
          .isLessThan(contract.patience().toMillis());
      contract.pause(step);
    }
  }

  private void releaseQuietly(String instanceId) {
    if (!contract.isOpen(provider)) {
      return;
    }
    try {
      contract.await(provider.release(instanceId, Duration.ZERO));
    } catch (Exception e) {
      throw new CompletionException("cannot clean up " + instanceId, e);
    }
  }

  @Override
  public void exited(String instanceId, InstanceExit exit) {
    exits.putIfAbsent(instanceId, exit);
  }

  @Override
  public void progress(String instanceId, StartProgress progress) {}
}
