package dev.autodeploy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Cluster;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Replicas in one process: who leads, and what a change of leader does to instances. */
final class ReplicasTest {
  private static final Duration TERM = Duration.ofSeconds(1);
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final DeploymentSpec VOICE = DeploymentSpec.builder("voice").port(8080).build();

  private final String name = TestDatabase.newName();
  private final List<AutoDeploy> replicas = new ArrayList<>();
  private Cloud cloud;

  @BeforeEach
  void openCloud() throws IOException {
    cloud = new Cloud();
  }

  @AfterEach
  void close() {
    replicas.forEach(AutoDeploy::close);
    cloud.close();
  }

  @Test
  void replicas_haveOneLeader_andTheOthersRefuse() throws Exception {
    AutoDeploy first = leader();
    AutoDeploy second = replica();
    second.deploy(VOICE);
    await(() -> isRefused(second));

    first.deploy(VOICE).acquire(LIMIT).close();
    assertThat(second.leads()).isFalse();
    assertThat(cloud.started()).hasSize(1);
  }

  @Test
  void handOver_leavesInstanceAndLeaseToTheNext() throws Exception {
    AutoDeploy first = leader();
    Lease open = first.deploy(VOICE).acquire(LIMIT);
    AutoDeploy second = replica();
    second.deploy(VOICE);

    first.handOver();
    try (Lease next = second.deployment("voice").acquire(LIMIT)) {
      assertThat(next.instanceId()).isEqualTo(open.instanceId());
    }
    assertThat(open.lost().toCompletableFuture()).isNotDone();
    open.close();
    await(() -> isRefused(first));
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void acquire_whileNobodyLeads_isHeldUntilThisReplicaDoes() throws Exception {
    new LeaderRow(prepared(), name).campaign("dead", "", 0, Duration.ofSeconds(2));
    AutoDeploy replica = replica();
    Deployment voice = replica.deploy(VOICE);
    CompletableFuture<Lease> held = voice.acquireAsync();
    // It may be asked before or after it was heard that the dead one leads; then it is refused.
    Lease lease =
        held.handle((granted, refused) -> granted)
            .thenCompose(this::orAgain)
            .get(20, TimeUnit.SECONDS);
    assertThat(lease.instanceId()).isNotEmpty();
    lease.close();
  }

  private CompletableFuture<Lease> orAgain(Lease granted) {
    if (granted != null) {
      return CompletableFuture.completedFuture(granted);
    }
    await(() -> replicas.get(0).leads());
    return replicas.get(0).deployment("voice").acquireAsync();
  }

  @Test
  void leader_thatIsReplacedByForce_writesNothingAndReleasesNothing() throws Exception {
    AutoDeploy first = leader();
    Lease open = first.deploy(VOICE).acquire(LIMIT);
    AutoDeploy second = replica();
    second.deploy(VOICE);
    await(() -> isRefused(second)); // it looks already, and so before the first one asks again
    replaceLeader();

    await(second::leads);
    await(() -> !first.leads());
    try (Lease next = second.deployment("voice").acquire(LIMIT)) {
      assertThat(next.instanceId()).isEqualTo(open.instanceId());
    }
    open.close();
    first.close();
    assertThat(cloud.running()).containsExactly(open.instanceId());
  }

  @Test
  void leader_thatComesBack_leadsAgainWithANewProvider() throws Exception {
    AutoDeploy only = leader();
    String instance;
    try (Lease lease = only.deploy(VOICE).acquire(LIMIT)) {
      instance = lease.instanceId();
    }
    replaceLeader();
    await(() -> !only.leads());
    await(only::leads);
    try (Lease lease = only.deployment("voice").acquire(LIMIT)) {
      assertThat(lease.instanceId()).isEqualTo(instance);
    }
  }

  @Test
  void nextLeader_knowsCostAndDeploymentsOfTheOneBefore() throws Exception {
    AutoDeploy first = leader();
    Deployment voice = first.deploy(VOICE);
    first.deploy(DeploymentSpec.builder("other").port(1).build());
    voice.acquire(LIMIT).close();
    voice.release().get(20, TimeUnit.SECONDS);
    int used = voice.cost().toString().length();
    AutoDeploy second = replica();
    first.close();
    await(second::leads);

    assertThat(second.deployments()).extracting(Deployment::name).containsExactly("voice", "other");
    assertThat(used).isPositive();
    assertThat(second.deployment("voice").cost().toString()).isNotEmpty();
    assertThat(cloud.running()).isEmpty();
  }

  @Test
  void caller_ofARequest_isNamedInTheCosts() throws Exception {
    Deployment voice = leader().deploy(VOICE);
    voice
        .acquireAsync(AcquireRequest.within(LIMIT).caller("alice"))
        .get(20, TimeUnit.SECONDS)
        .close();

    assertThat(voice.usage(Instant.EPOCH, Instant.now().plusSeconds(60)))
        .singleElement()
        .satisfies(usage -> assertThat(usage.billing().caller()).isEqualTo("alice"));
  }

  @Test
  void close_ofTheLeader_waitsForItsOpenLeases() throws Exception {
    AutoDeploy first = leader();
    Lease open = first.deploy(VOICE).acquire(LIMIT);
    CompletableFuture<Void> closed = CompletableFuture.runAsync(first::close);
    assertThatThrownBy(() -> closed.get(500, TimeUnit.MILLISECONDS))
        .isInstanceOf(java.util.concurrent.TimeoutException.class);
    open.close();
    closed.get(20, TimeUnit.SECONDS);
    assertThat(cloud.running()).containsExactly(open.instanceId());
  }

  /** Ends the leader's epoch as the database sees it, as if its term were over. */
  private void replaceLeader() throws SQLException {
    try (Connection connection = TestDatabase.source().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "UPDATE autodeploy_state SET epoch = epoch + 1, leader = 'other', until_ms = 0"
              + " WHERE state_name = '"
              + name
              + "'");
    }
  }

  private static boolean isRefused(AutoDeploy replica) {
    try {
      replica.deployment("voice").acquireAsync().get(20, TimeUnit.SECONDS).close();
      return false;
    } catch (java.util.concurrent.ExecutionException e) {
      return e.getCause() instanceof AutoDeployException known
          && known.code() == ErrorCode.NOT_LEADING;
    } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  private AutoDeploy leader() {
    AutoDeploy replica = replica();
    await(replica::leads);
    return replica;
  }

  private AutoDeploy replica() {
    AutoDeploy replica =
        AutoDeploy.builder()
            .owner("owner-1")
            .cluster(
                Cluster.builder(
                        JdbcLeaderElection.builder(TestDatabase.source()).name(name).build(),
                        () -> new CloudProvider(cloud.address()))
                    .term(TERM)
                    .build())
            .releaseOnShutdown(false)
            .build();
    replicas.add(replica);
    return replica;
  }

  private static Database prepared() {
    Database database = new Database(TestDatabase.source());
    database.createTables();
    return database;
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
