package dev.autodeploy.jdbc;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.LedgerPages;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The pages of the ledger in the database, as the leader of one epoch writes them. */
final class JdbcPages implements LedgerPages {
  private final Database database;
  private final LeaderRow row;
  private final JdbcState state;

  JdbcPages(Database database, LeaderRow row, JdbcState state) {
    this.database = database;
    this.row = row;
    this.state = state;
  }

  @Override
  public void put(String name, List<String> lines) {
    String content = String.join("\n", lines);
    state.change(
        "write page " + name + " of the ledger of state '" + row.name() + "'",
        0,
        (connection, first) -> {
          int changed =
              Database.update(
                  connection,
                  "UPDATE autodeploy_ledger_page SET content = ?"
                      + " WHERE state_name = ? AND name = ?",
                  content,
                  row.name(),
                  name);
          if (changed == 0) {
            Database.update(
                connection,
                "INSERT INTO autodeploy_ledger_page (state_name, name, content) VALUES (?, ?, ?)",
                row.name(),
                name,
                content);
          }
        });
  }

  @Override
  public List<String> get(String name) {
    String content =
        database.<@Nullable String>transaction(
            "read page " + name + " of the ledger of state '" + row.name() + "'",
            connection -> {
              try (PreparedStatement statement =
                      Database.statement(
                          connection,
                          "SELECT "
                              + database.content()
                              + " FROM autodeploy_ledger_page WHERE state_name = ? AND name = ?",
                          row.name(),
                          name);
                  ResultSet rows = statement.executeQuery()) {
                return rows.next()
                    ? database.content(rows, 1, "page " + name + " of the ledger")
                    : null;
              }
            });
    if (content == null) {
      throw new AutoDeployException(
          ErrorCode.STATE_FAILED,
          null,
          "page "
              + name
              + " of the ledger of state '"
              + row.name()
              + "' is missing in the database: restore its row from a backup");
    }
    return content.isEmpty() ? List.of() : List.of(content.split("\n"));
  }

  @Override
  public Set<String> retain(Collection<String> names) {
    Set<String> wanted = new HashSet<>(names);
    Set<String> present = new HashSet<>();
    state.change(
        "tidy up the pages of the ledger of state '" + row.name() + "'",
        0,
        (connection, first) -> {
          Set<String> all = new HashSet<>();
          try (PreparedStatement statement =
                  Database.statement(
                      connection,
                      "SELECT name FROM autodeploy_ledger_page WHERE state_name = ?",
                      row.name());
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              all.add(rows.getString(1));
            }
          }
          for (String name : all) {
            if (wanted.contains(name)) {
              present.add(name);
            } else {
              Database.update(
                  connection,
                  "DELETE FROM autodeploy_ledger_page WHERE state_name = ? AND name = ?",
                  row.name(),
                  name);
            }
          }
        });
    return present;
  }

  @Override
  public void replaceLedger(List<LedgerEntry> entries) {
    state.change(
        "replace the ledger of state '" + row.name() + "'",
        entries.size(),
        (connection, first) -> {
          Database.update(
              connection, "DELETE FROM autodeploy_ledger WHERE state_name = ?", row.name());
          state.insert(connection, first, entries);
        });
  }
}
