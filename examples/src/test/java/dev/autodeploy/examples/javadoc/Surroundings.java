package dev.autodeploy.examples.javadoc;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.UsageHistory;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.SimulatedProvider;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.Currency;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * The surroundings that the examples in the Javadoc take for granted. They are compiled inside of
 * it, never run.
 */
public abstract class Surroundings {
  protected AutoDeploy autoDeploy;
  protected DataSource dataSource;
  protected Deployment voice;
  protected JdkHttpProxy proxy;
  protected MeterRegistry registry;
  protected ManualTime time;
  protected SimulatedProvider provider;
  protected StateStore store;
  protected String testQueue;
  protected jakarta.servlet.ServletContext servletContext;

  protected Surroundings() {}

  protected abstract void call(URI endpoint);

  protected abstract DataSource emptyDatabase();

  /** A meter of the reader's own. */
  public static final class SpotPrices implements CostMeter {
    private final Currency currency;

    public SpotPrices(String currency) {
      this.currency = Currency.getInstance(currency);
    }

    @Override
    public Money cost(UsageInterval usage) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Currency currency() {
      return currency;
    }
  }

  /** A policy of the reader's own. */
  public static final class BusinessHours implements IdlePolicy {
    public BusinessHours() {}

    @Override
    public Optional<Duration> idleTimeout(UsageHistory history) {
      return Optional.empty();
    }
  }

  /** A provider of the reader's own. */
  public interface BatchQueueProvider extends InstanceProvider {
    /** By queue. */
    Map<String, BatchQueueProvider> CONNECTED = Map.of();

    /**
     * Connects to a queue.
     *
     * @param queue its name
     * @return the provider
     */
    static BatchQueueProvider connect(String queue) {
      return CONNECTED.get(queue);
    }
  }

  /** A store of the reader's own. */
  public static final class DatabaseStateStore implements StateStore {
    private final DataSource database;

    public DatabaseStateStore(DataSource database) {
      this.database = database;
    }

    @Override
    public StoredState load() {
      throw new UnsupportedOperationException(database.toString());
    }

    @Override
    public void saveOwner(String owner) {}

    @Override
    public void save(StoredState.StoredDeployment deployment) {}

    @Override
    public void remove(String name) {}

    @Override
    public List<LedgerEntry> ledger() {
      return List.of();
    }

    @Override
    public void append(LedgerEntry entry) {}

    @Override
    public void close() {}
  }
}
