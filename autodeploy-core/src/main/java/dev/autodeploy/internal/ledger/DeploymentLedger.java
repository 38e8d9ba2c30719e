package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Budget;
import dev.autodeploy.Cost;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The accounts of the instances of one deployment, and its costs. An instance is paid for from its
 * start request to its verified release, if the provider was ever asked to start it. Guarded by the
 * deployment's lock, apart from {@link #createdAt}.
 */
public final class DeploymentLedger {

  /** An open account: the instance's place in time, and how much of its use is written down. */
  private static final class Account {
    private final Instant startRequestedAt;

    /** The end of an instance that was found ended after a restart. */
    private final @Nullable Instant foundEndedAt;

    /** The last use that the ledger has. */
    private long checkpointedUse = NEVER;

    private Account(Instant startRequestedAt, @Nullable Instant foundEndedAt) {
      this.startRequestedAt = startRequestedAt;
      this.foundEndedAt = foundEndedAt;
    }
  }

  /**
   * A closed account.
   *
   * @param usage what the instance was used for
   * @param paid whether it was ever paid for
   * @param cost what it cost
   * @param total what all instances of the deployment have cost up to then
   */
  public record Closed(UsageInterval usage, boolean paid, Money cost, Money total) {}

  private final String deployment;
  private volatile Instant createdAt;
  private final InstantSource clock;
  private final UsageBook book;

  /** The open accounts, in the order of opening; made for the first one. */
  private Map<Instance, Account> open = Map.of();

  public DeploymentLedger(
      String deployment, Instant createdAt, InstantSource clock, CostMeter meter) {
    this.deployment = deployment;
    this.createdAt = createdAt;
    this.clock = clock;
    this.book = new UsageBook(meter);
  }

  /** Returns from when on instances of the deployment's name are its own. */
  public Instant createdAt() {
    return createdAt;
  }

  /** Moves the start of this deployment's account to an earlier instant. */
  public void since(Instant since) {
    if (since.isBefore(createdAt)) {
      createdAt = since;
    }
  }

  public CostMeter meter() {
    return book.meter();
  }

  public void meter(CostMeter meter) {
    book.meter(meter);
  }

  /** Adds usage of earlier processes, but not of an earlier deployment of the name. */
  public void addClosed(List<UsageInterval> usage) {
    usage.stream().filter(u -> !u.startRequestedAt().isBefore(createdAt)).forEach(book::close);
  }

  /**
   * Opens the account of an instance.
   *
   * @param foundEndedAt when it ended, if an earlier process started it and it was found ended
   */
  public void open(Instance instance, Instant startRequestedAt, @Nullable Instant foundEndedAt) {
    if (open.isEmpty()) {
      open = new LinkedHashMap<>();
    }
    open.put(instance, new Account(startRequestedAt, foundEndedAt));
  }

  /** Closes the account of an instance that is gone. */
  public Closed close(Instance instance, long at) {
    UsageInterval usage = usage(instance, at, false);
    drop(instance);
    boolean paid = instance.isStartAsked();
    if (paid) {
      book.close(usage);
    }
    Money cost = paid ? book.cost(usage) : Money.zero(book.total().currency());
    return new Closed(usage, paid, cost, book.total(open(at)));
  }

  /** Drops the account of an instance that the next engine goes on with. */
  public void drop(Instance instance) {
    if (open.containsKey(instance)) {
      open.remove(instance);
    }
  }

  /** Returns the cost up to now; {@code gpu} is what one instance would have now. */
  public Cost cost(GpuRequest gpu, long now) {
    return book.cost(deployment, gpu, createdAt, clock.instant(), open(now));
  }

  /** Returns all intervals that a period touches, oldest first. */
  public List<UsageInterval> usage(Instant from, Instant to, long now) {
    List<UsageInterval> usage = new ArrayList<>(book.closed());
    usage.addAll(open(now));
    usage.removeIf(u -> !u.startRequestedAt().isBefore(to) || u.endedAt().isBefore(from));
    return List.copyOf(usage);
  }

  /** Returns the line of how far an instance was used, or null if there is nothing new to write. */
  public LedgerEntry.@Nullable Used checkpoint(Instance instance, long now) {
    Account account = open.get(instance);
    long lastUse = instance.inFlight() > 0 ? now : instance.idleSince();
    if (account == null
        || !instance.isStartAsked()
        || instance.readyAt() == NEVER
        || lastUse == NEVER
        || lastUse == account.checkpointedUse) {
      return null;
    }
    account.checkpointedUse = lastUse;
    return new LedgerEntry.Used(
        instance.id(),
        instant(instance, instance.readyAt()),
        instant(instance, lastUse),
        Duration.ofNanos(instance.busyNanos(now)));
  }

  /** Returns the line of how far the preparation of a start is. */
  public LedgerEntry.Prepared preparation(Instance instance) {
    long since = instance.preparingSince();
    long until = since == NEVER ? instance.startRequestedAt() : since;
    return new LedgerEntry.Prepared(
        instance.id(),
        Duration.ofNanos(instance.preparingNanos(until)),
        optionalInstant(instance, since));
  }

  /** Lets the next checkpoint write the line again, since this one was not written. */
  public void notCheckpointed(Instance instance) {
    Account account = open.get(instance);
    if (account != null) {
      account.checkpointedUse = NEVER;
    }
  }

  /** Returns a moment of an instance's time line for the records. */
  public Instant instant(Instance instance, long at) {
    Account account = open.get(instance);
    Instant anchor = account == null ? clock.instant() : account.startRequestedAt;
    return anchor.plusNanos(at - instance.startRequestedAt());
  }

  public @Nullable Instant optionalInstant(Instance instance, long at) {
    return at == NEVER ? null : instant(instance, at);
  }

  // For budgets: what was used of one, in money or in seconds of GPU time.

  /** Returns whether instances exist, which will be paid for if they are not yet. */
  boolean hasOpen() {
    return !open.isEmpty();
  }

  /** Returns what the closed accounts used of a budget since a moment. */
  BigDecimal closedUse(Budget budget, Instant since) {
    return book.use(budget, since);
  }

  /** Returns what the open accounts will have used at a moment if their instances run on. */
  BigDecimal openUse(Budget budget, Instant since, long at) {
    BigDecimal use = BigDecimal.ZERO;
    for (Instance instance : open.keySet()) {
      use = use.add(book.use(budget, usage(instance, at, true), since));
    }
    return use;
  }

  /** Returns what an interval uses of a budget. */
  BigDecimal useOf(Budget budget, UsageInterval usage) {
    return book.use(budget, usage, Instant.EPOCH);
  }

  private List<UsageInterval> open(long now) {
    return open.keySet().stream()
        .filter(Instance::isStartAsked)
        .map(instance -> usage(instance, now, true))
        .toList();
  }

  private UsageInterval usage(Instance instance, long end, boolean isOpen) {
    Account account = open.get(instance);
    Instant found = account == null ? null : account.foundEndedAt;
    return new UsageInterval(
        deployment,
        instance.id(),
        instance.gpu(),
        instant(instance, instance.startRequestedAt()),
        optionalInstant(instance, instance.readyAt()),
        optionalInstant(instance, instance.releaseRequestedAt()),
        found != null ? found : instant(instance, end),
        isOpen,
        Duration.ofNanos(instance.busyNanos(end)),
        Duration.ofNanos(instance.preparingNanos(end)));
  }
}
