package dev.autodeploy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class JdbcLeaderElectionTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Instant AT = Instant.parse("2026-01-31T12:34:56Z");

  private final String name = TestDatabase.newName();
  private final JdbcLeaderElection election = election();

  /** Returns who leads, without the time. */
  private Leader campaign(String replica, long held, Duration term) {
    return withoutTime(election.campaign(replica, held, term));
  }

  private static Leader withoutTime(Leader leader) {
    return new Leader(leader.epoch(), leader.replica(), leader.address());
  }

  @Test
  void campaign_tellsTheDatabasesTime_whoeverLeads() throws SQLException {
    for (String replica : List.of("a", "b")) {
      Instant before = databaseTime();
      Instant now = election.campaign(replica, 0, LONG).now();
      assertThat(now).isBetween(before, databaseTime());
    }
  }

  private static Instant databaseTime() throws SQLException {
    try (Connection connection = TestDatabase.source().getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT clock_timestamp()")) {
      rows.next();
      return rows.getTimestamp(1).toInstant();
    }
  }

  @Test
  void campaign_ofTheFirst_isWon() {
    assertThat(campaign("a", 0, LONG)).isEqualTo(new Leader(1, "a", ""));
  }

  @Test
  void campaign_beforeTheTermIsOver_namesTheLeader() {
    election.campaign("a", 0, LONG);
    assertThat(campaign("b", 0, LONG)).isEqualTo(new Leader(1, "a", ""));
  }

  @Test
  void campaign_ofTheLeader_keepsTheEpoch() {
    election.campaign("a", 0, LONG);
    assertThat(campaign("a", 1, LONG).epoch()).isEqualTo(1);
  }

  @Test
  void campaign_ofALeaderThatWasOvertaken_isNotWonAgain() {
    election.campaign("a", 0, LONG);
    election.resign(1);
    election.campaign("b", 0, LONG);
    election.resign(2);
    assertThat(campaign("a", 1, LONG)).isEqualTo(new Leader(2, "", ""));
  }

  @Test
  void campaign_forNoTime_onlyTellsWhoLeads() {
    assertThat(campaign("a", 0, Duration.ZERO)).isEqualTo(new Leader(0, "", ""));
    election.campaign("b", 0, LONG);
    assertThat(campaign("a", 0, Duration.ZERO)).isEqualTo(new Leader(1, "b", ""));
  }

  @Test
  void campaign_ofALeaderThatHasForgotten_isANewEpoch() {
    election.campaign("a", 0, LONG);
    assertThat(campaign("a", 0, LONG).epoch()).isEqualTo(2);
  }

  @Test
  void campaign_afterTheTerm_isWonByTheNext() throws SQLException {
    election.campaign("a", 0, LONG);
    endTerm();
    assertThat(campaign("b", 0, LONG)).isEqualTo(new Leader(2, "b", ""));
    assertThat(campaign("a", 1, LONG)).isEqualTo(new Leader(2, "b", ""));
  }

  @Test
  void campaign_afterTheTermThatNobodyEnded_keepsTheEpoch() throws SQLException {
    election.campaign("a", 0, LONG);
    endTerm();
    assertThat(campaign("a", 1, LONG).epoch()).isEqualTo(1);
  }

  @Test
  void resign_letsTheNextLeadAtOnce() {
    election.campaign("a", 0, LONG);
    election.resign(1);
    assertThat(campaign("b", 0, LONG)).isEqualTo(new Leader(2, "b", ""));
  }

  @Test
  void resign_ofAnEarlierEpoch_doesNothing() {
    election.campaign("a", 0, LONG);
    election.resign(1);
    election.campaign("b", 0, LONG);
    election.resign(1);
    assertThat(campaign("c", 0, LONG).replica()).isEqualTo("b");
  }

  @Test
  void campaign_ofManyAtOnce_isWonByOne() throws InterruptedException {
    Set<Leader> seen = ConcurrentHashMap.newKeySet();
    List<Throwable> failures = new ArrayList<>();
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String replica = "r" + i;
      Thread thread =
          new Thread(
              () -> {
                try {
                  start.await();
                  seen.add(withoutTime(election().campaign(replica, 0, LONG)));
                } catch (InterruptedException | RuntimeException e) {
                  synchronized (failures) {
                    failures.add(e);
                  }
                }
              });
      thread.start();
      threads.add(thread);
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
    assertThat(seen).hasSize(1);
  }

  @Test
  void write_ofAnEarlierEpoch_isRefused() {
    election.campaign("a", 0, LONG);
    StateStore old = election.store(1);
    old.load();
    old.save(deployment("kept", "x"));
    election.resign(1);
    election.campaign("b", 0, LONG);

    List<Runnable> writes =
        List.of(
            () -> old.save(deployment("late", "x")),
            () -> old.remove("kept"),
            () -> old.saveOwner("late"),
            () -> old.append(started("late")),
            old::load,
            old::ledger);
    assertThat(writes)
        .allSatisfy(
            write ->
                assertThatThrownBy(write::run)
                    .isInstanceOfSatisfying(
                        AutoDeployException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE))
                    .hasMessageContaining("another engine has taken over"));
    StateStore next = election.store(2);
    assertThat(next.load().owner()).isNull();
    assertThat(next.load().deployments()).containsExactly(deployment("kept", "x"));
    assertThat(next.ledger()).isEmpty();
  }

  @Test
  @Timeout(15)
  void write_ofALeaderThatFroze_doesNotKeepTheNextOneOut() throws Exception {
    election.campaign("a", 0, LONG);
    Database database = new Database(TestDatabase.source());
    LeaderRow row = new LeaderRow(database, name);
    CountDownLatch frozen = new CountDownLatch(1);
    CountDownLatch thawed = new CountDownLatch(1);
    List<Throwable> ends = new ArrayList<>();
    Thread writer =
        new Thread(
            () -> {
              try {
                database.transaction(
                    "write",
                    connection -> {
                      row.fence(connection, 1, 1);
                      frozen.countDown();
                      try {
                        thawed.await();
                      } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                      }
                      return row.fence(connection, 1, 1);
                    });
              } catch (RuntimeException e) {
                ends.add(e);
              }
            });
    writer.start();
    frozen.await();
    endTerm();

    assertThat(campaign("b", 0, LONG)).isEqualTo(new Leader(2, "b", ""));
    thawed.countDown();
    writer.join();
    assertThat(ends).singleElement().isInstanceOf(AutoDeployException.class);
  }

  @Test
  void error_ofAFailedBatch_hasNoValues() throws SQLException {
    election.campaign("a", 0, LONG);
    StateStore store = election.store(1);
    store.load();
    sql("ALTER TABLE autodeploy_deployment ADD CONSTRAINT small CHECK (length(content) < 5000)");
    try {
      String secret = "secret-".repeat(1000);
      assertThatThrownBy(() -> store.save(deployment("full", secret)))
          .isInstanceOf(AutoDeployException.class)
          .hasMessageContaining("violates check constraint \"small\"")
          .hasNoCause()
          .satisfies(e -> assertThat(e.toString()).doesNotContain("secret-"));
    } finally {
      sql("ALTER TABLE autodeploy_deployment DROP CONSTRAINT small");
    }
  }

  @Test
  void state_ofALaterFormat_isRefused() throws SQLException {
    election.campaign("a", 0, LONG);
    sql("UPDATE autodeploy_state SET format = 1000 WHERE state_name = '" + name + "'");
    assertThatThrownBy(() -> election.campaign("a", 1, LONG))
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("format version 1000");
  }

  private JdbcLeaderElection election() {
    return JdbcLeaderElection.builder(TestDatabase.source()).name(name).build();
  }

  private void endTerm() throws SQLException {
    sql("UPDATE autodeploy_state SET until_ms = 1 WHERE state_name = '" + name + "'");
  }

  private static void sql(String sql) throws SQLException {
    try (Connection connection = TestDatabase.source().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static StoredDeployment deployment(String deployment, String secret) {
    DeploymentSpec spec =
        DeploymentSpec.builder(deployment).port(8080).environment("TOKEN", secret).build();
    return new StoredDeployment(spec, AT);
  }

  private static LedgerEntry started(String instanceId) {
    return new LedgerEntry.Started("voice", instanceId, GpuRequest.none(), AT);
  }
}
