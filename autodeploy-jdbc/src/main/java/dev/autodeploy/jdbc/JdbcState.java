package dev.autodeploy.jdbc;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.store.StateText;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.LedgerPages;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Deployments and ledger of one state, as the leader of one epoch reads and writes them. Every
 * change is refused once somebody leads in a later epoch.
 */
final class JdbcState implements StateStore {
  /** The number of rows that are sent at once. */
  private static final int BATCH = 500;

  /** The number of entries that are read at once. */
  private static final int READ = 5000;

  private final Database database;
  private final LeaderRow row;
  private final long epoch;
  private final JdbcPages pages;

  /** Lets one change run at a time; in the database they would wait for each other as well. */
  private final ReentrantLock lock = new ReentrantLock();

  private volatile boolean closed;
  private volatile boolean takenOver;

  JdbcState(Database database, LeaderRow row, long epoch) {
    this.database = database;
    this.row = row;
    this.epoch = epoch;
    this.pages = new JdbcPages(database, row, this);
  }

  @Override
  public StoredState load() {
    return database.transaction(
        "read state '" + row.name() + "'",
        connection -> {
          // The fence waits for what an earlier leader is about to write, or refuses it.
          row.fence(connection, epoch, 0);
          String owner = null;
          try (PreparedStatement statement =
                  Database.statement(
                      connection,
                      "SELECT owner_id FROM autodeploy_state WHERE state_name = ?",
                      row.name());
              ResultSet rows = statement.executeQuery()) {
            if (rows.next()) {
              owner = rows.getString(1);
            }
          }
          List<StoredDeployment> deployments = new ArrayList<>();
          try (PreparedStatement statement =
                  Database.statement(
                      connection,
                      "SELECT name, "
                          + database.content()
                          + " FROM autodeploy_deployment WHERE state_name = ? ORDER BY number",
                      row.name());
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              String each = PlainText.line(rows.getString(1));
              String place = "deployment '" + each + "' of state '" + row.name() + "'";
              deployments.add(StateText.deployment(database.content(rows, 2, place), place));
            }
          }
          return new StoredState(owner, deployments);
        });
  }

  @Override
  public void saveOwner(String owner) {
    requireNonNull(owner, "owner");
    change(
        "save the owner of state '" + row.name() + "'",
        0,
        (connection, first) ->
            Database.update(
                connection,
                "UPDATE autodeploy_state SET owner_id = ?, format = ? WHERE state_name = ?",
                owner,
                StateText.VERSION,
                row.name()));
  }

  @Override
  public void save(StoredDeployment deployment) {
    saveAll(List.of(deployment));
  }

  @Override
  public void saveAll(Collection<StoredDeployment> deployments) {
    List<StoredDeployment> all = List.copyOf(deployments);
    for (int from = 0; from < all.size(); from += BATCH) {
      List<StoredDeployment> some = all.subList(from, Math.min(all.size(), from + BATCH));
      change(
          "save deployments in state '" + row.name() + "'",
          some.size(),
          (connection, first) -> {
            int[] changed;
            try (PreparedStatement update =
                Database.statement(
                    connection,
                    "UPDATE autodeploy_deployment SET content = ?"
                        + " WHERE state_name = ? AND name = ?")) {
              for (StoredDeployment deployment : some) {
                update.setString(1, StateText.write(deployment));
                update.setString(2, row.name());
                update.setString(3, deployment.spec().name());
                update.addBatch();
              }
              changed = update.executeBatch();
            }
            try (PreparedStatement insert =
                Database.statement(
                    connection,
                    "INSERT INTO autodeploy_deployment (state_name, name, number, content)"
                        + " VALUES (?, ?, ?, ?)")) {
              boolean any = false;
              for (int i = 0; i < some.size(); i++) {
                if (changed[i] == Statement.SUCCESS_NO_INFO) {
                  throw new AutoDeployException(
                      ErrorCode.STATE_FAILED,
                      null,
                      "the database's driver does not say what a batch has changed; with"
                          + " PostgreSQL's own it does");
                }
                if (changed[i] == 0) {
                  insert.setString(1, row.name());
                  insert.setString(2, some.get(i).spec().name());
                  insert.setLong(3, first + i);
                  insert.setString(4, StateText.write(some.get(i)));
                  insert.addBatch();
                  any = true;
                }
              }
              if (any) {
                insert.executeBatch();
              }
            }
          });
    }
  }

  @Override
  public void remove(String name) {
    requireNonNull(name, "name");
    change(
        "remove deployment '" + name + "' from state '" + row.name() + "'",
        0,
        (connection, first) ->
            Database.update(
                connection,
                "DELETE FROM autodeploy_deployment WHERE state_name = ? AND name = ?",
                row.name(),
                name));
  }

  @Override
  public List<LedgerEntry> ledger() {
    List<LedgerEntry> entries = new ArrayList<>();
    readLedger(entries::add);
    return List.copyOf(entries);
  }

  /** Reads some entries at a time, so that pages can be written in between. */
  @Override
  public void readLedger(Consumer<LedgerEntry> each) {
    long after = Long.MIN_VALUE;
    for (List<Numbered> some = some(after); !some.isEmpty(); some = some(after)) {
      some.forEach(it -> each.accept(it.entry()));
      after = some.get(some.size() - 1).number();
    }
  }

  private record Numbered(long number, LedgerEntry entry) {}

  private List<Numbered> some(long after) {
    return database.transaction(
        "read the ledger of state '" + row.name() + "'",
        connection -> {
          row.fence(connection, epoch, 0);
          List<Numbered> entries = new ArrayList<>();
          try (PreparedStatement statement =
              Database.statement(
                  connection,
                  "SELECT number, "
                      + database.content()
                      + " FROM autodeploy_ledger WHERE state_name = ? AND number > ?"
                      + " ORDER BY number",
                  row.name(),
                  after)) {
            statement.setMaxRows(READ);
            try (ResultSet rows = statement.executeQuery()) {
              while (rows.next()) {
                long number = rows.getLong(1);
                String place = "entry " + number + " of the ledger of '" + row.name() + "'";
                entries.add(
                    new Numbered(number, StateText.entry(database.content(rows, 2, place), place)));
              }
            }
          }
          return entries;
        });
  }

  @Override
  public LedgerPages pages() {
    return pages;
  }

  @Override
  public void append(LedgerEntry entry) {
    appendAll(List.of(entry));
  }

  /** Appends several entries, in their order. */
  void appendAll(List<LedgerEntry> entries) {
    for (int from = 0; from < entries.size(); from += BATCH) {
      List<LedgerEntry> some = entries.subList(from, Math.min(entries.size(), from + BATCH));
      change(
          "append to the ledger of state '" + row.name() + "'",
          some.size(),
          (connection, first) -> insert(connection, first, some));
    }
  }

  void insert(Connection connection, long first, List<LedgerEntry> entries) throws SQLException {
    try (PreparedStatement insert =
        Database.statement(
            connection,
            "INSERT INTO autodeploy_ledger (state_name, number, content) VALUES (?, ?, ?)")) {
      for (int i = 0; i < entries.size(); i++) {
        insert.setString(1, row.name());
        insert.setLong(2, first + i);
        insert.setString(3, StateText.write(entries.get(i)));
        insert.addBatch();
        if (i % BATCH == BATCH - 1 || i == entries.size() - 1) {
          insert.executeBatch();
        }
      }
    }
  }

  @FunctionalInterface
  interface Change {
    void in(Connection connection, long first) throws SQLException;
  }

  void change(String what, int numbers, Change change) {
    lock.lock();
    try {
      if (closed) {
        throw new AutoDeployException(
            ErrorCode.STATE_FAILED,
            null,
            "the store of state '" + row.name() + "' in the database is closed");
      }
      database.<@Nullable Object>transaction(
          what,
          connection -> {
            change.in(connection, row.fence(connection, epoch, numbers));
            return null;
          });
    } catch (AutoDeployException e) {
      takenOver |= e.code() == ErrorCode.OWNER_IN_USE;
      throw e;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isTakenOver() {
    return takenOver;
  }

  @Override
  public void close() {
    closed = true;
  }
}
