package dev.autodeploy.jdbc;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.store.FileStateStore;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.LedgerPages;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Keeps deployments and ledger in a database, for one engine at a time. Tested with PostgreSQL.
 * Thread-safe; every method blocks for the database.
 *
 * <p>While it is in use it renews its claim; a second engine on the same state is refused with
 * {@code OWNER_IN_USE}. After a crash the next one waits until the claim of the last has run out,
 * which is a {@linkplain Builder#term term} at most. For several replicas of one application that
 * take turns, use {@link JdbcLeaderElection} instead.
 *
 * <pre>{@code
 * AutoDeploy autoDeploy = AutoDeploy.builder()
 *     .stateStore(JdbcStateStore.builder(dataSource).name("voice").build())
 *     .build();
 * }</pre>
 */
public final class JdbcStateStore implements StateStore {
  private final Database database;
  private final LeaderRow row;
  private final boolean createTables;
  private final Duration term;
  private final String replica = UUID.randomUUID().toString();
  private final ReentrantLock lock = new ReentrantLock();
  private final Pages pages = new Pages();

  // Guarded by the lock.
  private @Nullable JdbcState state;
  private @Nullable Claim claim;
  private boolean closed;

  private JdbcStateStore(Builder builder) {
    database = new Database(builder.source);
    row = new LeaderRow(database, builder.name);
    createTables = builder.createTables;
    term = builder.term;
  }

  /**
   * Returns a builder for a store.
   *
   * @param source where connections come from; the store keeps none of them, and does not close it
   * @return the builder
   */
  public static Builder builder(DataSource source) {
    return new Builder(requireNonNull(source, "source"));
  }

  /**
   * Returns the SQL that makes the tables, for those who make them themselves.
   *
   * @return statements for PostgreSQL, each ended by a semicolon
   */
  public static String schema() {
    return Database.schema();
  }

  @Override
  public StoredState load() {
    lock.lock();
    try {
      refuseIfClosed();
      if (claim != null) {
        throw new IllegalStateException("load() was called before");
      }
      if (createTables) {
        database.createTables();
      }
      Claim made = Claim.make(row, replica, term);
      claim = made;
      boolean loaded = false;
      try {
        JdbcState own = new JdbcState(database, row, made.epoch());
        StoredState result = own.load();
        state = own;
        loaded = true;
        return result;
      } finally {
        if (!loaded) {
          made.close();
          claim = null;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Brings a state directory into this store, which has to be empty and not in use. The directory
   * stays as it is; move it away afterwards, so that no engine uses it any longer.
   *
   * @param directory the directory, which no engine uses
   * @return what was brought in
   * @throws AutoDeployException with {@code STATE_FAILED} if this store is not empty or either
   *     cannot be read or written; with {@code OWNER_IN_USE} if either is in use
   */
  public StoredState importDirectory(Path directory) {
    requireNonNull(directory, "directory");
    lock.lock();
    try (FileStateStore files = new FileStateStore(directory)) {
      StoredState imported = files.load();
      List<LedgerEntry> entries = files.ledger();
      StoredState present = load();
      JdbcState target = usable();
      try {
        if (!present.equals(StoredState.empty()) || !target.ledger().isEmpty()) {
          throw new AutoDeployException(
              ErrorCode.STATE_FAILED,
              null,
              "state '"
                  + row.name()
                  + "' in the database is not empty, so nothing is imported from "
                  + directory
                  + ": choose another name, or delete its rows first");
        }
        // The owner comes last: without it nothing that was imported is taken for complete.
        target.saveAll(imported.deployments());
        for (LedgerEntry entry : entries) {
          if (entry instanceof LedgerEntry.Page page) {
            for (String name : page.names()) {
              target.pages().put(name, files.pages().get(name));
            }
          }
        }
        target.appendAll(entries);
        String owner = imported.owner();
        if (owner != null) {
          target.saveOwner(owner);
        }
        return imported;
      } finally {
        release();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void saveOwner(String owner) {
    usable().saveOwner(owner);
  }

  @Override
  public void save(StoredDeployment deployment) {
    usable().save(deployment);
  }

  @Override
  public void saveAll(Collection<StoredDeployment> deployments) {
    usable().saveAll(deployments);
  }

  @Override
  public void remove(String name) {
    usable().remove(name);
  }

  @Override
  public List<LedgerEntry> ledger() {
    return usable().ledger();
  }

  @Override
  public void readLedger(Consumer<LedgerEntry> each) {
    usable().readLedger(each);
  }

  @Override
  public LedgerPages pages() {
    return pages;
  }

  /** The pages of the state that is loaded. */
  private final class Pages implements LedgerPages {
    @Override
    public void put(String name, List<String> lines) {
      usable().pages().put(name, lines);
    }

    @Override
    public List<String> get(String name) {
      return usable().pages().get(name);
    }

    @Override
    public Set<String> retain(Collection<String> names) {
      return usable().pages().retain(names);
    }

    @Override
    public void replaceLedger(List<LedgerEntry> entries) {
      usable().pages().replaceLedger(entries);
    }
  }

  @Override
  public void append(LedgerEntry entry) {
    usable().append(entry);
  }

  @Override
  public boolean isTakenOver() {
    lock.lock();
    try {
      return (claim != null && claim.isLost()) || (state != null && state.isTakenOver());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      release();
    } finally {
      lock.unlock();
    }
  }

  private void release() {
    JdbcState own = state;
    Claim held = claim;
    state = null;
    claim = null;
    if (own != null) {
      own.close();
    }
    if (held != null) {
      held.close();
    }
  }

  private JdbcState usable() {
    lock.lock();
    try {
      refuseIfClosed();
      JdbcState own = state;
      if (own == null) {
        throw new IllegalStateException("load() comes first");
      }
      return own;
    } finally {
      lock.unlock();
    }
  }

  private void refuseIfClosed() {
    if (closed) {
      throw new AutoDeployException(
          ErrorCode.STATE_FAILED,
          null,
          "the store of state '" + row.name() + "' in the database is closed");
    }
  }

  /** Collects the settings of a store. Not thread-safe. */
  public static final class Builder {
    private final DataSource source;
    private String name = "default";
    private boolean createTables = true;
    private Duration term = Duration.ofSeconds(15);

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
     * Sets the time after which an engine that has said nothing is taken for dead, by the
     * database's clock. Default: 15 seconds.
     *
     * @param value 1 second to 5 minutes
     * @return this
     */
    public Builder term(Duration value) {
      term = Arguments.inRange("term", value, StateNames.SHORTEST_TERM, StateNames.LONGEST_TERM);
      return this;
    }

    /**
     * Builds the store. The database is not asked before the store is used.
     *
     * @return the store
     */
    public JdbcStateStore build() {
      return new JdbcStateStore(this);
    }
  }
}
