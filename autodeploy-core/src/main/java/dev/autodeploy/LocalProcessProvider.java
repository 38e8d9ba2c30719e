package dev.autodeploy;

import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Runs instances as local processes: the provider for machines without a container engine. */
public final class LocalProcessProvider implements InstanceProvider {

  private LocalProcessProvider() {}

  /**
   * Returns a provider.
   *
   * @return the provider
   */
  public static LocalProcessProvider create() {
    return new LocalProcessProvider();
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    throw new UnsupportedOperationException();
  }
}
