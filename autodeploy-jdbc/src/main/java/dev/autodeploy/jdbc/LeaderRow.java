package dev.autodeploy.jdbc;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.store.StateText;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.Ticker;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The row of one state: who leads it, up to when and in which epoch. All moments are the
 * database's; every change names what it has read, so that of two at once one has no effect.
 */
final class LeaderRow {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderRow.class);
  private static final int SECRET_BYTES = 32;

  /**
   * The number of attempts at a change: one that has no effect was made by somebody else, who leads
   * then; or something in the database keeps all of them out.
   */
  private static final int ATTEMPTS = 20;

  private final Database database;
  private final String name;
  private final Ticker ticker;

  /** The last row whose term ends later than any can, or null. */
  private volatile @Nullable Overlong overlong;

  LeaderRow(Database database, String name) {
    this(database, name, Ticker.system());
  }

  LeaderRow(Database database, String name, Ticker ticker) {
    this.database = database;
    this.name = name;
    this.ticker = ticker;
  }

  String name() {
    return name;
  }

  /** The row as it was read. */
  private record Read(
      long epoch, @Nullable String leader, @Nullable String address, long untilMs, Instant now) {
    long nowMs() {
      return now.toEpochMilli();
    }
  }

  /** A row whose term ends later than any can, and when it was first seen so. */
  private record Overlong(long epoch, long untilMs, long seenAt) {}

  /** The outcome of one attempt; {@code leads} until the next one. */
  record Campaign(Leader leader, long untilMs) {}

  /**
   * Asks to lead, or to go on leading.
   *
   * @param held the epoch in which the replica leads, or 0
   * @param term the time for which it leads from now on; zero to ask only who leads
   * @return who leads now
   */
  Campaign campaign(String replica, String address, long held, Duration term) {
    return database.transaction(
        "elect a leader of state '" + name + "'",
        connection -> {
          for (int i = 0; i < ATTEMPTS; i++) {
            Campaign done = attempt(connection, replica, address, held, term);
            if (done != null) {
              return done;
            }
          }
          throw new AutoDeployException(
              ErrorCode.STATE_FAILED,
              null,
              "the row of state '"
                  + name
                  + "' in autodeploy_state of the database does not change when it is written:"
                  + " look for a trigger, a rule, a view or row-level security on that table");
        });
  }

  private @Nullable Campaign attempt(
      Connection connection, String replica, String address, long held, Duration term)
      throws SQLException {
    Read row = read(connection);
    if (row == null) {
      insert(connection);
      return null;
    }
    boolean own = replica.equals(row.leader);
    boolean free = row.leader == null || row.untilMs <= row.nowMs() || isAbandoned(row);
    boolean overtaken = held != 0 && held != row.epoch;
    if (term.isZero() || overtaken || (!own && !free)) {
      boolean led = row.leader != null && row.untilMs > row.nowMs();
      String other = led && row.leader != null ? PlainText.line(row.leader) : "";
      String where = led && row.address != null ? PlainText.line(row.address) : "";
      return new Campaign(new Leader(row.epoch, other, where, row.now), row.untilMs);
    }
    long epoch = own && held == row.epoch ? held : row.epoch + 1;
    long until = row.nowMs() + term.toMillis();
    int changed =
        Database.update(
            connection,
            "UPDATE autodeploy_state SET epoch = ?, leader = ?, address = ?, until_ms = ?"
                + " WHERE state_name = ? AND epoch = ? AND until_ms = ?",
            epoch,
            replica,
            address,
            until,
            name,
            row.epoch,
            row.untilMs);
    return changed == 1 ? new Campaign(new Leader(epoch, replica, address, row.now), until) : null;
  }

  /**
   * Returns whether a leader whose term ends later than any can is none. The database's clock has
   * been set back since it was written, perhaps by years, or somebody else has written it. A leader
   * that lives writes again within its term, and one that does not acts no longer after it.
   */
  private boolean isAbandoned(Read row) {
    long left = row.untilMs - row.nowMs();
    if (left <= StateNames.LONGEST_TERM.toMillis()) {
      overlong = null;
      return false;
    }
    long now = ticker.read();
    Overlong before = overlong;
    if (before == null || before.epoch != row.epoch || before.untilMs != row.untilMs) {
      overlong = new Overlong(row.epoch, row.untilMs, now);
      LOG.warn(
          "State '{}' in the database is claimed for another {} s by the database's clock, longer"
              + " than anybody can: that clock has been set back. It is free once nobody has"
              + " renewed the claim for {}",
          name,
          left / 1000,
          StateNames.LONGEST_TERM);
      return false;
    }
    return now - before.seenAt > StateNames.LONGEST_TERM.toNanos();
  }

  private @Nullable Read read(Connection connection) throws SQLException {
    try (PreparedStatement statement =
            Database.statement(
                connection,
                "SELECT format, epoch, leader, address, until_ms, CURRENT_TIMESTAMP"
                    + " FROM autodeploy_state WHERE state_name = ?",
                name);
        ResultSet rows = statement.executeQuery()) {
      if (!rows.next()) {
        return null;
      }
      refuseIfNewer(rows.getInt(1));
      return new Read(
          epoch(rows.getLong(2)),
          rows.getString(3),
          rows.getString(4),
          rows.getLong(5),
          rows.getTimestamp(6).toInstant());
    }
  }

  /** Refuses an epoch after which there is none, or before the first one. */
  private long epoch(long value) {
    if (value < 0 || value == Long.MAX_VALUE) {
      throw new AutoDeployException(
          ErrorCode.STATE_FAILED,
          null,
          "state '"
              + name
              + "' in the database is damaged: its epoch is "
              + value
              + ". Write one that is higher than all before it");
    }
    return value;
  }

  private void refuseIfNewer(int format) {
    if (format > StateText.VERSION) {
      throw new AutoDeployException(
          ErrorCode.STATE_FAILED,
          null,
          "state '"
              + name
              + "' in the database has format version "
              + format
              + ", and this version of AutoDeploy reads up to "
              + StateText.VERSION
              + ": run the version that wrote it, or a later one");
    }
  }

  /** Makes the row, unless another process has made it meanwhile. */
  private void insert(Connection connection) throws SQLException {
    Database.update(
        connection,
        "INSERT INTO autodeploy_state (state_name, format, epoch, until_ms, numbers)"
            + " SELECT ?, ?, 0, 0, 0"
            + " WHERE NOT EXISTS (SELECT 1 FROM autodeploy_state WHERE state_name = ?)",
        name,
        StateText.VERSION,
        name);
  }

  /** Returns the secret of the replicas; makes it if there is none. */
  String secret() {
    String proposed = randomSecret();
    return database.transaction(
        "read the secret of the replicas of state '" + name + "'",
        connection -> {
          Database.update(
              connection,
              "INSERT INTO autodeploy_secret (state_name, secret) SELECT ?, ?"
                  + " WHERE NOT EXISTS (SELECT 1 FROM autodeploy_secret WHERE state_name = ?)",
              name,
              proposed,
              name);
          try (PreparedStatement statement =
                  Database.statement(
                      connection,
                      "SELECT secret FROM autodeploy_secret WHERE state_name = ?",
                      name);
              ResultSet rows = statement.executeQuery()) {
            rows.next();
            return rows.getString(1);
          }
        });
  }

  private static String randomSecret() {
    byte[] bytes = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** Gives leadership up, if it is still held in that epoch. */
  void resign(long epoch) {
    database.transaction(
        "give up the leadership of state '" + name + "'",
        connection ->
            Database.update(
                connection,
                "UPDATE autodeploy_state SET leader = NULL, address = NULL, until_ms = 0"
                    + " WHERE state_name = ? AND epoch = ?",
                name,
                epoch));
  }

  /**
   * Makes sure that nobody has led since an epoch, up to the end of the transaction, and draws
   * numbers.
   *
   * @return the first of the numbers
   */
  long fence(Connection connection, long epoch, int numbers) throws SQLException {
    int changed =
        Database.update(
            connection,
            "UPDATE autodeploy_state SET numbers = numbers + ?"
                + " WHERE state_name = ? AND epoch = ?",
            numbers,
            name,
            epoch);
    if (changed == 0) {
      throw new AutoDeployException(
          ErrorCode.OWNER_IN_USE,
          null,
          "another engine has taken over state '"
              + name
              + "' in the database since this one began, in epoch "
              + epoch
              + ": what this one writes is refused. End it");
    }
    try (PreparedStatement statement =
            Database.statement(
                connection, "SELECT numbers FROM autodeploy_state WHERE state_name = ?", name);
        ResultSet rows = statement.executeQuery()) {
      rows.next();
      return rows.getLong(1) - numbers + 1;
    }
  }
}
