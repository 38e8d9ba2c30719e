package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.internal.decision.Allowance;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The engine's budget: what all deployments spend together, also those that are gone, and what it
 * allows each of them. The deployments say what their instances use, and decide one after the other
 * while there is such a budget, each before the next one is measured: so no two starts count on the
 * same rest. Thread-safe; its lock is taken last, and nothing foreign but cost meters runs under
 * it.
 */
public final class SharedBudget {

  /**
   * A step of the budget that was reached.
   *
   * @param percent 50, 80 or 100
   * @param status the budget
   */
  public record Reached(int percent, BudgetStatus status) {}

  /**
   * The things to be done since that was last asked for.
   *
   * @param lookAt when all deployments have to be looked at again, by the ticker, or {@link
   *     dev.autodeploy.internal.decision.Instance#NEVER}
   * @param lookNow whether that is so at once
   * @param reached the steps that were reached
   */
  public record News(long lookAt, boolean lookNow, List<Reached> reached) {}

  private record Told(List<OpenUse> open, long at) {}

  private final CostBook costs;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile boolean active;
  private final AtomicLong version = new AtomicLong();
  private volatile boolean news;
  private volatile Runnable onNews = () -> {};

  // Guarded by the lock.
  private @Nullable Budget budget;
  private final Map<Long, Told> told = new LinkedHashMap<>();
  private final List<Reached> reached = new ArrayList<>();
  private volatile long lookAt = NEVER;
  private boolean lookNow;

  /** The beginning of the period that has ended: for all until nothing runs any longer. */
  private @Nullable Instant ended;

  /** True if anybody was refused a start since all were looked at. */
  private boolean refused;

  private @Nullable Instant period;
  private int level;

  /** Makes one that limits nothing. */
  public SharedBudget(CostBook costs) {
    this.costs = costs;
  }

  /** Returns whether deployments have to say what they use. */
  public boolean isActive() {
    return active;
  }

  /** Returns the budget in force, or null. */
  public @Nullable Budget budget() {
    lock.lock();
    try {
      return budget;
    } finally {
      lock.unlock();
    }
  }

  /** Makes deployments say what they use; nothing is limited yet. */
  public void activate() {
    active = true;
  }

  /**
   * Puts another budget in force, or none. All deployments have to be looked at then.
   *
   * @param wall the time of day
   */
  public void set(@Nullable Budget newBudget, Instant wall) {
    if (newBudget != null) {
      costs.readPages(newBudget, newBudget.since(wall));
    }
    lock.lock();
    try {
      budget = newBudget;
      ended = null;
      period = null;
      level = 0;
      if (newBudget == null) {
        active = false;
        told.clear();
        lookAt = NEVER;
      } else {
        active = true;
      }
      version.incrementAndGet();
      lookNow = true;
      news = true;
    } finally {
      lock.unlock();
    }
  }

  /** Reads the pages that it needs, if they could not be read before; blocks. */
  public void retryPages(Instant wall) {
    Budget current = budget();
    if (current != null && costs.lacksPages()) {
      costs.readPages(current, current.since(wall));
      changed();
    }
  }

  /**
   * Lets one deployment decide, and no other until {@link #leave}.
   *
   * @return whether there is a budget, and it has to be left
   */
  public boolean enter() {
    if (active) {
      lock.lock();
      return true;
    }
    return false;
  }

  /** Lets the next deployment decide. */
  public void leave() {
    lock.unlock();
  }

  /** Returns a number that changes whenever others may be allowed less, or more. */
  public long version() {
    return version.get();
  }

  /** Returns when all have to be looked at, by the ticker. */
  public long lookAt() {
    return lookAt;
  }

  /** Notes that somebody uses more or less: what others were told holds no longer. */
  public void changed() {
    lock.lock();
    try {
      version.incrementAndGet();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes what a deployment's instances use.
   *
   * @param deployment its number
   * @param open its instances
   * @param now the time of the ticker
   */
  public void tell(long deployment, List<OpenUse> open, long now) {
    lock.lock();
    try {
      Told before = open.isEmpty() ? told.remove(deployment) : told.put(deployment, at(open, now));
      if (before != null && running(before.open()) > running(open) && refused) {
        lookNow = true; // there may be enough for somebody else now
        news = true;
      }
    } finally {
      lock.unlock();
    }
  }

  private static long running(List<OpenUse> open) {
    return open.stream().filter(use -> !use.asleep()).count();
  }

  private static Told at(List<OpenUse> open, long now) {
    return new Told(List.copyOf(open), now);
  }

  /**
   * Returns what is allowed to a deployment that has said what it uses.
   *
   * @param next an instance that it starts next
   * @param startNanos how long its starts take
   * @param now the time of the ticker
   * @param wall the time of day
   */
  public Allowance measure(OpenUse next, long startNanos, long now, Instant wall) {
    lock.lock();
    try {
      Budget current = budget;
      if (current == null) {
        return Allowance.UNLIMITED;
      }
      Spending spending = spending(current, now, wall);
      boolean over = isOver(spending);
      boolean start = !over && spending.covers(next, startNanos);
      refused |= !start;
      BudgetStatus status = status(spending, over, start);
      tellOf(spending, over, status);
      boolean runs = !told.isEmpty() && !over;
      setLook(runs ? spending.untilLook() : spending.untilReset(), now);
      return Allowance.ofEngine(start, over, current.end() == Budget.End.CUT, wall, status);
    } finally {
      lock.unlock();
    }
  }

  /** Once it is over it is so for all, until nothing runs, or the next period begins. */
  private boolean isOver(Spending spending) {
    boolean before = ended != null;
    boolean over = spending.isOver() || (spending.since().equals(ended) && !told.isEmpty());
    ended = over ? spending.since() : null;
    if (over != before) {
      version.incrementAndGet();
      lookNow = true;
      news = true;
    }
    return over;
  }

  private void tellOf(Spending spending, boolean over, BudgetStatus status) {
    if (!spending.since().equals(period)) {
      period = spending.since();
      level = 0;
    }
    int now = Allowance.level(status, over);
    if (now > level) {
      level = now;
      reached.add(new Reached(now, status));
      news = true;
    }
  }

  private void setLook(long until, long now) {
    long at = until == NEVER ? NEVER : now + until;
    if (at != lookAt) {
      news |= at < lookAt || now >= lookAt;
      lookAt = at;
    }
  }

  private Spending spending(Budget current, long now, Instant wall) {
    BigDecimal closed = costs.use(current, current.since(wall));
    List<OpenUse> open = new ArrayList<>();
    List<Long> ages = new ArrayList<>();
    for (Told one : told.values()) {
      for (OpenUse use : one.open()) {
        open.add(use);
        ages.add(Math.max(0, now - one.at()));
      }
    }
    return Spending.at(wall, current, closed, open, ages);
  }

  private BudgetStatus status(Spending spending, boolean over, boolean start) {
    return new BudgetStatus(
        spending.budget(),
        spending.after(0),
        spending.reset(),
        over || (!start && told.isEmpty()),
        start);
  }

  /**
   * Returns the budget and what was spent of it, without any effect.
   *
   * @param now the time of the ticker
   * @param wall the time of day
   * @return the status, or null without a budget
   */
  public @Nullable BudgetStatus status(long now, Instant wall) {
    lock.lock();
    try {
      Budget current = budget;
      if (current == null) {
        return null;
      }
      Spending spending = spending(current, now, wall);
      boolean still = spending.since().equals(ended) && !told.isEmpty();
      boolean over = still || spending.isOver();
      long use = current.minimumUse().toNanos() + Spending.RELEASE;
      boolean start = !over && spending.after(use).compareTo(current.limit()) < 0;
      return status(spending, over, start);
    } finally {
      lock.unlock();
    }
  }

  /** Sets what is run, without a lock, when there is something to be done. */
  public void onNews(Runnable action) {
    onNews = action;
  }

  /** Runs what is set for news. */
  public void announce() {
    onNews.run();
  }

  /** Orders a look at all deployments. */
  public void lookNow() {
    lock.lock();
    try {
      version.incrementAndGet();
      lookNow = true;
      news = true;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether there is anything to be done. */
  public boolean hasNews() {
    return news;
  }

  /** Takes what there is to be done. */
  public News takeNews() {
    lock.lock();
    try {
      News taken = new News(lookAt, lookNow, List.copyOf(reached));
      refused &= !lookNow;
      lookNow = false;
      reached.clear();
      news = false;
      return taken;
    } finally {
      lock.unlock();
    }
  }
}
