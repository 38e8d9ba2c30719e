package dev.autodeploy.internal.engine;

import static dev.autodeploy.internal.engine.EngineHarness.assertPartsAddUp;
import static dev.autodeploy.internal.engine.EngineHarness.cents;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.Deployment;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.Lease;
import dev.autodeploy.Preparation;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartProgress.Part;
import dev.autodeploy.spi.StartProgress.PartState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** The preparation of a start, such as the pull of an image: what is told of it, and its price. */
final class PreparationTest {
  private static final StartProgress PULLING =
      new StartProgress(
          "pulling",
          "app:1, 3.2 MB of 6.0 MB, 0 of 2 layers",
          3_200_000,
          6_000_000,
          StartProgress.Phase.PREPARING,
          List.of(
              new Part("a1", PartState.DOWNLOADING, 3_200_000, 6_000_000),
              new Part("b2", PartState.WAITING, 0, 0)));
  private static final StartProgress CREATING = new StartProgress("creating", "app:1", 0, 0);

  private final EngineHarness h = new EngineHarness();

  @Test
  void progress_isInTheStatus_theEvents_andTheErrorOfWhoeverGivesUp() {
    Deployment voice = starting();
    CompletableFuture<Lease> impatient =
        voice.acquireAsync(AcquireRequest.within(Duration.ofSeconds(5)));
    h.provider.progress(id(voice), PULLING);
    h.time.passSeconds(5);

    assertThat(instance(voice).progress()).isEqualTo(PULLING);
    assertThat(instance(voice).preparing()).isEqualTo(Duration.ofSeconds(5));
    assertThat(h.events(DeploymentEvent.InstanceProgress.class).get(0).progress())
        .isEqualTo(PULLING);
    AcquireTimeoutException error = timeout(impatient);
    assertThat(error)
        .hasMessageContaining(
            "instance '" + id(voice) + "' is pulling app:1, 3.2 MB of 6.0 MB, 0 of 2 layers: 53 %");
    assertThat(error.progress()).isEqualTo(PULLING);
  }

  @Test
  void timeout_ofAStartWithoutProgress_tellsTheLastProbe() {
    h.provider.ready = false;
    h.provider.probeError = new java.io.IOException("GET /healthz answered 404");
    h.start();
    Deployment voice = h.deploy();
    CompletableFuture<Lease> impatient =
        voice.acquireAsync(AcquireRequest.within(Duration.ofSeconds(5)));
    h.time.passSeconds(5);

    assertThat(timeout(impatient)).hasMessageContaining("GET /healthz answered 404");
  }

  @Test
  void progress_isGone_whenTheInstanceIsReady() {
    Deployment voice = starting();
    h.provider.progress(id(voice), PULLING);
    goOn(voice);

    assertThat(instance(voice).readyAt()).isNotNull();
    assertThat(instance(voice).progress()).isNull();
  }

  @Test
  void pull_isAPhaseOfItsOwn_whichCostsNothing() {
    Deployment voice = starting();
    h.provider.progress(id(voice), PULLING);
    h.time.passSeconds(100);
    assertThat(voice.cost().total().amount()).as("while it is pulled").isZero();
    h.provider.progress(id(voice), CREATING);
    h.time.passSeconds(20);
    goOn(voice);
    h.time.passSeconds(30);
    voice.releaseNow();
    h.time.run();

    UsageInterval usage = h.store.lines(LedgerEntry.Released.class).get(0).usage();
    assertThat(usage.preparing()).isEqualTo(Duration.ofSeconds(100));
    assertThat(usage.starting()).isEqualTo(Duration.ofSeconds(20));
    assertThat(usage.existing()).isEqualTo(usage.duration().minusSeconds(100));
    assertPartsAddUp(voice.cost());
    assertThat(cents(voice.cost().total())).isEqualByComparingTo("0.05"); // 50 s
  }

  @Test
  void pull_thatFails_isNoUse() {
    Deployment voice = starting();
    h.provider.progress(id(voice), PULLING);
    h.time.passSeconds(100);
    h.provider.startAnswer.completeExceptionally(new IllegalStateException("registry is down"));
    h.time.passSeconds(1);

    UsageInterval usage = h.store.lines(LedgerEntry.Released.class).get(0).usage();
    assertThat(usage.preparing()).isEqualTo(Duration.ofSeconds(100));
    assertThat(voice.cost().total().amount()).isZero();
  }

  @Test
  void hostThatIsKilledDuringAPull_paysNothingForIt() {
    Deployment voice = starting();
    h.provider.progress(id(voice), PULLING);
    h.time.passSeconds(100);

    EngineHarness next = new EngineHarness(h).start();

    UsageInterval usage = next.store.lines(LedgerEntry.Released.class).get(0).usage();
    assertThat(usage.instanceId()).isEqualTo(id(voice));
    assertThat(usage.existing()).isZero();
    assertThat(next.engine.deployment("voice").cost().total().amount()).isZero();
  }

  @Test
  void hostThatIsKilledAfterThePull_keepsItApart() {
    Deployment voice = starting();
    String id = id(voice);
    h.provider.progress(id, PULLING);
    h.time.passSeconds(100);
    h.provider.progress(id, CREATING);
    goOn(voice);
    h.time.passSeconds(60);

    EngineHarness next = new EngineHarness(h).start();
    Deployment adopted = next.engine.deployment("voice");
    next.time.run();

    assertThat(instance(adopted).id()).isEqualTo(id);
    assertThat(instance(adopted).preparing()).isEqualTo(Duration.ofSeconds(100));
    assertThat(cents(adopted.cost().total())).isEqualByComparingTo("0.06"); // 60 s
  }

  @Test
  void prepare_fetchesAhead_withProgress_andStartsNothing() {
    h.provider.prepareAnswer = new CompletableFuture<>();
    h.start();
    Deployment voice = h.deploy();
    Preparation preparation = voice.prepare();
    h.time.run();
    h.provider.fetching.accept(PULLING);

    assertThat(voice.prepare()).as("they share it").isSameAs(preparation);
    assertThat(preparation.progress()).contains(PULLING);
    assertThat(voice.status().preparation()).isEqualTo(PULLING);
    h.time.passSeconds(30);
    h.provider.prepareAnswer.complete(true);
    h.time.run();

    assertThat(preparation.result()).isCompletedWithValue(true);
    assertThat(voice.status().preparation()).isNull();
    assertThat(h.provider.count("start")).isZero();
    assertThat(voice.cost().total().amount()).isZero();
    DeploymentEvent.Prepared told = h.events(DeploymentEvent.Prepared.class).get(0);
    assertThat(told.fetched()).isTrue();
    assertThat(told.duration()).isEqualTo(Duration.ofSeconds(30));
    assertThat(told.failure()).isNull();
  }

  @Test
  void prepare_thatIsCancelled_cancelsTheProviders_andCanBeAskedForAgain() {
    h.provider.prepareAnswer = new CompletableFuture<>();
    h.start();
    Deployment voice = h.deploy();
    Preparation preparation = voice.prepare();
    h.time.run();
    preparation.cancel();

    assertThat(h.provider.prepareAnswer).isCancelled();
    assertThat(voice.status().preparation()).isNull();
    h.provider.prepareAnswer = CompletableFuture.completedFuture(false);
    Preparation again = voice.prepare();
    h.time.run();
    assertThat(again.result()).isCompletedWithValue(false);
  }

  @Test
  void prepare_thatFails_saysWhy_andMasksSecrets() {
    h.provider.prepareAnswer =
        CompletableFuture.failedFuture(new IllegalStateException("registry refuses hunter2"));
    h.start();
    Deployment voice = h.deploy(b -> b.environment("KEY", "hunter2"));
    Preparation preparation = voice.prepare();
    h.time.run();

    assertThat(preparation.result())
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining("registry refuses")
        .withMessageNotContaining("hunter2");
    assertThat(h.events(DeploymentEvent.Prepared.class).get(0).failure()).contains("refuses");
  }

  @Test
  void prepareAhead_fetchesWhenItIsDeployed_changed_andFoundAgain() {
    h.start();
    h.deploy(b -> b.prepareAhead(true));
    assertThat(h.provider.count("prepare")).isEqualTo(1);
    h.engine.update(EngineHarness.voice(b -> b.prepareAhead(true).maxPending(7)));
    h.time.run();
    assertThat(h.provider.count("prepare")).isEqualTo(2);

    new EngineHarness(h).start();
    assertThat(h.provider.count("prepare")).isEqualTo(3);
  }

  @Test
  void removal_givesUpWhatIsFetchedAhead() {
    h.provider.prepareAnswer = new CompletableFuture<>();
    h.start();
    Deployment voice = h.deploy();
    Preparation preparation = voice.prepare();
    h.time.run();
    h.engine.remove("voice");
    h.time.run();

    assertThat(preparation.result()).isCancelled();
  }

  private Deployment starting() {
    h.provider.startAnswer = new CompletableFuture<>();
    h.start();
    Deployment voice = h.deploy(b -> b.idleTimeout(Duration.ofHours(1)));
    voice.acquireAsync().thenAccept(Lease::close);
    h.time.run();
    return voice;
  }

  /** Lets the provider answer the start. */
  private void goOn(Deployment voice) {
    CompletableFuture<dev.autodeploy.spi.ProviderInstance> answer = h.provider.startAnswer;
    answer.complete(h.provider.put(h.provider.requests.get(h.provider.requests.size() - 1)));
    h.time.run();
    assertThat(voice.status().instances()).hasSize(1);
  }

  private static String id(Deployment voice) {
    return instance(voice).id();
  }

  private static InstanceInfo instance(Deployment voice) {
    return voice.status().instances().get(0);
  }

  private static AcquireTimeoutException timeout(CompletableFuture<Lease> lease) {
    try {
      lease.join();
      throw new AssertionError("it got a lease");
    } catch (CompletionException e) {
      return (AcquireTimeoutException) e.getCause();
    }
  }
}
