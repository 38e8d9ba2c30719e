package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static java.util.Objects.requireNonNull;

import dev.autodeploy.Billing;
import dev.autodeploy.Budget;
import dev.autodeploy.Charge;
import dev.autodeploy.Cost;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.UsageInterval.Sleep;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The accounts of the instances of one deployment, and its costs. An instance is paid for from its
 * start request to its verified release, if the provider was ever asked to start it. Guarded by the
 * deployment's lock, apart from {@link #createdAt} and {@link #readPages}.
 */
public final class DeploymentLedger {

  /** An open account: the instance's place in time, and how much of its use is written down. */
  private static final class Account {
    private final Instant startRequestedAt;

    /** The end of an instance that was found ended after a restart. */
    private final @Nullable Instant foundEndedAt;

    /** The last use that the ledger has. */
    private long checkpointedUse = NEVER;

    /** The charges by earlier prices, and from when on that of the meter counts. */
    private List<Charge> past = List.of();

    private Instant pricedFrom;

    /** The GPUs that it got. */
    private GotGpus got = GotGpus.UNKNOWN;

    private Account(Instant startRequestedAt, @Nullable Instant foundEndedAt) {
      this.startRequestedAt = startRequestedAt;
      this.pricedFrom = startRequestedAt;
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

  private final CostBook costs;

  /** Made for a budget's period. */
  private volatile @Nullable PagesUse pagesUse;

  /** The lines of changed prices that are still to be written. */
  private List<LedgerEntry> lines = List.of();

  /** The GPUs that an instance got last. */
  private GotGpus lastGot = GotGpus.UNKNOWN;

  /** The closed intervals that began before the deployment was made, as the clock was set back. */
  private Set<UsageKey> early = Set.of();

  /** The open accounts, in the order of opening; made for the first one. */
  private Map<Instance, Account> open = Map.of();

  /**
   * Makes one without accounts.
   *
   * @param costs gets the closed intervals, for the engine
   */
  public DeploymentLedger(
      String deployment, Instant createdAt, InstantSource clock, CostMeter meter, CostBook costs) {
    this.deployment = deployment;
    this.createdAt = createdAt;
    this.clock = clock;
    this.book = new UsageBook(meter);
    this.costs = costs;
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

  /** Charges by another meter from a moment on; what was charged before stays. */
  public void meter(CostMeter meter, long now) {
    open.forEach(
        (instance, account) -> {
          UsageInterval usage = bare(instance, now, true);
          if (instance.isStartAsked() && !Charging.alike(book.meter(), meter, usage)) {
            reprice(instance, account, charged(account, usage), meter);
          }
        });
    book.meter(meter);
  }

  private void reprice(Instance instance, Account account, UsageInterval charged, CostMeter meter) {
    account.past = charged.billing().charges();
    pricedFrom(instance, account, charged.endedAt());
    lineOfPrice(instance, charged.billing(), account, Charging.rateIfTold(meter, charged));
  }

  private static void pricedFrom(Instance instance, Account account, Instant at) {
    account.pricedFrom = at;
    long since = Duration.between(account.startRequestedAt, at).toNanos();
    instance.pricedFrom(instance.startRequestedAt() + since);
  }

  private void lineOfPrice(
      Instance instance, Billing billing, Account account, @Nullable Rate rate) {
    if (lines.isEmpty()) {
      lines = new ArrayList<>();
    }
    lines.add(new LedgerEntry.Repriced(instance.id(), billing, account.pricedFrom, rate));
  }

  /** Takes the lines of changed prices, which are to be written. */
  public List<LedgerEntry> takeLines() {
    List<LedgerEntry> taken = lines;
    lines = List.of();
    return taken;
  }

  /** Returns the price by which an instance is charged, or null if the meter names none. */
  public @Nullable Rate rate(Instance instance) {
    return Charging.rateIfTold(book.meter(), bare(instance, instance.startRequestedAt(), true));
  }

  /** Puts a closed interval with other charges in place of the one that it was. */
  public void recharge(UsageInterval before, UsageInterval after) {
    if (!before.startRequestedAt().isBefore(createdAt)) {
      book.recharge(before, after);
    }
  }

  /** Takes over the costs that the books have of it. */
  public void addEarlier() {
    CostBook.Earlier earlier = costs.earlier(deployment, createdAt);
    book.carry(earlier.parts());
    addClosed(earlier.recent());
  }

  /** Adds usage of earlier processes, but not of an earlier deployment of the name. */
  public void addClosed(List<UsageInterval> usage) {
    usage.stream()
        .filter(u -> !u.startRequestedAt().isBefore(createdAt))
        .map(u -> Charging.isDue(u) ? Charging.charged(u, book.meter()) : u)
        .forEach(book::close);
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
    instance.startRequestedAt(startRequestedAt);
  }

  /** Opens the account of an instance of an earlier process, by the price that it had there. */
  public void reopen(Instance instance, OpenEntry entry, @Nullable Instant foundEndedAt, long now) {
    open(instance, entry.started().at(), foundEndedAt);
    Account account = account(instance);
    Billing billing = entry.billing();
    account.past = billing.charges();
    got(account, new GotGpus(billing.gpuModel(), billing.gpus()));
    if (entry.repriced() != null) {
      pricedFrom(instance, account, entry.repriced().at());
    }
    Rate recorded = entry.rate();
    UsageInterval usage = bare(instance, now, true);
    if (recorded != null && !recorded.sameAs(Optional.ofNullable(rate(instance)))) {
      reprice(
          instance,
          account,
          Charging.charged(usage, account.past, account.pricedFrom, recorded),
          book.meter());
    }
  }

  /**
   * An instance has got GPUs, whose price counts from its start request on, or from when that was
   * changed last.
   *
   * @param startWritten whether its start is in the ledger, so that a line of the price may follow
   */
  public void got(Instance instance, GotGpus gpus, boolean startWritten, long now) {
    Account account = open.get(instance);
    if (account == null || gpus.isUnknown()) {
      return;
    }
    got(account, gpus);
    if (startWritten) {
      UsageInterval usage = bare(instance, now, true);
      lineOfPrice(
          instance,
          usage.billing().charges(account.past),
          account,
          Charging.rateIfTold(book.meter(), usage));
    }
  }

  private void got(Account account, GotGpus gpus) {
    account.got = gpus;
    if (!gpus.isUnknown()) {
      lastGot = gpus;
    }
  }

  /** Returns the GPUs that an instance got last. */
  public GotGpus lastGot() {
    return lastGot;
  }

  private Account account(Instance instance) {
    return requireNonNull(open.get(instance), "account");
  }

  /** Closes the account of an instance that is gone. */
  public Closed close(Instance instance, long at) {
    UsageInterval usage = usage(instance, at, false);
    drop(instance);
    boolean paid = instance.isStartAsked();
    if (paid) {
      if (usage.startRequestedAt().isBefore(createdAt)) {
        early = early.isEmpty() ? new HashSet<>() : early;
        early.add(UsageKey.of(usage));
      }
      book.close(usage);
      costs.add(usage);
    }
    Money cost = paid ? usage.charged(meter().currency()) : Money.zero(meter().currency());
    return new Closed(usage, paid, cost, book.total(open(at)));
  }

  /** Returns whether a closed interval is this deployment's, and not an earlier one's. */
  public boolean isOwn(UsageInterval usage) {
    return !usage.startRequestedAt().isBefore(createdAt) || early.contains(UsageKey.of(usage));
  }

  /** Drops the account of an instance that the next engine goes on with. */
  public void drop(Instance instance) {
    if (open.containsKey(instance)) {
      open.remove(instance);
    }
  }

  /** Returns the cost up to now; {@code gpu} is what one instance would have now. */
  public Cost cost(GpuRequest gpu, long now) {
    return book.cost(deployment, gpu, lastGot, createdAt, clock.instant(), open(now));
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
        Duration.ofNanos(instance.busyNanos(now)),
        instance.busyBy(now));
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

  /**
   * Returns the line of the sleep of an instance that begins now.
   *
   * @param keepsRoom whether it keeps its room, and is paid for as if awake
   */
  public LedgerEntry.Slept fallsAsleep(Instance instance, long now, boolean keepsRoom) {
    return slept(instance, now, now, keepsRoom);
  }

  /** Returns the line of the sleep of an instance as it is, or that it is awake. */
  public LedgerEntry.Slept sleep(Instance instance, long now) {
    long from = instance.sleepCountsFrom();
    long since = from == NEVER ? instance.asleepSince() : from;
    return slept(instance, since == NEVER ? now : since, since, since != NEVER && from == NEVER);
  }

  private LedgerEntry.Slept slept(Instance instance, long until, long since, boolean keepsRoom) {
    return new LedgerEntry.Slept(
        instance.id(),
        Duration.ofNanos(instance.asleepNanos(until)),
        optionalInstant(instance, since),
        keepsRoom);
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
    return book.use(
        budget, since, !since.isAfter(createdAt), counting -> pastUse(counting, budget, since));
  }

  private BigDecimal pastUse(UsageBook counting, Budget budget, Instant since) {
    CostBook.Snapshot closed = costs.snapshot(deployment);
    BigDecimal use = pagesUse().of(wanted(budget, since, counting.meter()), closed.pages());
    for (UsageInterval usage : closed.recent()) {
      if (isOwn(usage)) {
        use = use.add(counting.use(budget, usage, since));
      }
    }
    return use;
  }

  private PagesUse.Wanted wanted(Budget budget, Instant since, CostMeter meter) {
    return new PagesUse.Wanted(createdAt, since, budget.money() == null ? null : meter.currency());
  }

  private PagesUse pagesUse() {
    PagesUse made = pagesUse;
    if (made == null) {
      synchronized (this) {
        made = pagesUse == null ? new PagesUse(deployment, costs) : pagesUse;
        pagesUse = made;
      }
    }
    return made;
  }

  /**
   * Reads what a budget needs of pages, if there are any that count; without the deployment's lock,
   * for it may take long, and may not succeed.
   *
   * @return whether the budget has to be measured again, after {@link #forgetUse}
   */
  public boolean readPages(Budget budget, CostMeter meter) {
    Instant since = budget.since(clock.instant());
    return since.isAfter(createdAt) && pagesUse().read(wanted(budget, since, meter));
  }

  /** Returns whether pages could not be read when that was last tried; needs no lock either. */
  public boolean lacksPages() {
    PagesUse made = pagesUse;
    return made != null && made.hasFailed();
  }

  /** Makes the use of closed accounts be summed anew. */
  public void forgetUse() {
    book.forgetUse();
  }

  /**
   * Returns the use of the instances that exist, which all budgets are measured by.
   *
   * @param startNanos how long starts have taken, 0 if that is not known
   */
  public List<OpenUse> openUse(long now, long startNanos) {
    return open.keySet().stream().map(instance -> openUse(instance, now, startNanos)).toList();
  }

  private OpenUse openUse(Instance instance, long now, long startNanos) {
    Account account = account(instance);
    OpenUse.Price price = new OpenUse.Price(account.past, account.pricedFrom, book.meter());
    boolean ended = account.foundEndedAt != null;
    return OpenUse.of(instance, bare(instance, now, true), price, ended, now, startNanos);
  }

  /** Returns the use of an instance that is started now, on the GPUs that one got last. */
  public OpenUse nextUse(GpuRequest gpu, Instant wall) {
    return OpenUse.ofNext(deployment, gpu, lastGot, wall, book.meter());
  }

  /** Returns the intervals of the instances that exist, up to now. */
  public List<UsageInterval> open(long now) {
    return open.keySet().stream()
        .filter(Instance::isStartAsked)
        .map(instance -> usage(instance, now, true))
        .toList();
  }

  private UsageInterval usage(Instance instance, long end, boolean isOpen) {
    Account account = open.get(instance);
    UsageInterval usage = bare(instance, end, isOpen);
    return account == null ? usage : charged(account, usage);
  }

  private UsageInterval charged(Account account, UsageInterval usage) {
    return Charging.charged(usage, account.past, account.pricedFrom, book.meter());
  }

  /** Returns the interval of an instance without its charges. */
  private UsageInterval bare(Instance instance, long end, boolean isOpen) {
    Account account = open.get(instance);
    Instant found = account == null ? null : account.foundEndedAt;
    Instant until = found != null ? found : instant(instance, end);
    UsageInterval.Builder usage =
        UsageInterval.builder(
                deployment, instance.id(), instant(instance, instance.startRequestedAt()))
            .gpu(instance.gpu())
            .readyAt(optionalInstant(instance, instance.readyAt()))
            .releaseRequestedAt(optionalInstant(instance, instance.releaseRequestedAt()))
            .busy(Duration.ofNanos(instance.busyNanos(end)))
            .preparing(Duration.ofNanos(instance.preparingNanos(end)))
            .sleeps(
                instance.slept(end).times().stream()
                    .map(t -> new Sleep(instant(instance, t.from()), instant(instance, t.to())))
                    .toList())
            .billing(
                new Billing(
                    instance.caller(),
                    instance.busyBy(end),
                    account == null ? null : account.got.model(),
                    account == null ? 0 : account.got.count(),
                    List.of(),
                    false));
    return (isOpen ? usage.openUntil(until) : usage.endedAt(until)).build();
  }
}
