package dev.autodeploy.jdbc;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetExhaustedException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Cluster;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.replay.Traffic;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replicas in one process that reach each other: one leads, and the others serve as well. */
@Tag("slow")
final class FollowersTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Duration TERM = Duration.ofSeconds(2);
  private static final DeploymentSpec VOICE =
      DeploymentSpec.builder("voice").port(8080).idleTimeout(Duration.ofMinutes(5)).build();

  private final String name = TestDatabase.newName();
  private final List<AutoDeploy> replicas = new ArrayList<>();
  private final AtomicInteger engines = new AtomicInteger();
  private Cloud cloud;
  private volatile boolean databaseDown;

  /** By how much the wall clocks of replicas that are made from now on are wrong. */
  private Duration wrongBy = Duration.ZERO;

  /** The lines that every instance has said. */
  private volatile List<String> log = List.of();

  /** The file of deployments that replicas watch, or null. */
  private Path watched;

  @BeforeEach
  void openCloud() throws IOException {
    cloud = new Cloud();
  }

  @AfterEach
  void closeAll() {
    replicas.forEach(AutoDeploy::close);
    cloud.close();
  }

  @Test
  void acquire_onAFollower_isAnsweredByTheInstanceThatTheLeaderStarted() throws Exception {
    AutoDeploy leader = leader();
    AutoDeploy follower = replica();
    Deployment voice = follower.deploy(VOICE);

    Lease lease = voice.acquire(LIMIT);
    assertThat(follower.leads()).isFalse();
    assertThat(cloud.started()).containsExactly(lease.instanceId());
    assertThat(leader.deployment("voice").status().inFlight()).isEqualTo(1);
    assertThat(voice.status().inFlight()).isEqualTo(1);
    try (Lease own = leader.deployment("voice").acquire(LIMIT)) {
      assertThat(own.endpoint()).isEqualTo(lease.endpoint());
    }

    lease.close();
    await(() -> leader.deployment("voice").status().inFlight() == 0);
  }

  @Test
  void operations_onAFollower_areTheLeaders() throws Exception {
    AutoDeploy leader = leader();
    AutoDeploy follower = follower();
    Deployment voice = follower.deploy(VOICE);
    assertThat(leader.deployment("voice").spec()).isEqualTo(VOICE);
    voice.acquireAsync(AcquireRequest.within(LIMIT).caller("alice")).get().close();

    assertThat(voice.status().state()).isEqualTo(DeploymentState.RUNNING);
    assertThat(voice.cost().since()).isEqualTo(leader.deployment("voice").cost().since());
    assertThat(voice.usage(Instant.EPOCH, Instant.MAX))
        .singleElement()
        .satisfies(usage -> assertThat(usage.billing().caller()).isEqualTo("alice"));
    assertThat(follower.costs(Instant.EPOCH, Instant.now().plusSeconds(60)).usage()).hasSize(1);
    assertThat(voice.explainIdleTimeout())
        .isEqualTo(leader.deployment("voice").explainIdleTimeout());
    assertThat(voice.scheduleState()).isNull();
    assertThat(voice.borrow()).isPresent();
    assertThat(follower.gpus().gpus()).isEmpty();
    assertThat(follower.catalog().get().images()).isEmpty();
    follower.update(VOICE.toBuilder().description("Mandarin").build());
    assertThat(leader.deployment("voice").spec().description()).isEqualTo("Mandarin");
    await(() -> follower.deployment("voice").spec().description().equals("Mandarin"));
    voice.release().get(1, TimeUnit.MINUTES);
    assertThat(cloud.running()).isEmpty();
    follower.remove("voice").get(1, TimeUnit.MINUTES);
    assertThat(leader.find("voice")).isEmpty();
    await(() -> follower.find("voice").isEmpty());
    assertThatThrownBy(() -> follower.deployment("voice"))
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("there is no deployment");
  }

  @Test
  void budgetOfTheEngine_setOnAFollower_holdsForAll_andForTheNextLeader() throws Exception {
    AutoDeploy first = leader();
    AutoDeploy second = follower();
    Deployment voice = second.deploy(VOICE.toBuilder().pricePerHour(Money.of("36", "USD")).build());
    Budget budget = Budget.money("0.05", "USD").cut(); // five seconds
    second.budget(budget);
    assertThat(status(first).budget()).isEqualTo(budget);
    assertThat(status(second)).isEqualTo(status(first));
    voice.acquire(LIMIT).close();
    await(() -> status(second).exhausted());

    assertRefused(voice);
    assertRefused(first.deployment("voice"));
    await(() -> first.deployment("voice").status().instances().isEmpty()); // and paid
    BigDecimal spent = status(first).spent();
    assertThat(spent).isBetween(new BigDecimal("0.03"), new BigDecimal("0.05"));

    first.close();
    await(second::leads);
    assertThat(status(second).spent()).isEqualByComparingTo(spent);
    assertRefused(voice);
    assertThat(cloud.started()).hasSize(1);

    second.budget(null);
    voice.acquire(LIMIT).close();
    assertThat(second.budgetStatus()).isNull();
    assertThat(cloud.started()).hasSize(2);
  }

  @Test
  void budgetSetAfterItsFileHasChanged_staysInForceWhenAReplicaOfBeforeLeads(
      @TempDir Path directory) throws Exception {
    watched = directory.resolve("deployments.json");
    declare("{'budget': {'amount': 5, 'currency': 'USD'}, 'deployments': {}}");
    AutoDeploy first = leader();
    AutoDeploy second = follower();
    assertThat(status(second).budget().limit()).isEqualByComparingTo("5");

    declare(
        "{'budget': {'amount': 7, 'currency': 'USD'},"
            + " 'deployments': {'marker': {'port': 1, 'image': 'a:1'}}}");
    await(() -> second.declared().orElseThrow().names().contains("marker"));
    await(() -> first.declared().orElseThrow().names().contains("marker"));
    assertThat(status(first).budget().limit()).isEqualByComparingTo("7");
    first.budget(Budget.money("9", "USD"));
    first.close();
    await(second::leads);

    assertThat(status(second).budget().limit()).isEqualByComparingTo("9");
  }

  private void declare(String json) throws IOException {
    Files.writeString(watched, json.replace('\'', '"'));
  }

  private static BudgetStatus status(AutoDeploy replica) {
    return requireNonNull(replica.budgetStatus());
  }

  private static void assertRefused(Deployment deployment) {
    assertThatThrownBy(() -> deployment.acquire(LIMIT))
        .isInstanceOfSatisfying(
            BudgetExhaustedException.class, e -> assertThat(e.isOfEngine()).isTrue())
        .hasMessageContaining("budget of the engine");
  }

  @Test
  void requestsAndTheirReplay_onAFollower_areTheLeaders() throws Exception {
    AutoDeploy leader = leader();
    AutoDeploy follower = follower();
    Deployment voice =
        follower.deploy(
            VOICE.toBuilder().concurrency(1).pricePerHour(Money.of("36", "EUR")).build());
    for (int i = 0; i < 3; i++) {
      voice.acquire(LIMIT).close();
    }
    Deployment there = leader.deployment("voice");
    await(() -> there.status().inFlight() == 0);

    Traffic told = voice.traffic();
    Traffic recorded = there.traffic();
    assertThat(told.size()).isEqualTo(3).isEqualTo(recorded.size());
    for (int i = 0; i < told.size(); i++) {
      assertThat(told.at(i)).isEqualTo(recorded.at(i));
      assertThat(told.busy(i)).isEqualTo(recorded.busy(i));
      assertThat(told.gaveUp(i)).isEqualTo(recorded.gaveUp(i));
    }
    assertThat(told.from()).isEqualTo(recorded.from());
    assertThat(voice.replay().startDuration()).isEqualTo(there.replay().startDuration());
    assertThat(voice.replay().run().requests()).isEqualTo(3);
    assertThat(voice.replay().run().cost().currency()).hasToString("EUR");
  }

  @Test
  void answerThatIsTooLongForAFollower_isRefused_andHoldsUpNoLease() throws Exception {
    AutoDeploy leader = leader();
    AutoDeploy follower = follower();
    Deployment voice = follower.deploy(VOICE);
    String instance;
    try (Lease lease = voice.acquire(LIMIT)) {
      instance = lease.instanceId();
    }
    log = Collections.nCopies(70, "x".repeat(1 << 20)); // as the usage of a long ledger

    assertThatThrownBy(() -> voice.logs(instance, 100).get(1, TimeUnit.MINUTES))
        .hasMessageContaining("the leader's answer has more than 48 MB");
    voice.acquire(LIMIT).close();

    log = Collections.nCopies(2, "x".repeat(1 << 20));
    assertThat(leader.deployment("voice").logs(instance, 100).get()).isEqualTo(log);
    await(() -> tells(voice, instance, log)); // unless it comes late, as on a machine that stalls
  }

  private static boolean tells(Deployment deployment, String instance, List<String> lines) {
    try {
      return deployment.logs(instance, 100).get(1, TimeUnit.MINUTES).equals(lines);
    } catch (ExecutionException e) {
      return false;
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void questions_onAReplicaThatReachesNoLeader_areRefused() {
    databaseDown = true;
    AutoDeploy alone = replica();
    Deployment voice = alone.deploy(VOICE);

    for (ThrowingCallable question :
        List.<ThrowingCallable>of(
            voice::status,
            voice::scheduleState,
            voice::budgetStatus,
            voice::explainIdleTimeout,
            voice::traffic,
            voice::replay,
            voice::cost,
            () -> voice.usage(Instant.EPOCH, Instant.MAX),
            () -> voice.logs("voice-1", 1),
            voice::release,
            voice::prepare,
            alone::gpus,
            alone::budgetStatus,
            () -> alone.costs(Instant.EPOCH, Instant.now()),
            alone::catalog)) {
      assertThatThrownBy(question)
          .isInstanceOfSatisfying(
              AutoDeployException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_LEADING));
    }
    databaseDown = false;
  }

  @Test
  void deploymentOfTheLeader_isKnownToAFollowerThatDidNotDeclareIt() throws Exception {
    AutoDeploy leader = leader();
    AutoDeploy follower = follower();
    leader.deploy(VOICE);

    await(() -> follower.find("voice").isPresent());
    follower.deployment("voice").acquire(LIMIT).close();
    assertThat(follower.deployments()).extracting(Deployment::spec).containsExactly(VOICE);
  }

  @Test
  void errorOfTheLeader_isThrownOnTheFollower() throws Exception {
    leader();
    AutoDeploy follower = follower();
    Deployment voice =
        follower.deploy(VOICE.toBuilder().maxInstances(1).concurrency(1).maxPending(1).build());
    Lease open = voice.acquire(LIMIT);
    CompletableFuture<Lease> waiting = voice.acquireAsync();
    await(() -> voice.status().pending() == 1);

    assertThatThrownBy(() -> voice.acquire(LIMIT))
        .isInstanceOf(dev.autodeploy.QueueFullException.class)
        .hasMessageContaining("already holds 1 requests");
    waiting.cancel(false);
    await(() -> voice.status().pending() == 0);
    open.close();
  }

  @Test
  void leases_outliveTheirLeader_andAreCountedByTheNext() throws Exception {
    AutoDeploy first = leader();
    AutoDeploy second = follower();
    Deployment voice = second.deploy(VOICE);
    Lease open = voice.acquire(LIMIT);

    first.close();
    await(second::leads);

    assertThat(voice.status().inFlight()).isEqualTo(1);
    assertThat(open.lost().toCompletableFuture()).isNotDone();
    open.close();
    await(() -> voice.status().inFlight() == 0);
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  /** Each replica's clock is wrong by ten minutes, in its own direction. */
  @Test
  void interval_thatOneReplicaBegins_andAnotherEnds_isByTheDatabasesClock() throws Exception {
    Instant before = Instant.now(); // the database is on this machine
    wrongBy = Duration.ofMinutes(-10);
    AutoDeploy first = leader();
    wrongBy = Duration.ofMinutes(10);
    AutoDeploy second = follower();
    Deployment voice = second.deploy(VOICE);
    voice.acquire(LIMIT).close();

    first.close();
    await(second::leads);
    await(() -> voice.status().inFlight() == 0);
    voice.releaseNow().get(1, TimeUnit.MINUTES);

    Duration most = Duration.between(before, Instant.now()).plusMinutes(1);
    assertThat(voice.usage(Instant.EPOCH, Instant.MAX))
        .singleElement()
        .satisfies(
            usage -> {
              assertThat(usage.duration()).isLessThan(most);
              assertThat(usage.startRequestedAt())
                  .isBetween(before.minusSeconds(60), before.plus(most));
            });
  }

  @Test
  void leaseOfTheOneThatHandsOver_isCountedByTheNext_andEndsThere() throws Exception {
    AutoDeploy first = leader();
    Lease open = first.deploy(VOICE).acquire(LIMIT);
    AutoDeploy second = follower();

    first.handOver();
    await(second::leads);
    await(() -> second.deployment("voice").status().inFlight() == 1);
    first.deployment("voice").acquire(LIMIT).close(); // it follows now
    open.close();
    await(() -> second.deployment("voice").status().inFlight() == 0);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void request_whileTheLeaderChanges_isHeldAndAnswered() throws Exception {
    AutoDeploy first = leader();
    AutoDeploy second = follower();
    AutoDeploy third = follower();
    first.deploy(VOICE).acquire(LIMIT).close();
    await(() -> third.find("voice").isPresent());

    CompletableFuture<Void> ends = CompletableFuture.runAsync(first::close);
    for (int i = 0; i < 50; i++) {
      third.deployment("voice").acquire(LIMIT).close();
      second.deployment("voice").acquire(LIMIT).close();
      TimeUnit.MILLISECONDS.sleep(20);
    }
    ends.get(1, TimeUnit.MINUTES);
    assertThat(cloud.started()).hasSize(1);
  }

  @Test
  void follower_thatIsSilent_hasItsLeasesClosed_andTheyCountAgainWhenItIsBack() throws Exception {
    Relay relay = new Relay(Relay.freePort());
    AutoDeploy leader = replica(null, relay);
    await(leader::leads);
    AutoDeploy follower = follower();
    Deployment seen = leader.deploy(VOICE.toBuilder().concurrency(1).build());
    await(() -> follower.find("voice").isPresent());
    Lease open = follower.deployment("voice").acquire(LIMIT);

    relay.cut();
    await(() -> seen.status().inFlight() == 0);
    CompletableFuture<Void> released = seen.release();
    TimeUnit.MILLISECONDS.sleep(200);
    assertThat(cloud.released()).as("it is held for a while").isEmpty();
    assertThat(open.lost().toCompletableFuture()).isNotDone();
    assertThatThrownBy(() -> follower.deployment("voice").acquire(LIMIT))
        .hasMessageContaining("does not reach the leader");

    relay.mend();
    await(() -> seen.status().inFlight() == 1);
    assertThat(cloud.released()).isEmpty();
    open.close();
    released.get(1, TimeUnit.MINUTES);
    assertThat(cloud.released()).hasSize(1);
    relay.close();
  }

  @Test
  void network_thatIsCutForAMoment_costsNothing() throws Exception {
    Relay relay = new Relay(Relay.freePort());
    AutoDeploy leader = replica(null, relay);
    await(leader::leads);
    AutoDeploy follower = follower();
    Deployment voice = follower.deploy(VOICE.toBuilder().concurrency(1).build());
    Lease open = voice.acquire(LIMIT);

    relay.cut();
    CompletableFuture<Lease> waiting = voice.acquireAsync();
    open.close();
    TimeUnit.MILLISECONDS.sleep(TERM.toMillis() / 3);
    relay.mend();
    waiting.get(1, TimeUnit.MINUTES).close();
    await(() -> leader.deployment("voice").status().inFlight() == 0);
    assertThat(cloud.started()).hasSize(1);
    relay.close();
  }

  @Test
  void leader_thatCannotRenew_lendsWhatRuns_andStartsNothing() throws Exception {
    AutoDeploy leader = leader();
    AutoDeploy follower = follower();
    leader.deploy(VOICE).acquire(LIMIT).close();
    leader.deploy(DeploymentSpec.builder("cold").port(8080).build());
    await(() -> follower.find("cold").isPresent());

    databaseDown = true;
    TimeUnit.MILLISECONDS.sleep(TERM.toMillis() + 200);
    Duration atOnce = Duration.ofSeconds(2);
    leader.deployment("voice").acquire(atOnce).close();
    follower.deployment("voice").acquire(atOnce).close();
    CompletableFuture<Lease> held = leader.deployment("cold").acquireAsync();
    CompletableFuture<Lease> heldToo = follower.deployment("cold").acquireAsync();
    TimeUnit.MILLISECONDS.sleep(700);
    assertThat(held).isNotDone();
    assertThat(heldToo).isNotDone();
    assertThat(cloud.started()).hasSize(1);

    databaseDown = false;
    held.get(1, TimeUnit.MINUTES).close();
    heldToo.get(1, TimeUnit.MINUTES).close();
    assertThat(cloud.started()).hasSize(2);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void leader_thatCouldNotRenewForAWhile_leadsOnWithTheSameEngine() throws Exception {
    AutoDeploy leader = leader();
    Deployment cold = leader.deploy(VOICE);
    int before = engines.get();

    databaseDown = true;
    TimeUnit.MILLISECONDS.sleep(TERM.toMillis() + 200);
    CompletableFuture<Lease> held = cold.acquireAsync();
    TimeUnit.MILLISECONDS.sleep(300);
    assertThat(held).isNotDone();

    databaseDown = false;
    held.get(1, TimeUnit.MINUTES).close();
    assertThat(leader.leads()).isTrue();
    assertThat(engines.get()).isEqualTo(before);
  }

  @Test
  void leader_thatCannotRenewForLong_stopsServingBeforeTheNextMayRelease() throws Exception {
    AutoDeploy leader = leader();
    leader.deploy(VOICE).acquire(LIMIT).close();

    databaseDown = true;
    await(() -> !leader.leads());
    CompletableFuture<Lease> held = leader.deployment("voice").acquireAsync();
    TimeUnit.MILLISECONDS.sleep(300);
    assertThat(held).isNotDone();

    databaseDown = false;
    held.get(1, TimeUnit.MINUTES).close();
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void tenThousand_heldOverThreeReplicas_haveOneStart() throws Exception {
    cloud.startTakes(Duration.ofSeconds(3));
    List<AutoDeploy> three = List.of(leader(), follower(), follower());
    three.get(0).deploy(VOICE.toBuilder().maxPending(10_000).build());
    for (AutoDeploy replica : three) {
      await(() -> replica.find("voice").isPresent());
    }
    List<CompletableFuture<Lease>> held = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      held.add(three.get(i % 3).deployment("voice").acquireAsync());
    }
    for (CompletableFuture<Lease> lease : held) {
      lease.get(1, TimeUnit.MINUTES).close();
    }
    assertThat(cloud.started()).hasSize(1);
    await(() -> three.get(0).deployment("voice").status().inFlight() == 0);
  }

  @Test
  void replica_withAnotherSecret_isNotAnswered() throws Exception {
    leader();
    AutoDeploy stranger = replica("another secret, which nobody else has", null);
    stranger.deploy(VOICE);

    assertThatThrownBy(() -> stranger.deployment("voice").acquire(LIMIT))
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("does not reach the leader");
  }

  private AutoDeploy leader() {
    AutoDeploy replica = replica();
    await(replica::leads);
    return replica;
  }

  /** Returns a replica that follows the leader. */
  private AutoDeploy follower() {
    AutoDeploy replica = replica();
    await(() -> follows(replica));
    return replica;
  }

  private static boolean follows(AutoDeploy replica) {
    try {
      replica.gpus();
      return true;
    } catch (AutoDeployException e) {
      return false;
    }
  }

  private AutoDeploy replica() {
    return replica(null, null);
  }

  private AutoDeploy replica(String secret, Relay relay) {
    int port = relay == null ? 0 : relay.target();
    Cluster.Builder cluster =
        Cluster.builder(
                new UnreachableElection(
                    JdbcLeaderElection.builder(TestDatabase.source()).name(name).build(),
                    () -> databaseDown),
                () -> {
                  engines.incrementAndGet();
                  return new CloudProvider(cloud.address(), () -> log);
                })
            .term(TERM)
            .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    if (relay != null) {
      cluster.advertise(URI.create("http://127.0.0.1:" + relay.port()));
    }
    if (secret != null) {
      cluster.secret(secret);
    }
    AutoDeploy.Builder builder =
        AutoDeploy.builder()
            .owner("owner-1")
            .cluster(cluster.build())
            .clock(InstantSource.offset(InstantSource.system(), wrongBy))
            .drainTimeout(Duration.ofSeconds(10))
            .releaseOnShutdown(false);
    if (watched != null) {
      builder.deploymentsFile(watched).watchDeploymentsFile(Duration.ofMillis(100));
    }
    AutoDeploy replica = builder.build();
    replicas.add(replica);
    return replica;
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("not within %s", LIMIT).isLessThan(deadline);
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
