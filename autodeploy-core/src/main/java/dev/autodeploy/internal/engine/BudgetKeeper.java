package dev.autodeploy.internal.engine;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.ledger.SharedBudget;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.Scheduler.Cancellable;
import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the engine's budget: in the ledger, so that one that was set at run time is in force after
 * a restart, and in time, by having all deployments look at it when it may end, or begin again.
 * What it allows is measured by {@link SharedBudget}. Thread-safe.
 */
final class BudgetKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(BudgetKeeper.class);

  private final EngineServices services;
  private final DeploymentRegistry registry;
  private final SharedBudget shared;
  private final ReentrantLock lock = new ReentrantLock();
  private final ReentrantLock setting = new ReentrantLock();

  // Guarded by the lock.
  private boolean running;
  private boolean due;
  private boolean ended;
  private long timerAt = NEVER;
  private @Nullable Cancellable timer;

  /** The budget that the host application has built the engine with, or has declared since. */
  private @Nullable Budget built;

  BudgetKeeper(EngineServices services, DeploymentRegistry registry) {
    this.services = services;
    this.registry = registry;
    this.shared = services.budget();
    shared.onNews(this::look);
  }

  /**
   * Puts the budget in force that the engine was built with, or the one that was set at run time
   * since it was first built with that. Before anything may be started.
   *
   * @param before what the ledger has of it, or null
   */
  void restore(@Nullable Budget builtWith, LedgerEntry.@Nullable Budgeted before) {
    built = builtWith;
    boolean same = before != null && Objects.equals(before.built(), builtWith);
    Budget current = same && before != null ? before.budget() : builtWith;
    if (before == null ? builtWith != null : !same) {
      services
          .ledger()
          .appendReliably(new LedgerEntry.Budgeted(services.clock().instant(), builtWith, current));
    }
    if (current != null) {
      shared.set(current, services.clock().instant());
    }
  }

  /** Puts another budget in force, or none, once it is in the ledger. */
  void set(@Nullable Budget budget) {
    set(budget, false);
  }

  /** Puts another budget in force, as if the engine had been built with it; once. */
  void declare(Budget budget) {
    setting.lock();
    try {
      if (!budget.equals(built)) { // or another replica has seen it first, and one was set since
        set(budget, true);
      }
    } finally {
      setting.unlock();
    }
  }

  private void set(@Nullable Budget budget, boolean declared) {
    setting.lock();
    try {
      check(budget);
      Instant now = services.clock().instant();
      Budget builtWith = declared ? budget : built;
      services.ledger().append(new LedgerEntry.Budgeted(now, builtWith, budget));
      built = builtWith;
      if (budget != null && !shared.isActive()) {
        shared.activate(); // first all say what they use
        lookAtAll();
      }
      shared.set(budget, now);
    } finally {
      setting.unlock();
    }
    look();
  }

  private void check(@Nullable Budget budget) {
    Money most = budget == null ? null : budget.money();
    if (most != null) {
      registry.declared().forEach(it -> check(it.spec(), most));
    }
  }

  /** Refuses a specification whose price is in another currency than the budget in force. */
  void check(DeploymentSpec spec) {
    Budget budget = shared.budget();
    if (budget != null && budget.money() != null) {
      check(spec, budget.money());
    }
  }

  private void check(DeploymentSpec spec, Money most) {
    Currency prices = services.meter(spec).currency();
    if (!most.currency().equals(prices)) {
      throw new IllegalArgumentException(
          "the budget of the engine is in "
              + most.currency()
              + ", but the price of deployment '"
              + spec.name()
              + "' is in "
              + prices);
    }
  }

  /** Returns the budget and what was spent of it, or null without one; decides nothing. */
  @Nullable BudgetStatus status() {
    return shared.status(services.ticker().read(), services.clock().instant());
  }

  /** Does what is due, on a thread of the provider executor. */
  private void look() {
    lock.lock();
    try {
      if (running) {
        due = true;
        return;
      }
      running = true;
    } finally {
      lock.unlock();
    }
    services.providerExecutor().execute(this::run);
  }

  private void run() {
    do {
      try {
        SharedBudget.News news = shared.takeNews();
        news.reached().forEach(this::publish);
        if (news.lookNow()) {
          lookAtAll();
        }
        setTimer();
      } catch (RuntimeException | Error e) {
        LOG.error("The engine's budget could not be looked at, and is again in a while", e);
      }
    } while (goesOn());
  }

  private boolean goesOn() {
    lock.lock();
    try {
      running = due || shared.hasNews();
      due = false;
      return running;
    } finally {
      lock.unlock();
    }
  }

  private void publish(SharedBudget.Reached reached) {
    services
        .events()
        .publish(
            new DeploymentEvent.EngineBudgetUsed(
                services.clock().instant(), reached.percent(), reached.status()));
  }

  private void lookAtAll() {
    registry.all().forEach(DeploymentController::lookAtBudget);
  }

  private void setTimer() {
    long at = shared.lookAt();
    long now = services.ticker().read();
    lock.lock();
    try {
      if (ended || (at >= timerAt && timer != null)) {
        return;
      }
      if (timer != null) {
        timer.cancel();
        timer = null;
      }
      timerAt = at;
      if (at != NEVER) {
        Duration delay = Duration.ofNanos(Math.max(0, at - now));
        timer = services.timers().schedule(delay, this::timerFires);
      }
    } finally {
      lock.unlock();
    }
  }

  private void timerFires() {
    lock.lock();
    try {
      timerAt = NEVER;
      timer = null;
    } finally {
      lock.unlock();
    }
    shared.lookNow();
    look();
  }

  /** Makes up for pages that could not be read. */
  void maintain() {
    shared.retryPages(services.clock().instant());
  }

  /** Looks no longer. */
  void end() {
    lock.lock();
    try {
      ended = true;
      if (timer != null) {
        timer.cancel();
      }
    } finally {
      lock.unlock();
    }
  }
}
