package dev.autodeploy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.StateStore;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A database that others write as well, that was damaged, or that stops in the middle. */
final class HostileDatabaseTest {
  private static final Duration TERM = Duration.ofSeconds(6);
  private static final long YEAR_9999 = 253_370_764_800_000L;

  private final String name = TestDatabase.newName();
  private final JdbcLeaderElection election =
      JdbcLeaderElection.builder(TestDatabase.source()).name(name).build();

  @Test
  @Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD) // the loop takes no interrupt
  void campaign_forARowThatDoesNotChange_ends() throws SQLException {
    election.campaign("a", 0, TERM);
    sql(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            + (" IF OLD.state_name = '" + name + "' THEN RETURN NULL; END IF; RETURN NEW; ")
            + "END $$");
    sql(
        "CREATE TRIGGER swallow BEFORE UPDATE ON autodeploy_state"
            + " FOR EACH ROW EXECUTE FUNCTION swallow()");
    try {
      assertThatThrownBy(() -> election.campaign("a", 1, TERM))
          .isInstanceOf(AutoDeployException.class)
          .hasMessageContaining("does not change when it is written");
    } finally {
      sql("DROP TRIGGER swallow ON autodeploy_state");
      sql("DROP FUNCTION swallow()");
    }
  }

  @Test
  void claim_upToTheYear9999_isTakenOver_onceNobodyHasRenewedItForTheLongestTerm()
      throws SQLException {
    election.campaign("a", 0, TERM);
    AtomicLong nanos = new AtomicLong();
    LeaderRow row = new LeaderRow(new Database(TestDatabase.source()), name, nanos::get);
    endsAt(YEAR_9999);
    assertThat(leader(row)).isEqualTo("a");
    nanos.addAndGet(StateNames.LONGEST_TERM.toNanos());
    assertThat(leader(row)).isEqualTo("a");
    endsAt(YEAR_9999 + 1); // it lives: it has renewed
    nanos.addAndGet(StateNames.LONGEST_TERM.toNanos());
    assertThat(leader(row)).isEqualTo("a");
    nanos.addAndGet(StateNames.LONGEST_TERM.toNanos());
    assertThat(leader(row)).isEqualTo("a");
    nanos.addAndGet(1);
    assertThat(leader(row)).isEqualTo("b");
  }

  private static String leader(LeaderRow row) {
    return row.campaign("b", "", 0, TERM).leader().replica();
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE})
  void epoch_afterWhichThereIsNone_isRefused(long epoch) throws SQLException {
    election.campaign("a", 0, TERM);
    sql("UPDATE autodeploy_state SET until_ms = 0, epoch = " + epoch + where());
    assertThatThrownBy(() -> election.campaign("b", 0, TERM))
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("its epoch is " + epoch);
  }

  @Test
  void leader_withAForgedLineInItsName_isToldInOneLine() throws SQLException {
    election.campaign("a", 0, TERM);
    sql(
        "UPDATE autodeploy_state SET leader = E'x\\n\\x1b[2J ERROR forged', address = E'y\\nz'"
            + where());
    Leader leader = election.campaign("b", 0, TERM);
    assertThat(leader.replica()).startsWith("x").matches(PlainText::isLine);
    assertThat(leader.address()).startsWith("y").matches(PlainText::isLine);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{\"spec\":{\"environment\":{\"TOKEN\":\"secret-1",
        "{\"spec\":\"secret-1\"}",
        "{\"spec\":{\"name\":\"secret-1\",\"port\":\"secret-1\"}}",
        "{\"name\":secret-1}",
        "secret-1"
      })
  void load_ofADamagedDeployment_isRefusedInOneLineWithoutItsText(String content)
      throws SQLException {
    election.campaign("a", 0, TERM);
    try (Connection connection = TestDatabase.source().getConnection();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO autodeploy_deployment VALUES (?, ?, 1, ?)")) {
      insert.setString(1, name);
      insert.setString(2, "x\n\u001b[2J ERROR forged");
      insert.setString(3, content);
      insert.execute();
    }
    StateStore store = election.store(1);
    assertThatThrownBy(store::load)
        .isInstanceOfSatisfying(
            AutoDeployException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_FAILED))
        .hasMessageContaining("is damaged")
        .hasNoCause()
        .satisfies(
            e -> assertThat(e.getMessage()).matches(PlainText::isLine).doesNotContain("secret"));
  }

  @Test
  @Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD) // a read takes no interrupt
  void transaction_whoseDatabaseHasVanished_ends() throws Exception {
    election.campaign("a", 0, TERM);
    PGSimpleDataSource real = TestDatabase.source().unwrap(PGSimpleDataSource.class);
    try (Relay relay = new Relay(real.getPortNumbers()[0])) {
      PGSimpleDataSource far = new PGSimpleDataSource();
      far.setUrl("jdbc:postgresql://127.0.0.1:" + relay.port() + "/postgres");
      far.setUser(real.getUser());
      far.setPassword(real.getPassword());
      Database database = new Database(cutting(far, relay), 1000, Duration.ofMillis(500));
      assertThatThrownBy(() -> new LeaderRow(database, name).campaign("b", "", 0, TERM))
          .isInstanceOf(AutoDeployException.class)
          .hasMessageContaining("cannot elect a leader");
    }
  }

  /** Returns a source whose connections are cut off, and not closed, as soon as they are made. */
  private static DataSource cutting(DataSource source, Relay relay) {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              Object made = method.invoke(source, arguments);
              relay.cut();
              return made;
            });
  }

  @Test
  void connection_isGivenBack_withTheLimitThatItHad() throws SQLException {
    try (Connection connection = TestDatabase.source().getConnection()) {
      connection.setNetworkTimeout(Runnable::run, 300_000);
      Database database = new Database(always(connection));
      assertThat(database.<Integer>transaction("look", Connection::getNetworkTimeout))
          .isEqualTo(40_000);
      assertThat(connection.getNetworkTimeout()).isEqualTo(300_000);
    }
  }

  private static DataSource always(Connection connection) {
    Connection kept =
        (Connection)
            Proxy.newProxyInstance(
                Connection.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) ->
                    method.getName().equals("close") ? null : method.invoke(connection, arguments));
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> kept);
  }

  private void endsAt(long untilMs) throws SQLException {
    sql("UPDATE autodeploy_state SET until_ms = " + untilMs + where());
  }

  private String where() {
    return " WHERE state_name = '" + name + "'";
  }

  private static void sql(String sql) throws SQLException {
    try (Connection connection = TestDatabase.source().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
