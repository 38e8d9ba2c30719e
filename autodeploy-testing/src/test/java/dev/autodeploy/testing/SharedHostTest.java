package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Lease;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.StateStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Deployments of an engine that limits how many instances there are, and how much memory. */
class SharedHostTest {
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final ManualTime time = ManualTime.create();
  private SimulatedProvider provider = SimulatedProvider.on(time);
  private AutoDeploy autoDeploy;

  private void start(UnaryOperator<AutoDeploy.Builder> settings) {
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(10)));
    autoDeploy = time.build(settings.apply(AutoDeploy.builder().provider(provider)));
  }

  private Deployment deploy(String name, UnaryOperator<DeploymentSpec.Builder> settings) {
    return autoDeploy.deploy(settings.apply(DeploymentSpec.builder(name).port(8080)).build());
  }

  private Deployment deploy(String name) {
    return deploy(name, builder -> builder);
  }

  private static CompletableFuture<Lease> ask(Deployment deployment) {
    return deployment.acquireAsync(AcquireRequest.within(PATIENCE)).toCompletableFuture();
  }

  private void pass(int seconds, int most) {
    for (int i = 0; i < seconds * 10; i++) {
      time.advance(Duration.ofMillis(100));
      assertThat(provider.existing().size()).isLessThanOrEqualTo(most);
    }
  }

  @AfterEach
  void close() {
    time.close(autoDeploy);
    assertThat(provider.existing()).isEmpty();
  }

  @Test
  void moreDeploymentsThanInstances_areAllServed_andNeverMoreAtOnce() {
    start(builder -> builder.maxInstances(2));
    List<Deployment> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      all.add(deploy("d" + i));
    }
    for (int round = 0; round < 4; round++) {
      List<CompletableFuture<Lease>> asked = all.stream().map(SharedHostTest::ask).toList();
      for (int i = 0; i < 200 && !asked.stream().allMatch(CompletableFuture::isDone); i++) {
        pass(1, 2);
        asked.stream()
            .filter(CompletableFuture::isDone)
            .forEach(lease -> lease.join().close()); // idempotent
      }
      assertThat(asked).allMatch(CompletableFuture::isDone);
    }
  }

  @Test
  void requestBeyondTheMaximum_saysWhatItWaitsFor_andIsServedWhenTheIdleOneIsGone() {
    start(builder -> builder.maxInstances(1));
    Deployment a = deploy("a");
    Deployment b = deploy("b");
    CompletableFuture<Lease> first = ask(a);
    pass(11, 1);
    Lease lease = first.join();
    CompletableFuture<Lease> second = ask(b);
    pass(1, 1);
    assertThat(second).isNotDone();
    assertThat(b.explain())
        .contains("1 request waits for a place among 1 instances: a, 1 request in flight");
    SharedGpus shared = autoDeploy.gpus();
    assertThat(shared.host()).isEqualTo(new SharedGpus.Host(1, 1, 0, 0));
    assertThat(shared.waiting())
        .singleElement()
        .satisfies(w -> assertThat(w.deployment()).isEqualTo("b"));

    lease.close();
    pass(15, 1);
    assertThat(second).isCompleted();
    assertThat(a.status().instances()).isEmpty();
  }

  @Test
  void scaleOutBeyondTheMaximum_waitsUntilOthersAreIdle_andAsksNoBusyOneToGo() {
    start(builder -> builder.maxInstances(2));
    Deployment busy = deploy("busy");
    Deployment wide = deploy("wide", builder -> builder.maxInstances(2).concurrency(1));
    CompletableFuture<Lease> other = ask(busy);
    CompletableFuture<Lease> first = ask(wide);
    pass(11, 2);
    CompletableFuture<Lease> second = ask(wide);
    pass(120, 2);
    assertThat(second).isNotDone();
    assertThat(busy.status().count(InstancePhase.READY)).isEqualTo(1);
    other.join().close();
    pass(15, 2);
    assertThat(second).isCompleted();
    first.join().close();
  }

  @Test
  void memory_ofInstancesTogether_isNotMoreThanTheHostHas() {
    start(builder -> builder.hostMemoryBytes(8L << 30));
    Deployment a = deploy("a", builder -> builder.memoryBytes(6L << 30));
    Deployment b = deploy("b", builder -> builder.memoryBytes(4L << 30));
    Deployment free = deploy("free");
    CompletableFuture<Lease> first = ask(a);
    CompletableFuture<Lease> second = ask(b);
    CompletableFuture<Lease> third = ask(free);
    pass(11, 2);
    assertThat(third).isCompleted();
    assertThat(b.explain()).contains("waits for 4GiB of 8GiB of the host's memory: a");
    assertThat(autoDeploy.gpus().host()).isEqualTo(new SharedGpus.Host(2, 0, 6L << 30, 8L << 30));
    first.join().close();
    pass(15, 2);
    assertThat(second).isCompleted();
    assertThatThrownBy(() -> deploy("c", builder -> builder.memoryBytes(9L << 30)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hostMemoryBytes");
  }

  @Test
  void update_ofTheMemory_whileAStartWaits_isWhatCounts() {
    start(builder -> builder.hostMemoryBytes(8L << 30));
    Deployment a = deploy("a", builder -> builder.memoryBytes(6L << 30));
    Deployment b = deploy("b", builder -> builder.memoryBytes(4L << 30));
    ask(a);
    CompletableFuture<Lease> second = ask(b);
    pass(11, 1);
    assertThat(second).isNotDone();
    autoDeploy.update(b.spec().toBuilder().memoryBytes(2L << 30).build());
    pass(11, 2);
    assertThat(second).isCompleted();
  }

  @Test
  void refusalByTheProvider_ofAStartWithoutGpus_isAFailedStartAsEver() {
    start(builder -> builder.maxInstances(1));
    Deployment a = deploy("a");
    provider.plan(InstancePlan.failing(InstanceStartException.noRoom("no processor is free")));
    CompletableFuture<Lease> refused = ask(a);
    pass(1, 1);
    assertThat(refused).isCompletedExceptionally();
    provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(10)));
    pass(60, 1);
    CompletableFuture<Lease> again = ask(a);
    pass(11, 1);
    assertThat(again).isCompleted();
  }

  @Test
  void instancesThatAreAdopted_count_andNoneIsStartedUntilThereAreFewer() {
    StateStore store = StateStore.inMemory();
    start(builder -> builder.stateStore(store).owner("host").keepInstancesOnClose(true));
    Deployment a = deploy("a");
    Deployment b = deploy("b");
    ask(a).thenAccept(Lease::close);
    ask(b).thenAccept(Lease::close);
    pass(11, 2);
    time.close(autoDeploy);
    assertThat(provider.existing()).hasSize(2);

    provider = provider.newConnection();
    start(builder -> builder.stateStore(store).owner("host").maxInstances(1));
    pass(1, 2);
    assertThat(autoDeploy.gpus().host()).isEqualTo(new SharedGpus.Host(2, 1, 0, 0));
    Deployment c = deploy("c");
    CompletableFuture<Lease> lease = ask(c);
    pass(30, 2);
    assertThat(lease).isCompleted();
    assertThat(provider.existing()).hasSize(1);
  }

  @Test
  void withoutLimits_instancesWithoutGpusNeedNoRoom() {
    start(builder -> builder);
    Deployment a = deploy("a", builder -> builder.gpu(GpuRequest.none()));
    CompletableFuture<Lease> lease = ask(a);
    pass(11, 1);
    assertThat(lease).isCompleted();
    assertThat(autoDeploy.gpus().host()).isNull();
  }
}
