package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.engine.EngineConfig;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import dev.autodeploy.spi.StateStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Budgets that a replica's file declares. All that the replica does is done at once, when the test
 * says so; its clock stands still.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DeclaredBudgetTest {
  private static final DeploymentSpec VOICE = DeploymentSpec.builder("voice").port(8080).build();

  private final ManualLine asking = new ManualLine();
  private final Votes votes = new Votes();
  private final ReplicatedEngine replica =
      ReplicatedEngine.start(
          EngineConfig.builder()
              .owner("cluster")
              .ticker(() -> 0)
              .clock(() -> Instant.EPOCH)
              .scheduler((delay, task) -> () -> {})
              .providerExecutor(Runnable::run)
              .callbackExecutor(Runnable::run)
              .costMeter(CostMeter.perHour("1", "USD"))
              .releaseOnShutdown(false),
          votes,
          Empty::new,
          Duration.ofSeconds(10),
          null,
          runtime());

  @Test
  void budgetThatTheLeaderHasRefused_doesNotWaitForTheNextEngineOfThisReplica() {
    leads(true);
    replica.deploy(VOICE);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> replica.declareBudget(Budget.money("10", "EUR")))
        .withMessageContaining("is in EUR");
    leads(false);
    leads(true);

    assertThat(replica.budgetStatus()).isNull();
  }

  @Test
  void budgetThatTheLeaderHasTaken_isThatOfTheNextEngineOfThisReplica() {
    leads(true);
    replica.deploy(VOICE);
    replica.declareBudget(Budget.money("10", "USD"));
    leads(false);
    leads(true);

    BudgetStatus status = replica.budgetStatus();
    assertThat(status).isNotNull();
    assertThat(status.budget()).isEqualTo(Budget.money("10", "USD"));
  }

  private void leads(boolean elected) {
    votes.epoch++;
    votes.elected = elected;
    for (int i = 0; i < 10 && replica.leads() != elected; i++) {
      asking.run();
    }
    assertThat(replica.leads()).isEqualTo(elected);
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

  /** An election that the test decides. */
  private static final class Votes implements LeaderElection {
    private long epoch;
    private boolean elected;

    @Override
    public Leader campaign(String replica, long held, Duration term) {
      return new Leader(epoch, elected ? replica : "other", "");
    }

    @Override
    public void resign(long resigned) {}

    @Override
    public StateStore store(long of) {
      return StateStore.inMemory();
    }
  }

  /** A provider without instances. */
  private static final class Empty implements InstanceProvider {
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
      return CompletableFuture.completedFuture(List.of());
    }

    @Override
    public CompletionStage<List<String>> logs(String instanceId, int lines) {
      throw new UnsupportedOperationException();
    }
  }
}
