package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetExhaustedException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.RouteRule;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.StateStore;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The engine's budget is one for all deployments. A second of an instance costs 0.001 USD. */
class EngineBudgetTest {
  @TempDir Path temporary;
  private final ManualTime time = ManualTime.create();
  private final StateStore store = StateStore.inMemory();
  private final List<DeploymentEvent> events = new ArrayList<>();
  private SimulatedProvider provider = SimulatedProvider.on(time);
  private AutoDeploy autoDeploy;

  @BeforeEach
  void start() {
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(2)));
    build(Budget.money("0.02", "USD").cut());
  }

  private void build(@Nullable Budget budget) {
    autoDeploy =
        time.build(
            AutoDeploy.builder()
                .provider(provider)
                .stateStore(store)
                .costMeter(CostMeter.perHour("3.6", "USD"))
                .budget(budget));
    autoDeploy.addListener(events::add);
  }

  private void budget(@Nullable Budget budget) {
    autoDeploy.budget(budget);
    time.runReady();
  }

  @AfterEach
  void close() {
    time.close(autoDeploy);
    assertThat(provider.existing()).isEmpty();
  }

  private Deployment deploy(String name, UnaryOperator<DeploymentSpec.Builder> settings) {
    Deployment deployment =
        autoDeploy.deploy(settings.apply(DeploymentSpec.builder(name).port(8080)).build());
    time.runReady();
    return deployment;
  }

  private Deployment deploy(String name) {
    return deploy(name, it -> it);
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

  private BigDecimal spent() {
    BudgetStatus status = autoDeploy.budgetStatus();
    assertThat(status).isNotNull();
    BigDecimal books =
        autoDeploy.costs(Instant.EPOCH, time.instant()).total().values().stream()
            .map(Money::amount)
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(books).isEqualByComparingTo(status.spent());
    return status.spent();
  }

  private static BudgetExhaustedException refusal(CompletableFuture<Lease> refused) {
    assertThat(refused).isCompletedExceptionally();
    Throwable[] error = new Throwable[1];
    refused.whenComplete((lease, e) -> error[0] = e);
    assertThat(error[0]).isInstanceOf(BudgetExhaustedException.class);
    BudgetExhaustedException refusal = (BudgetExhaustedException) error[0];
    assertThat(refusal.isOfEngine()).isTrue();
    return refusal;
  }

  private List<Integer> percents() {
    return events.stream()
        .filter(DeploymentEvent.EngineBudgetUsed.class::isInstance)
        .map(event -> ((DeploymentEvent.EngineBudgetUsed) event).percent())
        .toList();
  }

  private List<ReleaseReason> releases() {
    return events.stream()
        .filter(DeploymentEvent.InstanceReleasing.class::isInstance)
        .map(event -> ((DeploymentEvent.InstanceReleasing) event).reason())
        .toList();
  }

  @Test
  void cut_endsAllDeploymentsAtOnce_andTellsTheNextRequests() {
    Deployment voice = deploy("voice");
    Deployment image = deploy("image");
    Lease one = time.await(ask(voice));
    Lease two = time.await(ask(image));

    pass(30);

    assertThat(one.lost().toCompletableFuture()).isCompleted();
    assertThat(two.lost().toCompletableFuture()).isCompleted();
    assertThat(releases()).containsExactly(ReleaseReason.BUDGET, ReleaseReason.BUDGET);
    assertThat(spent()).isBetween(new BigDecimal("0.0179"), new BigDecimal("0.02"));
    assertThat(percents()).containsExactly(100);
    BudgetExhaustedException refusal = refusal(ask(voice));
    assertThat(refusal)
        .hasMessageContaining("the budget of the engine is exhausted")
        .hasMessageContaining("of 0.02 USD in total are spent");
    refusal(ask(image));
  }

  @Test
  void steps_areToldOf_whileSeveralRun() {
    budget(Budget.money("1", "USD"));
    time.await(ask(deploy("voice")));
    time.await(ask(deploy("image")));

    pass(500);

    assertThat(percents()).containsExactly(50, 80, 100);
  }

  @Test
  void drain_letsWhatIsInFlightFinish_andTakesNothingMore() {
    budget(Budget.money("0.02", "USD"));
    Deployment voice = deploy("voice");
    Deployment image = deploy("image");
    Lease lease = time.await(ask(voice));
    time.await(ask(image)).close();

    pass(60);
    assertThat(lease.lost().toCompletableFuture()).isNotCompleted();
    assertThat(provider.existing()).hasSize(1);
    refusal(ask(image));
    lease.close();
    time.runReady();

    assertThat(provider.existing()).isEmpty();
  }

  @Test
  void twoStartsAtOnce_doNotCountOnTheSameRest() {
    budget(Budget.money("0.004", "USD").cut());
    Deployment voice = deploy("voice");
    Deployment image = deploy("image");

    CompletableFuture<Lease> first = voice.acquireAsync(AcquireRequest.within(Duration.ofHours(1)));
    CompletableFuture<Lease> second =
        image.acquireAsync(AcquireRequest.within(Duration.ofHours(1)));
    CompletableFuture<Lease> third =
        deploy("text").acquireAsync(AcquireRequest.within(Duration.ofHours(1)));
    time.runReady();

    assertThat(first).isNotDone();
    assertThat(second).isNotDone();
    refusal(third);
  }

  @Test
  void startUnderWay_keepsWhatItsStartStillTakes() {
    budget(null);
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(10)));
    Deployment slow = deploy("slow", it -> it.idleTimeout(Duration.ZERO));
    time.await(ask(slow)).close();
    time.runReady();
    budget(Budget.money("0.0235", "USD").cut()); // a little more than 0.010 of it are spent

    CompletableFuture<Lease> first = ask(slow);
    assertThat(first).isNotCompletedExceptionally();
    // 12 of the 13 seconds left are for its start, minimum of use and release, 2 for another one's
    refusal(ask(deploy("quick")));
  }

  @Test
  void removedDeployment_staysInTheBooks() {
    Deployment voice = deploy("voice");
    Lease lease = time.await(ask(voice));
    pass(10);
    lease.close();
    autoDeploy.remove("voice");
    time.runReady();

    assertThat(spent()).isBetween(new BigDecimal("0.012"), new BigDecimal("0.0123"));
    Lease other = time.await(ask(deploy("voice")));
    pass(10);
    assertThat(other.lost().toCompletableFuture()).isCompleted();
    assertThat(spent()).isLessThanOrEqualTo(new BigDecimal("0.02"));
  }

  @Test
  void removedDeploymentInUse_isCut() {
    Deployment voice = deploy("voice");
    Lease lease = time.await(ask(voice));
    autoDeploy.remove("voice");
    pass(30);

    assertThat(lease.lost().toCompletableFuture()).isCompleted();
    assertThat(spent()).isLessThanOrEqualTo(new BigDecimal("0.02"));
  }

  @Test
  void raised_takesEffectAtOnce_alsoForTheMinimum() {
    budget(Budget.money("0", "USD"));
    Deployment voice = deploy("voice", it -> it.minInstances(1));
    refusal(ask(voice));
    assertThat(provider.existing()).isEmpty();

    budget(Budget.money("1", "USD"));

    assertThat(provider.existing()).hasSize(1);
    assertThat(time.await(ask(voice))).isNotNull();
    budget(null);
    assertThat(autoDeploy.budgetStatus()).isNull();
    pass(5000);
    assertThat(provider.existing()).hasSize(1);
  }

  @Test
  void nextDay_beginsAgain_andRetryAfterLeadsThere() {
    budget(Budget.money("0.02", "USD").per(Budget.Period.DAY, ZoneOffset.UTC));
    deploy("voice", it -> it.minInstances(1));
    Deployment image = deploy("image");
    pass(60);
    assertThat(provider.existing()).isEmpty();
    Duration wait = refusal(ask(image)).retryAfter();
    assertThat(wait).isNotNull();

    time.advance(wait.plusSeconds(1));

    assertThat(provider.existing()).hasSize(1);
    assertThat(ask(image)).isNotCompletedExceptionally();
  }

  @Test
  void goneInstance_makesWayForTheMinimumOfAnother() {
    budget(Budget.money("0.05", "USD").minimumUse(Duration.ofSeconds(20)));
    Deployment voice = deploy("voice", it -> it.idleTimeout(Duration.ZERO));
    Lease lease = time.await(ask(voice)); // 2 s
    deploy("image", it -> it.minInstances(1));
    pass(5); // 2 x 21 s are more than what is left
    assertThat(provider.existing()).hasSize(2);
    pass(5);
    deploy("text", it -> it.minInstances(1));
    assertThat(provider.existing()).hasSize(2);

    lease.close();
    autoDeploy.remove("image");
    time.runReady();

    assertThat(provider.existing()).hasSize(1);
  }

  @Test
  void waitingForAnInstanceOfItsOwn_isToldWhenNothingIsLeftForIt() {
    budget(Budget.money("0.006", "USD"));
    Deployment voice = deploy("voice", it -> it.maxInstances(3));
    time.await(ask(voice));
    AcquireRequest own = AcquireRequest.within(Duration.ofHours(1)).route(new RouteRule.ScaleOut());
    CompletableFuture<Lease> first = voice.acquireAsync(own);
    CompletableFuture<Lease> second = voice.acquireAsync(own);
    time.runReady();

    refusal(first);
    refusal(second);
  }

  @Test
  void restart_keepsWhatWasSetAtRunTime_untilItIsBuiltWithAnother() {
    budget(Budget.money("5", "USD"));
    Budget builtWith = Budget.money("0.02", "USD").cut();

    time.close(autoDeploy);
    provider = provider.reconnect();
    build(builtWith);
    assertThat(autoDeploy.budgetStatus().budget().limit()).isEqualByComparingTo("5");

    time.close(autoDeploy);
    provider = provider.reconnect();
    build(Budget.money("7", "USD"));
    assertThat(autoDeploy.budgetStatus().budget().limit()).isEqualByComparingTo("7");
  }

  @Test
  void restart_countsWhatWasSpentBefore() {
    Deployment voice = deploy("voice");
    Lease lease = time.await(ask(voice));
    pass(8);
    lease.close();
    time.close(autoDeploy);
    events.clear();
    provider = provider.reconnect();
    build(Budget.money("0.02", "USD").cut());

    assertThat(spent()).isBetween(new BigDecimal("0.010"), new BigDecimal("0.0103"));
    time.await(ask(autoDeploy.deployment("voice")));
    pass(30);
    assertThat(spent()).isBetween(new BigDecimal("0.0189"), new BigDecimal("0.02"));
    assertThat(percents()).containsExactly(50, 100);
  }

  @Test
  void anotherCurrency_isRefused_inBothOrders() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> deploy("yen", it -> it.pricePerHour(Money.of("100", "JPY"))))
        .withMessageContaining("the budget of the engine is in USD");
    budget(null);
    deploy("yen", it -> it.pricePerHour(Money.of("100", "JPY")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> budget(Budget.money("1", "USD")))
        .withMessageContaining("the price of deployment 'yen' is in JPY");
  }

  @Test
  void status_decidesNothing() {
    Deployment voice = deploy("voice");
    time.await(ask(voice));
    List<DeploymentEvent> before = List.copyOf(events);
    int timers = time.untilNextTimer().isPresent() ? 1 : 0;
    for (int i = 0; i < 3; i++) {
      autoDeploy.budgetStatus();
      voice.budgetStatus();
    }
    assertThat(events).isEqualTo(before);
    assertThat(timers).isEqualTo(1);
  }

  @Test
  void budgetInTheFileOfDeployments_isTheEngines_andNotSetTwice() throws Exception {
    time.close(autoDeploy);
    provider = provider.newConnection();
    Path file = temporary.toRealPath().resolve("deployments.json");
    Files.writeString(
        file,
        """
        {"budget": {"amount": "0.01", "currency": "USD", "end": "cut"},
         "deployments": {"voice": {"image": "a", "port": 8080}}}
        """);
    AutoDeploy.Builder builder =
        AutoDeploy.builder()
            .provider(provider)
            .costMeter(CostMeter.perHour("3.6", "USD"))
            .deploymentsFile(file);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.budget(Budget.money("1", "USD")).build())
        .withMessageContainingAll("deployments.json", "set one");
    autoDeploy = time.build(builder.budget(null));
    ask(autoDeploy.deployment("voice"));
    pass(30);

    assertThat(autoDeploy.budgetStatus()).isNotNull();
    assertThat(spent()).isLessThanOrEqualTo(new BigDecimal("0.01"));
    assertThat(provider.existing()).isEmpty();
    refusal(ask(autoDeploy.deployment("voice")));
  }
}
