package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.engine.EngineConfig;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import dev.autodeploy.spi.StateStore;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A replica that hands over while its provider releases an instance. What the replica does is done
 * at once, when the test says so; its clock stands still.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class HandOverTest {
  private final ManualLine asking = new ManualLine();
  private final Row row = new Row();
  private final Machine machine = new Machine();
  private final ReplicatedEngine replica =
      ReplicatedEngine.start(
          EngineConfig.builder()
              .owner("cluster")
              .ticker(() -> 0)
              .clock(() -> Instant.EPOCH)
              .scheduler((delay, task) -> () -> {})
              .providerExecutor(Runnable::run)
              .callbackExecutor(Runnable::run)
              .releaseOnShutdown(false),
          row,
          () -> machine,
          Duration.ofSeconds(10),
          null,
          runtime());

  @Test
  void handOver_whileAReleaseIsUnderWay_keepsLeadership_howeverOftenItIsAskedFor()
      throws InterruptedException {
    asking.run();
    replica.deploy(DeploymentSpec.builder("voice").port(8080).minInstances(1).build());
    assertThat(machine.instance).isNotNull();
    CompletableFuture<Void> gone = replica.remove("voice");
    assertThat(machine.releases).isEqualTo(1);
    assertThat(gone).isNotDone();

    Thread handsOver = new Thread(replica::handOver);
    handsOver.start();
    while (replica.leads()) {
      Thread.onSpinWait();
    }
    for (int i = 0; i < 3; i++) {
      asking.run();
    }
    assertThat(row.resigned).isEmpty();

    machine.released.complete(null);
    handsOver.join();
    assertThat(row.resigned).containsExactly(1L);

    asking.run(); // the row names it still, as if that had failed
    assertThat(row.resigned).containsExactly(1L, 1L);
  }

  private ReplicaRuntime runtime() {
    ManualLine watching = new ManualLine();
    return PartialRuntime.of(
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "election" -> asking;
              case "watch" -> watching;
              case "newReplica" -> "r1";
              case "run", "runEngine" -> {
                ((Runnable) arguments[0]).run();
                yield null;
              }
              default -> throw new UnsupportedOperationException(method.getName());
            });
  }

  /** An election with a single replica, which leads until the end. */
  private static final class Row implements LeaderElection {
    private final List<Long> resigned = new ArrayList<>();

    @Override
    public Leader campaign(String replica, long held, Duration term) {
      return new Leader(1, replica, "");
    }

    @Override
    public void resign(long epoch) {
      resigned.add(epoch);
    }

    @Override
    public StateStore store(long of) {
      return StateStore.inMemory();
    }
  }

  /** A provider of one instance, which is gone when the test says so. */
  private static final class Machine implements InstanceProvider {
    private final CompletableFuture<Void> released = new CompletableFuture<>();
    private @Nullable ProviderInstance instance;
    private int releases;

    @Override
    public CompletionStage<ProviderInstance> start(StartRequest request) {
      ProviderInstance made =
          ProviderInstance.of(request, URI.create("http://127.0.0.1:8080"), Instant.EPOCH);
      instance = made;
      return CompletableFuture.completedFuture(made);
    }

    @Override
    public boolean isReady(ProviderInstance of, ReadinessProbe probe) {
      return true;
    }

    @Override
    public CompletionStage<Void> release(String instanceId, Duration grace) {
      releases++;
      return released;
    }

    @Override
    public CompletionStage<List<ProviderInstance>> list(String owner) {
      return CompletableFuture.completedFuture(instance == null ? List.of() : List.of(instance));
    }

    @Override
    public CompletionStage<List<String>> logs(String instanceId, int lines) {
      return CompletableFuture.completedFuture(List.of());
    }
  }
}
