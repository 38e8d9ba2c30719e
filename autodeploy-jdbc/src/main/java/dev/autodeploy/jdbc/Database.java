package dev.autodeploy.jdbc;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.store.ReadLimit;
import dev.autodeploy.internal.text.PlainText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Transactions on the host application's data source, each on a connection of its own that is given
 * back at once. Thread-safe; an interrupt neither stops a transaction nor is lost.
 */
final class Database {
  private static final Logger LOG = LoggerFactory.getLogger(Database.class);

  /** The number of times that a transaction is tried which the database asks to repeat. */
  private static final int ATTEMPTS = 10;

  /** The class of SQL states that ask to repeat a transaction. */
  private static final String TRY_AGAIN = "40";

  /** The SQL state of a row that is there already: two processes made it at once. */
  private static final String DUPLICATE = "23505";

  /**
   * The time after which PostgreSQL ends a transaction whose client has stopped in the middle, as a
   * frozen process does: it would keep the next leader's from their rows.
   */
  private static final Duration ABANDONED = Duration.ofSeconds(3);

  /** The time that a statement may take. */
  private static final Duration STATEMENT_LIMIT = Duration.ofSeconds(30);

  /**
   * The time that the network may take for an answer: a database whose host has vanished answers
   * nothing, not even that a statement was cancelled.
   */
  private static final Duration NETWORK_LIMIT = STATEMENT_LIMIT.plusSeconds(10);

  private final DataSource source;
  private final long readLimit;
  private final Duration networkLimit;

  /** True for PostgreSQL; null until the first connection has said it. */
  private volatile @Nullable Boolean postgres;

  Database(DataSource source) {
    this(source, ReadLimit.bytes());
  }

  /** Creates one that reads contents up to a number of bytes. */
  Database(DataSource source, long readLimit) {
    this(source, readLimit, NETWORK_LIMIT);
  }

  /** Creates one that also waits for the network no longer than is said. */
  Database(DataSource source, long readLimit, Duration networkLimit) {
    this.source = source;
    this.readLimit = readLimit;
    this.networkLimit = networkLimit;
  }

  long readLimit() {
    return readLimit;
  }

  /** Returns the columns of a row's content, as far as it is not too large, and of its size. */
  String content() {
    String size = "OCTET_LENGTH(content)";
    return "CASE WHEN " + size + " <= " + readLimit + " THEN content END, " + size;
  }

  /**
   * Reads a row's content.
   *
   * @param rows the rows, with {@link #content()} among their columns
   * @param column the number of the first of the two
   * @param place what is read, for errors
   */
  String content(ResultSet rows, int column, String place) throws SQLException {
    String content = rows.getString(column);
    if (content == null) {
      throw new AutoDeployException(
          ErrorCode.STATE_FAILED, null, place + " " + ReadLimit.exceeded(readLimit));
    }
    return content;
  }

  /** A transaction's statements; run again from the start if the database asks for it. */
  @FunctionalInterface
  interface Work<T extends @Nullable Object> {
    T in(Connection connection) throws SQLException;
  }

  /**
   * Runs a transaction.
   *
   * @param what completes "cannot ... in the database"
   * @throws AutoDeployException with {@code STATE_FAILED} if it could not be committed; it may be
   *     all the same if the connection broke at the end
   */
  <T extends @Nullable Object> T transaction(String what, Work<T> work) {
    boolean interrupted = Thread.interrupted();
    try {
      return repeated(work);
    } catch (SQLException e) {
      throw failed(what, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private <T extends @Nullable Object> T repeated(Work<T> work) throws SQLException {
    for (int attempt = 1; ; attempt++) {
      try {
        return once(work);
      } catch (SQLException e) {
        String state = cause(e).getSQLState();
        if (attempt == ATTEMPTS || !isWorthRepeating(state)) {
          throw e;
        }
        LOG.debug("A transaction is repeated, as the database asks for it: {}", state);
      }
    }
  }

  private static boolean isWorthRepeating(@Nullable String state) {
    return state != null && (state.startsWith(TRY_AGAIN) || state.equals(DUPLICATE));
  }

  private <T extends @Nullable Object> T once(Work<T> work) throws SQLException {
    try (Connection connection = source.getConnection()) {
      Integer waited = limitNetwork(connection);
      boolean commitsAlways = connection.getAutoCommit();
      if (commitsAlways) {
        connection.setAutoCommit(false);
      }
      boolean committed = false;
      try {
        limit(connection);
        T result = work.in(connection);
        connection.commit();
        committed = true;
        return result;
      } finally {
        tidyUp(connection, committed, commitsAlways, waited);
      }
    }
  }

  /** Returns the limit that was in force before, or null where there is nothing to put back. */
  private @Nullable Integer limitNetwork(Connection connection) {
    try {
      int before = connection.getNetworkTimeout();
      int limit = Math.toIntExact(networkLimit.toMillis());
      if (before != 0 && before <= limit) {
        return null;
      }
      connection.setNetworkTimeout(Runnable::run, limit);
      return before;
    } catch (SQLException e) {
      LOG.debug("The driver has no limit for the network: {}", describe(e));
      return null;
    }
  }

  private void limit(Connection connection) throws SQLException {
    Boolean known = postgres;
    if (known == null) {
      known = connection.getMetaData().getDatabaseProductName().equals("PostgreSQL");
      postgres = known;
    }
    if (known) {
      try (Statement statement = connection.createStatement()) {
        statement.execute(
            "SET LOCAL idle_in_transaction_session_timeout = " + ABANDONED.toMillis());
      }
    }
  }

  /** Leaves a connection as it was. One that is broken is for its pool to notice. */
  private static void tidyUp(
      Connection connection, boolean committed, boolean commitsAlways, @Nullable Integer waited) {
    try {
      if (!committed) {
        connection.rollback();
      }
      if (commitsAlways) {
        connection.setAutoCommit(true);
      }
      if (waited != null) {
        connection.setNetworkTimeout(Runnable::run, waited);
      }
    } catch (SQLException e) {
      LOG.debug("A connection could not be left as it was: {}", describe(e));
    }
  }

  /** Prepares a statement. */
  static PreparedStatement statement(Connection connection, String sql, Object... values)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      statement.setQueryTimeout((int) STATEMENT_LIMIT.toSeconds());
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement;
    } catch (SQLException e) {
      statement.close();
      throw e;
    }
  }

  /** Runs a change and returns the number of rows that it changed. */
  static int update(Connection connection, String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = statement(connection, sql, values)) {
      return statement.executeUpdate();
    }
  }

  /** Makes the tables that are missing. Several processes may do so at once. */
  void createTables() {
    List<String> statements = statements(schema());
    for (int attempt = 1; ; attempt++) {
      try {
        transaction(
            "make the tables",
            connection -> {
              try (Statement statement = connection.createStatement()) {
                statement.setQueryTimeout((int) STATEMENT_LIMIT.toSeconds());
                for (String sql : statements) {
                  statement.execute(sql);
                }
              }
              return true;
            });
        return;
      } catch (AutoDeployException e) {
        // Two that make the same table at the same moment disturb each other, once for each table.
        if (attempt > statements.size()) {
          throw e;
        }
      }
    }
  }

  /** Returns the SQL that makes the tables. */
  static String schema() {
    try (InputStream in = Database.class.getResourceAsStream("schema.sql")) {
      if (in == null) {
        throw new IllegalStateException("schema.sql is missing beside " + Database.class);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> statements(String sql) {
    String bare = sql.replaceAll("--[^\n]*\n", "\n");
    return Arrays.stream(bare.split(";", -1))
        .map(String::strip)
        .filter(it -> !it.isEmpty())
        .toList();
  }

  /**
   * Returns an error without what the driver says of a statement's values, which may be secrets: a
   * failed batch quotes them, and so do the lines after the first.
   */
  private static AutoDeployException failed(String what, SQLException e) {
    return new AutoDeployException(
        ErrorCode.STATE_FAILED,
        null,
        "cannot "
            + what
            + " in the database: "
            + describe(e)
            + ". Check that it can be reached, and that its user may read and write the tables"
            + " autodeploy_state, autodeploy_deployment, autodeploy_ledger, autodeploy_ledger_page"
            + " and autodeploy_secret.");
  }

  static String describe(SQLException e) {
    SQLException cause = cause(e);
    String message = cause.getMessage();
    String first = message == null ? cause.getClass().getSimpleName() : message.split("\n", 2)[0];
    return PlainText.line(first) + " (SQL state " + cause.getSQLState() + ")";
  }

  private static SQLException cause(SQLException e) {
    SQLException cause = e;
    while (cause instanceof BatchUpdateException && cause.getNextException() != null) {
      cause = cause.getNextException();
    }
    return cause instanceof BatchUpdateException
        ? new SQLException("a batch of statements failed", cause.getSQLState())
        : cause;
  }
}
