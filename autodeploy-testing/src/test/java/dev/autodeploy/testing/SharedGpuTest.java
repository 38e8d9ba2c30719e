package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderCapacity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Deployments that want the same GPUs take turns, and no caller is turned away for it. */
class SharedGpuTest {
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final ManualTime time = ManualTime.create();
  private final SimulatedProvider provider = SimulatedProvider.on(time);
  private final List<DeploymentEvent> events = new ArrayList<>();
  private AutoDeploy autoDeploy;

  private void start(String... gpus) {
    provider.gpus(gpus);
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(30)));
    autoDeploy = time.build(AutoDeploy.builder().provider(provider));
    autoDeploy.addListener(events::add);
  }

  private Deployment deploy(String name, UnaryOperator<DeploymentSpec.Builder> settings) {
    return autoDeploy.deploy(
        settings.apply(DeploymentSpec.builder(name).port(8080).gpu(GpuRequest.ids("0"))).build());
  }

  private Deployment deploy(String name) {
    return deploy(name, builder -> builder);
  }

  private CompletableFuture<Lease> ask(Deployment deployment) {
    return deployment.acquireAsync(AcquireRequest.within(PATIENCE)).toCompletableFuture();
  }

  private void pass(int seconds) {
    for (int i = 0; i < seconds * 10; i++) {
      time.advance(Duration.ofMillis(100));
      assertThat(provider.existing().size()).as("on GPU 0").isLessThanOrEqualTo(1);
    }
  }

  private List<String> released() {
    return events.stream()
        .filter(DeploymentEvent.InstanceReleasing.class::isInstance)
        .map(DeploymentEvent.InstanceReleasing.class::cast)
        .filter(event -> event.reason() == ReleaseReason.MADE_ROOM)
        .map(DeploymentEvent::deployment)
        .toList();
  }

  @AfterEach
  void close() {
    time.close(autoDeploy);
    assertThat(provider.existing()).isEmpty();
  }

  @Test
  void alternatingRequests_areAllServed_andNeverTwoAtOnce() {
    start("0");
    Deployment a = deploy("a");
    Deployment b = deploy("b");
    for (int round = 0; round < 20; round++) {
      for (Deployment next : List.of(a, b)) {
        CompletableFuture<Lease> lease = ask(next);
        pass(40);
        assertThat(lease).as("round %s of %s", round, next).isCompleted();
        lease.join().close();
      }
    }
    assertThat(released()).hasSize(39);
  }

  @Test
  void deploymentsThatShareMemory_runBesideEachOther_theirStartsOneAfterTheOther() {
    start();
    provider.gpus(List.of(ProviderCapacity.Gpu.of("0", "L4", "24GiB")));
    Deployment a = deploy("a", builder -> builder.gpu(GpuRequest.memory("10GiB")));
    Deployment b = deploy("b", builder -> builder.gpu(GpuRequest.memory("10GiB")));
    Deployment c = deploy("c", builder -> builder.gpu(GpuRequest.memory("8GiB")));
    CompletableFuture<Lease> first = ask(a);
    CompletableFuture<Lease> second = ask(b);
    time.advance(Duration.ofSeconds(31));
    assertThat(first).isCompleted();
    assertThat(provider.existing()).as("the second began when the first was ready").hasSize(2);
    assertThat(second).isNotDone();
    time.advance(Duration.ofSeconds(30));
    assertThat(second).isCompleted();

    CompletableFuture<Lease> third = ask(c);
    assertThat(c.status().waitsFor().describe()).contains("waits for 8GiB of a GPU");
    first.join().close();
    time.advance(Duration.ofSeconds(40));
    assertThat(third).as("in the place of the one that was idle").isCompleted();
    assertThat(released()).containsExactly("a");
    assertThat(autoDeploy.gpus().gpus().get(0).holders())
        .extracting(SharedGpus.Holder::memoryBytes)
        .containsExactlyInAnyOrder(10L << 30, 8L << 30);
    second.join().close();
    third.join().close();
  }

  @Test
  void memoryThatNoGpuHas_isRefusedWhenDeployed() {
    start();
    provider.gpus(List.of(ProviderCapacity.Gpu.of("0", "L4", "24GiB")));
    assertThatThrownBy(() -> deploy("a", builder -> builder.gpu(GpuRequest.memory("25GiB"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the GPUs are 0 L4 with 24GiB");
  }

  @Test
  void busyHolder_isWaitedFor() {
    start("0");
    Deployment a = deploy("a");
    Deployment b = deploy("b");
    CompletableFuture<Lease> busy = ask(a);
    pass(31);
    CompletableFuture<Lease> waits = ask(b);
    pass(600);

    assertThat(waits).isNotDone();
    assertThat(a.status().count(dev.autodeploy.InstancePhase.DRAINING))
        .as("its turn is over")
        .isEqualTo(1);
    busy.join().close();
    pass(31);
    assertThat(waits).isCompleted();
    waits.join().close();
  }

  @Test
  void holderThatNeverGetsIdle_givesWayAfterItsTurn_andComesBack() {
    start("0");
    Deployment a = deploy("a", builder -> builder.concurrency(2));
    Deployment b = deploy("b");
    ask(a).thenAccept(lease -> time.schedule(Duration.ofMillis(1500), lease::close));
    pass(31);
    CompletableFuture<Lease> waits = ask(b);
    List<CompletableFuture<Lease>> asked = new ArrayList<>();
    int servedInTurn = 0;
    for (int second = 0; second < 140; second++) {
      CompletableFuture<Lease> next = ask(a);
      next.thenAccept(lease -> time.schedule(Duration.ofMillis(1500), lease::close));
      asked.add(next);
      servedInTurn += next.isDone() ? 1 : 0;
      pass(1);
    }
    assertThat(servedInTurn).as("during the turn of three starts").isBetween(85, 91);
    assertThat(waits).isCompleted();
    waits.join().close();
    pass(120);
    assertThat(asked).as("those that came meanwhile").allMatch(CompletableFuture::isDone);
  }

  @Test
  void minimum_isNotMadeToGo() {
    start("0");
    Deployment a = deploy("a", builder -> builder.minInstances(1));
    Deployment b = deploy("b");
    pass(60);
    CompletableFuture<Lease> waits =
        b.acquireAsync(AcquireRequest.within(Duration.ofMinutes(2))).toCompletableFuture();
    pass(121);
    assertThat(waits).isCompletedExceptionally();
    assertThat(provider.existing()).hasSize(1);
    assertThat(a.status().instances()).hasSize(1);
  }

  @Test
  void failedStart_givesItsRoomBackAtOnce() {
    start("0");
    Deployment a = deploy("a");
    Deployment b = deploy("b");
    provider.planNext(InstancePlan.failing("no such file"));
    CompletableFuture<Lease> fails = ask(a);
    CompletableFuture<Lease> waits = ask(b);
    pass(31);
    assertThat(fails).isCompletedExceptionally();
    assertThat(waits).isCompleted();
    waits.join().close();
  }

  @Test
  void callerThatGivesUp_leavesTheLine() {
    start("0");
    Deployment a = deploy("a");
    Deployment b = deploy("b");
    CompletableFuture<Lease> busy = ask(a);
    pass(31);
    CompletableFuture<Lease> waits = ask(b);
    pass(1);
    waits.cancel(false);
    pass(200);
    assertThat(a.status().count(dev.autodeploy.InstancePhase.READY)).isEqualTo(1);
    busy.join().close();
    pass(10);
    assertThat(provider.instances()).hasSize(1);
  }

  @Test
  void twoGpus_areGivenAtOnce_andBothHoldersMakeRoom() {
    start("0", "1");
    Deployment a = deploy("a", builder -> builder.gpu(GpuRequest.count(1)));
    Deployment b = deploy("b", builder -> builder.gpu(GpuRequest.count(1)));
    Deployment both = deploy("both", builder -> builder.gpu(GpuRequest.count(2)));
    List<CompletableFuture<Lease>> small = List.of(ask(a), ask(b));
    time.advance(Duration.ofSeconds(31));
    CompletableFuture<Lease> large = ask(both);
    small.forEach(lease -> lease.join().close());
    time.advance(Duration.ofSeconds(40));
    assertThat(large).isCompleted();
    List<CompletableFuture<Lease>> again = List.of(ask(a), ask(b));
    large.join().close();
    time.advance(Duration.ofSeconds(40));
    assertThat(again).allSatisfy(lease -> assertThat(lease).isCompleted());
    again.forEach(lease -> lease.join().close());
  }

  @Test
  void requestThatNeverFits_isRefusedWithWhatThereIs() {
    start("0", "1");
    assertThatThrownBy(() -> deploy("a", builder -> builder.gpu(GpuRequest.count(3))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 GPUs")
        .hasMessageContaining("0, 1");
    assertThatThrownBy(() -> deploy("a", builder -> builder.gpu(GpuRequest.ids("7"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("GPU 7");
  }

  @Test
  void callerInLine_whoseTimeIsOver_isToldWhomTheProviderNames() {
    String foreign = "GPU '0' is held by container 'somebody-elses'";
    provider.planBy(request -> InstancePlan.failing(InstanceStartException.noRoom(foreign)));
    autoDeploy = time.build(AutoDeploy.builder().provider(provider));
    Deployment a = deploy("a", builder -> builder.gpu(GpuRequest.ids("0")));

    CompletableFuture<Lease> lease = a.acquireAsync(AcquireRequest.within(Duration.ofSeconds(45)));
    time.advance(Duration.ofSeconds(44));
    assertThat(a.status().explain()).contains(foreign);
    time.advance(Duration.ofSeconds(2));

    assertThatThrownBy(lease::join)
        .hasCauseInstanceOf(AcquireTimeoutException.class)
        .hasMessageContaining("waits in line for GPU 0; the provider says: " + foreign);
  }

  @Test
  void providerWithoutRoom_isAskedAgainWhenAnotherHasGone() {
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(30)));
    provider.planBy(
        request ->
            provider.existing().size() > 0
                ? InstancePlan.failing(InstanceStartException.noRoom("the cluster is full"))
                : InstancePlan.readyAfter(Duration.ofSeconds(30)));
    autoDeploy = time.build(AutoDeploy.builder().provider(provider));
    autoDeploy.addListener(events::add);
    Deployment a = deploy("a", builder -> builder.gpu(GpuRequest.count(1)));
    Deployment b = deploy("b", builder -> builder.gpu(GpuRequest.count(1)));
    for (int round = 0; round < 5; round++) {
      for (Deployment next : List.of(a, b)) {
        CompletableFuture<Lease> lease = ask(next);
        time.advance(Duration.ofSeconds(60));
        assertThat(lease).as("round %s of %s", round, next).isCompleted();
        lease.join().close();
      }
    }
    assertThat(b.status().startFailures()).isZero();
  }
}
