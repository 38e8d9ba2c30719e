package dev.autodeploy.jdbc;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.StateStore;
import java.time.Duration;
import javax.sql.DataSource;

/**
 * Elects the leader among the replicas of one application by a row of its database, and keeps the
 * state beside it. Tested with PostgreSQL. Thread-safe; every method blocks for the database.
 *
 * <p>Only the database's clock counts: a replica whose own clock is wrong neither leads too long
 * nor too early. The state is that of {@link JdbcStateStore} with the same name.
 */
public final class JdbcLeaderElection implements LeaderElection {
  private final Database database;
  private final LeaderRow row;
  private final boolean createTables;
  private volatile boolean created;
  private volatile String address = "";

  private JdbcLeaderElection(Builder builder) {
    database = new Database(builder.source);
    row = new LeaderRow(database, builder.name);
    createTables = builder.createTables;
  }

  /**
   * Returns a builder for an election.
   *
   * @param source where connections come from; none of them is kept, and it is not closed
   * @return the builder
   */
  public static Builder builder(DataSource source) {
    return new Builder(requireNonNull(source, "source"));
  }

  @Override
  public Leader campaign(String replica, long held, Duration term) {
    requireNonNull(replica, "replica");
    requireNonNull(term, "term");
    prepare();
    return row.campaign(replica, address, held, term).leader();
  }

  private void prepare() {
    if (createTables && !created) {
      database.createTables();
      created = true;
    }
  }

  @Override
  public void advertise(String value) {
    address = requireNonNull(value, "address");
  }

  @Override
  public String secret() {
    prepare();
    return row.secret();
  }

  @Override
  public void resign(long epoch) {
    row.resign(epoch);
  }

  @Override
  public StateStore store(long epoch) {
    return new JdbcState(database, row, epoch);
  }

  /** Collects the settings of an election. Not thread-safe. */
  public static final class Builder {
    private final DataSource source;
    private String name = "default";
    private boolean createTables = true;

    private Builder(DataSource source) {
      this.source = source;
    }

    /**
     * Sets the name of the state, which tells applications apart that share a database. Default:
     * {@code default}.
     *
     * @param value 1 to 100 characters
     * @return this
     */
    public Builder name(String value) {
      name = StateNames.checked(value);
      return this;
    }

    /**
     * Sets whether tables that are missing are made. Default: true.
     *
     * @param value false if the user of the database may not, and {@link JdbcStateStore#schema} was
     *     run by somebody else
     * @return this
     */
    public Builder createTables(boolean value) {
      createTables = value;
      return this;
    }

    /**
     * Builds the election. The database is not asked before it is used.
     *
     * @return the election
     */
    public JdbcLeaderElection build() {
      return new JdbcLeaderElection(this);
    }
  }
}
