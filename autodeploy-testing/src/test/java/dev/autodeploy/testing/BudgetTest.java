package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetExhaustedException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.Schedule;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.StateStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A budget ends what runs in time, and says so. A second costs 0.001 USD. */
class BudgetTest {
  private final ManualTime time = ManualTime.create();
  private final StateStore store = StateStore.inMemory();
  private final List<DeploymentEvent> events = new ArrayList<>();
  private SimulatedProvider provider = SimulatedProvider.on(time);
  private AutoDeploy autoDeploy;

  @BeforeEach
  void start() {
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(2)));
    autoDeploy = time.build(AutoDeploy.builder().provider(provider).stateStore(store));
    autoDeploy.addListener(events::add);
  }

  @AfterEach
  void close() {
    time.close(autoDeploy);
    assertThat(provider.existing()).isEmpty();
  }

  private Deployment deploy(Budget budget, UnaryOperator<DeploymentSpec.Builder> settings) {
    Deployment deployment =
        autoDeploy.deploy(
            settings
                .apply(
                    DeploymentSpec.builder("voice")
                        .port(8080)
                        .pricePerHour(Money.of("3.6", "USD"))
                        .budget(budget))
                .build());
    time.runReady();
    return deployment;
  }

  private Deployment deploy(Budget budget) {
    return deploy(budget, builder -> builder);
  }

  private CompletableFuture<Lease> ask(Deployment deployment) {
    CompletableFuture<Lease> lease =
        deployment.acquireAsync(AcquireRequest.within(Duration.ofHours(1)));
    time.runReady();
    return lease;
  }

  private void pass(int seconds) {
    time.advance(Duration.ofSeconds(seconds));
  }

  private static BudgetExhaustedException refusal(CompletableFuture<Lease> refused) {
    assertThat(refused).isCompletedExceptionally();
    Throwable[] error = new Throwable[1];
    refused.whenComplete((lease, e) -> error[0] = e);
    assertThat(error[0]).isInstanceOf(BudgetExhaustedException.class);
    return (BudgetExhaustedException) error[0];
  }

  private List<Integer> percents() {
    return events.stream()
        .filter(DeploymentEvent.BudgetUsed.class::isInstance)
        .map(event -> ((DeploymentEvent.BudgetUsed) event).percent())
        .toList();
  }

  private List<ReleaseReason> releases() {
    return events.stream()
        .filter(DeploymentEvent.InstanceReleasing.class::isInstance)
        .map(event -> ((DeploymentEvent.InstanceReleasing) event).reason())
        .toList();
  }

  @Test
  void cut_endsABusyInstanceBeforeTheBudgetIsExceeded_andTellsTheNextRequest() {
    Deployment voice = deploy(Budget.money("0.01", "USD").cut());
    Lease lease = time.await(ask(voice));

    pass(8);

    assertThat(lease.lost().toCompletableFuture()).isCompleted();
    assertThat(provider.existing()).isEmpty();
    assertThat(releases()).containsExactly(ReleaseReason.BUDGET);
    assertThat(voice.cost().total().amount()).isEqualByComparingTo("0.009");
    BudgetExhaustedException refusal = refusal(ask(voice));
    assertThat(refusal.code()).isEqualTo(ErrorCode.BUDGET_EXHAUSTED);
    assertThat(refusal.retryAfter()).isNull();
    assertThat(refusal.status()).isNotNull();
    assertThat(refusal.status().left()).isEqualByComparingTo("0.001");
    assertThat(refusal).hasMessageContaining("0.009 USD of 0.01 USD in total are spent");
    assertThat(percents()).containsExactly(100);
  }

  @Test
  void drain_letsWhatIsInFlightFinish_andTakesNothingMore() {
    Deployment voice = deploy(Budget.money("0.01", "USD"));
    Lease lease = time.await(ask(voice));

    pass(20);
    assertThat(lease.lost().toCompletableFuture()).isNotCompleted();
    refusal(ask(voice));
    lease.close();
    time.runReady();

    assertThat(provider.existing()).isEmpty();
    assertThat(releases()).containsExactly(ReleaseReason.BUDGET);
  }

  @Test
  void whoWaits_isRejectedAtTheEnd() {
    Deployment voice = deploy(Budget.money("0.01", "USD"), b -> b.concurrency(1));
    Lease lease = time.await(ask(voice));
    CompletableFuture<Lease> waiting = ask(voice);

    pass(8);

    refusal(waiting);
    lease.close();
  }

  @Test
  void start_isAdmittedOnlyIfWhatIsLeftCoversItAndAMinimumOfUse() {
    Deployment voice =
        deploy(
            Budget.money("0.02", "USD").minimumUse(Duration.ofSeconds(9)),
            b -> b.idleTimeout(Duration.ofSeconds(5)));
    time.await(ask(voice)).close();
    pass(5);
    assertThat(releases()).containsExactly(ReleaseReason.IDLE);
    assertThat(voice.cost().total().amount())
        .isBetween(new BigDecimal("0.007"), new BigDecimal("0.0071"));

    // Nearly 13 s are left: 2 s for the start, as the last one took, 9 s of use, 1 s for the
    // release.
    time.await(ask(voice)).close();
    pass(5);
    BudgetExhaustedException refusal = refusal(ask(voice)); // 6 s are left
    assertThat(refusal).hasMessageContaining("what is left does not cover a start");
    assertThat(refusal.status().exhausted()).as("nothing runs").isTrue();
  }

  @Test
  void raised_takesEffectAtOnce_andSoDoesANewPeriod() {
    Budget budget = Budget.money("0.01", "USD").per(Budget.Period.DAY, ZoneOffset.UTC).cut();
    Deployment voice = deploy(budget, b -> b.minInstances(1));
    pass(30);
    assertThat(provider.existing()).isEmpty();
    BudgetExhaustedException refusal = refusal(ask(voice));
    assertThat(refusal.retryAfter()).isEqualTo(Duration.ofHours(24).minusSeconds(30));
    assertThat(refusal.status().resetsAt()).isEqualTo(Instant.parse("2026-01-02T00:00:00Z"));

    autoDeploy.update(
        voice.spec().toBuilder()
            .budget(
                new Budget(
                    Money.of("0.02", "USD"),
                    null,
                    budget.period(),
                    budget.zone(),
                    budget.end(),
                    budget.minimumUse()))
            .build());
    time.runReady();
    assertThat(provider.existing()).as("the minimum is kept again").hasSize(1);
    pass(30);
    assertThat(provider.existing()).isEmpty();

    time.advance(Duration.ofHours(24));
    assertThat(
            voice
                .cost(Instant.parse("2026-01-02T00:00:00Z"), Instant.parse("2026-01-03T00:00:00Z"))
                .amount())
        .isGreaterThan(new BigDecimal("0.018"))
        .isLessThanOrEqualTo(new BigDecimal("0.02"));
    assertThat(percents()).endsWith(100);
  }

  @Test
  void gpuTime_countsEveryGpu_andWarnsOnTheWay() {
    provider.gpus("0", "1");
    Deployment voice =
        deploy(
            Budget.gpuTime(Duration.ofMinutes(20)).cut(),
            b -> b.gpu(GpuRequest.count(2)).idleTimeout(Duration.ofHours(1)));
    time.await(ask(voice)).close();

    pass(700);

    assertThat(provider.existing()).isEmpty();
    BudgetStatus status = voice.budgetStatus();
    assertThat(status.spent()).isEqualByComparingTo("1198");
    assertThat(status.exhausted()).isTrue();
    assertThat(percents()).containsExactly(50, 80, 100);
  }

  @Test
  void schedule_obeysTheBudget() {
    deploy(
        Budget.money("0.01", "USD").cut(),
        b -> b.schedule(Schedule.weekly(ZoneOffset.UTC).warm("daily", "00:00", "24:00", 1)));

    time.advance(Duration.ofHours(1));

    assertThat(provider.existing()).isEmpty();
    assertThat(provider.instances()).hasSize(1);
  }

  @Test
  void whatWasSpent_isKnownAfterARestart() {
    Deployment voice = deploy(Budget.money("0.01", "USD").cut());
    time.await(ask(voice));
    pass(8);
    time.close(autoDeploy);
    provider = provider.reconnect();

    autoDeploy = time.build(AutoDeploy.builder().provider(provider).stateStore(store));

    refusal(ask(autoDeploy.deployment("voice")));
  }

  @Test
  void budgetInAnotherCurrencyThanThePrice_isRefused() {
    assertThatThrownBy(() -> deploy(Budget.money("1", "EUR")))
        .hasMessageContaining("the budget is in EUR, but pricePerHour in USD");
    assertThatThrownBy(
            () ->
                autoDeploy.deploy(
                    DeploymentSpec.builder("text")
                        .port(8080)
                        .budget(Budget.money("1", "EUR"))
                        .build()))
        .hasMessageContaining("the budget of deployment 'text' is in EUR");
  }

  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void minimum_ofMoreThanTheBudgetCovers_startsThoseThatItCovers() {
    Budget budget = Budget.money("0.005", "USD").minimumUse(Duration.ofSeconds(1)).cut();

    Deployment voice = deploy(budget, builder -> builder.minInstances(4).maxInstances(4));

    assertThat(voice.status().instances()).hasSize(2); // a second of use, and one to release it
    assertThat(provider.instances()).hasSize(2);
  }

  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void budget_thatIsOverAsSoonAsOneStarts_startsNone() {
    Budget budget = Budget.money("0.001", "USD").minimumUse(Duration.ZERO).cut();

    Deployment voice = deploy(budget, builder -> builder.minInstances(1));

    assertThat(voice.status().instances()).isEmpty();
    assertThat(provider.instances()).isEmpty();
  }
}
