package dev.autodeploy.reliability;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Another provider's instances, each reached through a network that may be cut. */
final class RelayedProvider implements InstanceProvider {
  private final InstanceProvider real;
  private final Map<URI, Relay> relays = new ConcurrentHashMap<>();
  private final Map<String, ProviderInstance> instances = new ConcurrentHashMap<>();
  private volatile Relay.Mode mode = Relay.Mode.PASS;

  RelayedProvider(InstanceProvider real) {
    this.real = real;
  }

  void become(Relay.Mode value) {
    mode = value;
    if (value != Relay.Mode.PASS) {
      relays.values().forEach(relay -> when(value, relay));
    }
  }

  /** Returns how many connections were hit by what the network did. */
  int hits() {
    return relays.values().stream().mapToInt(Relay::hits).sum();
  }

  private static void when(Relay.Mode value, Relay relay) {
    if (value != Relay.Mode.STALL) {
      relay.interrupt();
    }
  }

  private ProviderInstance relayed(ProviderInstance instance) {
    URI endpoint = instance.endpoint();
    if (endpoint == null) {
      return instance;
    }
    instances.put(instance.instanceId(), instance);
    Relay relay = relays.computeIfAbsent(endpoint, target -> new Relay(target, () -> mode));
    return instance.toBuilder().endpoint(relay.uri()).build();
  }

  @Override
  public ProviderCapacity capacity() {
    return real.capacity();
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    return real.start(request).thenApply(this::relayed);
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    return real.release(instanceId, grace);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return real.list(owner).thenApply(all -> all.stream().map(this::relayed).toList());
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    return real.logs(instanceId, lines);
  }

  @Override
  public void open(ProviderContext context) {
    real.open(context);
  }

  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    return real.isReady(requireNonNull(instances.get(instance.instanceId())), probe);
  }

  @Override
  public void close() {
    real.close();
    relays.values().forEach(Relay::close);
  }
}
