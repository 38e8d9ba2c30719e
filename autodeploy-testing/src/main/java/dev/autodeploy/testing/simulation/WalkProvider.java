package dev.autodeploy.testing.simulation;

import dev.autodeploy.SleepMode;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import dev.autodeploy.testing.ManualProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * A provider before each of whose calls the engine's process may die, and during one of which other
 * threads of it go on.
 */
final class WalkProvider implements InstanceProvider {
  private final InstanceProvider provider;
  private final ManualProcess process;
  private final Runnable beforeCall;
  private final Runnable meanwhile;

  /**
   * Makes one.
   *
   * @param beforeCall runs before each call that the process may die at
   * @param meanwhile runs while the engine asks which GPUs there are, as other threads would
   */
  WalkProvider(
      InstanceProvider provider, ManualProcess process, Runnable beforeCall, Runnable meanwhile) {
    this.provider = provider;
    this.process = process;
    this.beforeCall = beforeCall;
    this.meanwhile = meanwhile;
  }

  /** A process that has died calls nobody: what still runs of it ends here. */
  private InstanceProvider called() {
    if (process.isAlive()) {
      beforeCall.run();
    }
    if (!process.isAlive()) {
      throw new IllegalStateException("the process has died");
    }
    return provider;
  }

  @Override
  public String name() {
    return provider.name();
  }

  @Override
  public boolean sharesGpusOfSleepers() {
    return provider.sharesGpusOfSleepers();
  }

  @Override
  public ProviderCapacity capacity() {
    if (process.isAlive()) {
      meanwhile.run();
    }
    return provider.capacity();
  }

  @Override
  public void open(ProviderContext context) {
    called().open(context);
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    return called().start(request);
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    return called().release(instanceId, grace);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return called().list(owner);
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    return called().logs(instanceId, lines);
  }

  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    return called().isReady(instance, probe);
  }

  @Override
  public CompletionStage<Optional<String>> check(ProviderInstance instance) {
    return called().check(instance);
  }

  @Override
  public CompletionStage<String> call(ProviderInstance instance, SleepMode.Request request) {
    return called().call(instance, request);
  }

  @Override
  public CompletionStage<Void> detach(String instanceId) {
    return called().detach(instanceId);
  }

  @Override
  public void close() {
    called().close();
  }
}
