package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetExhaustedException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.Money;
import dev.autodeploy.spi.CostMeter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A budget of 1 cent at a price of 3.6 an hour lasts ten seconds, also on a real process. */
class BudgetProcessTest {

  @Test
  @Timeout(60)
  void aBusyProcess_isEndedInTime_andTheNextRequestIsToldSo(@TempDir Path directory)
      throws Exception {
    LocalProcessProvider provider =
        LocalProcessProvider.builder().directory(directory.resolve("registry")).build();
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(provider)
            .stateDirectory(directory.resolve("state"))
            .releaseOnShutdown(false)
            .build()) {
      Deployment voice =
          autoDeploy.deploy(
              DeploymentSpec.builder("voice")
                  .port(0)
                  .startCommand(SmallServer.command())
                  .pricePerHour(Money.of("3.6", "USD"))
                  .budget(Budget.money("0.01", "USD").cut())
                  .build());
      try (Lease lease = voice.acquire(Duration.ofSeconds(5))) {
        lease.lost().toCompletableFuture().get(15, TimeUnit.SECONDS);
      }
      while (!voice.status().instances().isEmpty()) {
        Thread.sleep(20);
      }

      assertThat(voice.cost().total().amount().doubleValue()).isBetween(0.0085, 0.01);
      assertThatThrownBy(() -> voice.acquire(Duration.ofSeconds(5)))
          .isInstanceOf(BudgetExhaustedException.class)
          .hasMessageContaining("of 0.01 USD in total are spent");
    }
  }

  @Test
  @Timeout(60)
  void twoBusyProcesses_areEndedInTimeByTheEnginesBudget(@TempDir Path directory) throws Exception {
    LocalProcessProvider provider =
        LocalProcessProvider.builder().directory(directory.resolve("registry")).build();
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(provider)
            .stateDirectory(directory.resolve("state"))
            .costMeter(CostMeter.perHour("3.6", "USD"))
            .budget(Budget.money("0.01", "USD").cut())
            .releaseOnShutdown(false)
            .build()) {
      Deployment voice = autoDeploy.deploy(server("voice"));
      Deployment image = autoDeploy.deploy(server("image"));
      try (Lease one = voice.acquire(Duration.ofSeconds(5));
          Lease two = image.acquire(Duration.ofSeconds(5))) {
        one.lost().toCompletableFuture().get(15, TimeUnit.SECONDS);
        two.lost().toCompletableFuture().get(15, TimeUnit.SECONDS);
      }
      while (!voice.status().instances().isEmpty() || !image.status().instances().isEmpty()) {
        Thread.sleep(20);
      }

      assertThat(autoDeploy.budgetStatus()).isNotNull();
      assertThat(autoDeploy.budgetStatus().spent().doubleValue()).isBetween(0.007, 0.01);
      for (Deployment next : List.of(voice, image)) {
        assertThatThrownBy(() -> next.acquire(Duration.ofSeconds(5)))
            .isInstanceOfSatisfying(
                BudgetExhaustedException.class, e -> assertThat(e.isOfEngine()).isTrue())
            .hasMessageContaining("the budget of the engine is exhausted");
      }
    }
  }

  private static DeploymentSpec server(String name) {
    return DeploymentSpec.builder(name).port(0).startCommand(SmallServer.command()).build();
  }
}
