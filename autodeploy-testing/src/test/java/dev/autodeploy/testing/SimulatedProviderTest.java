package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SimulatedProviderTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final ManualTime time = ManualTime.create();
  private final SimulatedProvider provider = SimulatedProvider.on(time);
  private final List<String> exits = new ArrayList<>();
  private int ids;

  SimulatedProviderTest() {
    provider.open(context());
  }

  @Test
  void start_thatIsSlow_isUpAndReadyWhenPlanned() {
    provider.plan(InstancePlan.readyAfter(SECOND).upAfter(Duration.ofSeconds(2)));
    CompletableFuture<ProviderInstance> start = start();

    time.advance(Duration.ofMillis(1999));
    assertThat(start).isNotDone();
    time.advance(Duration.ofMillis(1));
    assertThat(start).isDone();
    assertThat(isReady(start)).isFalse();
    time.advance(SECOND);
    assertThat(isReady(start)).isTrue();
  }

  @Test
  void planNext_holdsForOneStartEach() {
    provider.planNext(InstancePlan.failing("no GPU is free"), InstancePlan.hanging());

    assertThat(start())
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withCauseInstanceOf(InstanceStartException.class)
        .withMessageContaining("no GPU is free");
    assertThat(start()).isNotDone();
    assertThat(start()).isDone();
  }

  @Test
  void truth_countsWhatExistsWhateverWasToldAboutIt() {
    provider.plan(InstancePlan.readyAfter(Duration.ZERO).startFailsButRuns("connection reset"));
    assertThat(start()).isCompletedExceptionally();
    provider.plan(InstancePlan.hanging());
    start();

    assertThat(provider.existing()).hasSize(2);
    assertThat(provider.maxExisting("voice")).isEqualTo(2);
  }

  @Test
  void release_goesAsPlanned_failsThenIsLostThenIsPretendedThenIsTrue() {
    provider.plan(
        InstancePlan.readyAfter(Duration.ZERO)
            .releaseTakes(SECOND)
            .releaseFails(1)
            .releaseLost(1)
            .releasePretended(1));
    String id = start().join().instanceId();

    CompletableFuture<Void> failing = release(id);
    time.advance(SECOND);
    assertThat(failing).isCompletedExceptionally();
    CompletableFuture<Void> lost = release(id);
    time.advance(Duration.ofHours(1));
    assertThat(lost).isNotDone();
    CompletableFuture<Void> pretended = release(id);
    time.advance(SECOND);
    assertThat(pretended).isCompleted();
    assertThat(provider.existing()).hasSize(1);

    CompletableFuture<Void> release = release(id);
    time.advance(SECOND);
    assertThat(release).isCompleted();
    SimulatedInstance truth = provider.instances().get(0);
    assertThat(truth.exists()).isFalse();
    assertThat(truth.releases()).isEqualTo(4);
    assertThat(truth.goneAt()).isEqualTo(truth.releaseConfirmedAt()).isEqualTo(time.now());
    assertThat(truth.lifetime()).isEqualTo(time.now());
  }

  @Test
  void release_ofAStubbornStart_letsItComeUpAndGoThen() {
    provider.plan(InstancePlan.readyAfter(SECOND).upAfter(SECOND).comesUpInSpiteOfRelease());
    CompletableFuture<ProviderInstance> start = start();
    CompletableFuture<Void> release = release("voice-1");
    assertThat(release).isNotDone();

    time.advance(SECOND);

    assertThat(start).isCompleted();
    assertThat(release).isCompleted();
    assertThat(provider.existing()).isEmpty();
  }

  @Test
  void exit_isToldAtOnceAndListedUntilTheRelease() {
    provider.plan(InstancePlan.exitingWhileStarting(SECOND, 3, "model not found"));
    start();
    time.advance(SECOND);

    assertThat(exits).containsExactly("voice-1: exited with code 3");
    assertThat(provider.list("me").toCompletableFuture().join())
        .singleElement()
        .satisfies(instance -> assertThat(instance.exit()).isNotNull());
  }

  @Test
  void list_canBeSlowBehindAndTamperedWith() {
    provider.plan(InstancePlan.readyAfter(Duration.ZERO).listedAfter(SECOND));
    start();
    assertThat(list()).isEmpty();
    time.advance(SECOND);
    assertThat(list()).hasSize(1);

    provider.onList(all -> List.of());
    assertThat(list()).isEmpty();

    provider.listTakes(SECOND);
    CompletableFuture<List<ProviderInstance>> slow = provider.list("me").toCompletableFuture();
    assertThat(slow).isNotDone();
    time.advance(SECOND);
    assertThat(slow).isDone();
  }

  @Test
  void reconnect_cutsTheOldEngineOffAndKeepsTheInstances() {
    provider.plan(InstancePlan.readyAfter(SECOND).upAfter(SECOND));
    CompletableFuture<ProviderInstance> start = start();

    SimulatedProvider next = provider.reconnect();
    time.advance(SECOND);
    assertThat(start).as("the answer to a killed process").isNotDone();
    provider.release("voice-1", Duration.ZERO);
    next.open(context());

    assertThat(next.list("me").toCompletableFuture().join()).hasSize(1);
    next.crash("voice-1", InstanceExit.unknown("gone"));
    assertThat(exits).hasSize(1);
  }

  @Test
  void close_letsVanishWhatWasNotLeft() {
    String left = start().join().instanceId();
    start();
    provider.detach(left);

    provider.close();

    assertThat(provider.existing()).extracting(SimulatedInstance::instanceId).containsExactly(left);
  }

  @Test
  void open_twice_isRefused() {
    assertThatThrownBy(() -> provider.open(context())).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void crash_ofWhatNeverWas_isRefused() {
    InstanceExit exit = InstanceExit.unknown("gone");
    assertThatThrownBy(() -> provider.crash("nobody", exit))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private CompletableFuture<ProviderInstance> start() {
    DeploymentSpec spec = DeploymentSpec.builder("voice").port(8080).maxInstances(9).build();
    StartRequest request =
        StartRequest.builder("me", "voice-" + ++ids, spec).slot(ids - 1).fingerprint("f").build();
    return provider.start(request).toCompletableFuture();
  }

  private CompletableFuture<Void> release(String id) {
    return provider.release(id, Duration.ZERO).toCompletableFuture();
  }

  private List<ProviderInstance> list() {
    return provider.list("me").toCompletableFuture().join();
  }

  private boolean isReady(CompletableFuture<ProviderInstance> start) {
    ProviderInstance instance = start.join();
    return provider.isReady(instance, dev.autodeploy.spi.ReadinessProbe.tcp());
  }

  private ProviderContext context() {
    return new ProviderContext(
        "me",
        new InstanceObserver() {
          @Override
          public void exited(String instanceId, InstanceExit exit) {
            exits.add(instanceId + ": " + exit.describe());
          }

          @Override
          public void progress(String instanceId, StartProgress progress) {}
        });
  }
}
