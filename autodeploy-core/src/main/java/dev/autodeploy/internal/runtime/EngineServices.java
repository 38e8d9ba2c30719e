package dev.autodeploy.internal.runtime;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.internal.ledger.CostBook;
import dev.autodeploy.internal.ledger.LedgerWriter;
import dev.autodeploy.internal.ledger.SharedBudget;
import dev.autodeploy.internal.policy.CostMeters;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.Ticker;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The services that all deployments of one engine share.
 *
 * @param owner under which instances are labelled
 * @param provider where instances run
 * @param calls calls the provider
 * @param idlePolicy for deployments without their own
 * @param costMeter for deployments without their own price
 * @param ledger where usage is written
 * @param costs the closed intervals of all deployments
 * @param budget what all deployments may spend together
 * @param records writes what deployments have learned
 * @param events publishes to the listeners
 * @param lock the engine's lock
 * @param ticker for durations
 * @param clock for records
 * @param scheduler the host's scheduler, which may refuse
 * @param timers the same with a fallback
 * @param providerExecutor for provider calls and probes
 * @param callbackExecutor for waiting callers
 */
public record EngineServices(
    String owner,
    InstanceProvider provider,
    ProviderCalls calls,
    IdlePolicy idlePolicy,
    CostMeter costMeter,
    LedgerWriter ledger,
    CostBook costs,
    SharedBudget budget,
    RecordKeeper records,
    EventDispatcher events,
    EngineLock lock,
    Ticker ticker,
    InstantSource clock,
    Scheduler scheduler,
    Timers timers,
    Executor providerExecutor,
    Executor callbackExecutor) {
  private static final Logger LOG = LoggerFactory.getLogger(EngineServices.class);

  /** Returns the services of an engine, with what follows from the others. */
  public static EngineServices of(
      String owner,
      InstanceProvider provider,
      IdlePolicy idlePolicy,
      CostMeter costMeter,
      LedgerWriter ledger,
      EventDispatcher events,
      Ticker ticker,
      InstantSource clock,
      Scheduler scheduler,
      Executor providerExecutor,
      Executor callbackExecutor) {
    Timers timers = new Timers(scheduler);
    return new EngineServices(
        owner,
        provider,
        new ProviderCalls(provider, owner, providerExecutor, timers, ticker, clock),
        idlePolicy,
        costMeter,
        ledger,
        ledger.costs(),
        new SharedBudget(ledger.costs()),
        new RecordKeeper(ledger.notes()),
        events,
        new EngineLock(),
        ticker,
        clock,
        scheduler,
        timers,
        providerExecutor,
        callbackExecutor);
  }

  /** Returns the GPUs that the provider can give to instances; nothing is known if it fails. */
  public ProviderCapacity capacity() {
    try {
      return provider.capacity();
    } catch (RuntimeException | Error e) {
      LOG.warn("{} could not say which GPUs it has: {}", provider.name(), e.toString());
      return ProviderCapacity.unknown();
    }
  }

  /**
   * Returns the meter of a deployment: by its own price, or the engine's.
   *
   * @param spec the deployment's specification
   * @return the meter
   */
  public CostMeter meter(DeploymentSpec spec) {
    Money price = spec.pricePerHour();
    return price == null ? costMeter : CostMeters.Hourly.perInstance(price);
  }
}
