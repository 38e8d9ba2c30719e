package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Cost;
import dev.autodeploy.Costs;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One engine on fake time, a fake provider and a fake store; the last two outlive it. */
final class EngineHarness {
  final FakeTime time;
  final FakeProvider provider;
  final FakeStore store;
  final List<DeploymentEvent> events = new CopyOnWriteArrayList<>();
  final List<DeploymentListener> listeners = new ArrayList<>(List.of(events::add));

  @Nullable String owner = "host";
  IdlePolicy policy = IdlePolicy.after(Duration.ofMinutes(5));
  CostMeter meter = CostMeter.perHour("3.60", "USD");
  Duration drainTimeout = Duration.ofSeconds(30);
  Duration releaseTimeout = Duration.ofMinutes(1);
  Duration adoptionHold = Duration.ZERO;
  boolean keepInstances;
  Executor providerExecutor;
  Executor callbackExecutor;
  private final int generation;
  Engine engine;

  EngineHarness() {
    time = new FakeTime();
    provider = new FakeProvider(time);
    store = new FakeStore();
    generation = 1;
    providerExecutor = time.executor();
    callbackExecutor = time.executor();
  }

  /** The next process, on the same provider and store; the one before it is dead from now on. */
  EngineHarness(EngineHarness before) {
    time = before.time;
    time.forgetEverything();
    provider = before.provider;
    store = before.store;
    generation = before.generation + 1;
    owner = before.owner;
    providerExecutor = time.executor();
    callbackExecutor = time.executor();
  }

  /** Starts the engine. */
  EngineHarness start() {
    EngineConfig config =
        EngineConfig.builder()
            .owner(owner)
            .idlePolicy(policy)
            .costMeter(meter)
            .store(store)
            .listeners(List.copyOf(listeners))
            .ticker(time)
            .clock(time)
            .scheduler(time)
            .providerExecutor(providerExecutor)
            .callbackExecutor(callbackExecutor)
            .random(new SplittableRandom(generation))
            .drainTimeout(drainTimeout)
            .releaseTimeout(releaseTimeout)
            .adoptionHold(adoptionHold)
            .keepInstances(keepInstances)
            .releaseOnShutdown(false)
            .build(provider);
    engine = time.call(() -> Engine.start(config));
    time.run();
    return this;
  }

  static DeploymentSpec voice(UnaryOperator<DeploymentSpec.Builder> changes) {
    return changes.apply(DeploymentSpec.builder("voice").port(8080)).build();
  }

  Deployment deploy(UnaryOperator<DeploymentSpec.Builder> changes) {
    Deployment deployment = engine.deploy(voice(changes));
    time.run();
    return deployment;
  }

  Deployment deploy() {
    return deploy(b -> b);
  }

  /** Acquires and runs everything that can run. */
  Lease acquire(Deployment deployment) {
    CompletableFuture<Lease> lease = deployment.acquireAsync();
    time.run();
    assertThat(lease).isCompleted();
    return lease.join();
  }

  /** Returns what all instances cost in a period. */
  Costs costs(Instant from, Instant to) {
    List<UsageInterval> usage = new ArrayList<>();
    engine.costs().of(from, to).forEach(chunk -> chunk.usage((start, end) -> true, usage::add));
    return Costs.of(usage, from, to);
  }

  void close() {
    time.call(
        () -> {
          engine.close();
          return true;
        });
  }

  <T extends DeploymentEvent> List<T> events(Class<T> type) {
    return events.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** Asserts that nobody waits, nothing is in flight and nothing runs. */
  void assertNothingLeft(Deployment deployment) {
    assertThat(deployment.status().pending()).isZero();
    assertThat(deployment.status().inFlight()).isZero();
    assertThat(provider.running()).isEmpty();
    assertThat(store.lines(dev.autodeploy.spi.LedgerEntry.Started.class))
        .extracting(l -> l.instanceId())
        .containsExactlyInAnyOrderElementsOf(
            store.lines(dev.autodeploy.spi.LedgerEntry.Released.class).stream()
                .map(l -> l.instanceId())
                .toList());
  }

  static BigDecimal cents(Money money) {
    return money.amount().setScale(9, RoundingMode.HALF_UP);
  }

  static void assertPartsAddUp(Cost cost) {
    BigDecimal parts =
        cost.starting()
            .amount()
            .add(cost.busy().amount())
            .add(cost.idle().amount())
            .add(cost.releasing().amount());
    assertThat(parts.setScale(9, RoundingMode.HALF_UP)).isEqualTo(cents(cost.total()));
  }
}
