package dev.autodeploy.internal.ledger;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.Cost;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the instances of one deployment were used for and have cost. An instance is paid for from
 * its start request to its verified release, if the provider was ever asked to start it. Guarded by
 * the deployment's lock.
 */
public final class DeploymentLedger {
  private final String deployment;
  private volatile Instant createdAt;
  private final InstantSource clock;
  private final UsageBook book;

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

  /** Has instances of the name be its own from an earlier moment on. */
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

  /** Adds what was closed in earlier processes, but not by an earlier deployment of the name. */
  public void addClosed(List<UsageInterval> usage) {
    usage.stream().filter(u -> !u.startRequestedAt().isBefore(createdAt)).forEach(book::close);
  }

  /** Closes the account of an instance that is gone. */
  public void close(Instance instance, long at) {
    if (instance.isPaid()) {
      book.close(usage(instance, at, false));
    }
  }

  public UsageInterval closedUsage(Instance instance, long at) {
    return usage(instance, at, false);
  }

  public Money cost(Instance instance, UsageInterval usage) {
    return instance.isPaid() ? book.cost(usage) : Money.zero(book.total().currency());
  }

  public Cost cost(GpuRequest gpu, List<Instance> instances, long now) {
    return book.cost(deployment, gpu, createdAt, clock.instant(), open(instances, now));
  }

  /** Returns all intervals that a period touches, oldest first. */
  public List<UsageInterval> usage(Instant from, Instant to, List<Instance> instances, long now) {
    List<UsageInterval> usage = new ArrayList<>(book.closed());
    usage.addAll(open(instances, now));
    usage.removeIf(u -> !u.startRequestedAt().isBefore(to) || u.endedAt().isBefore(from));
    return List.copyOf(usage);
  }

  /** Returns how far an instance was used, or null if the ledger has that already. */
  public LedgerEntry.@Nullable Used checkpoint(Instance instance, long now) {
    long lastUse = instance.inFlight > 0 ? now : instance.idleSince;
    if (!instance.isPaid()
        || instance.readyAt == NEVER
        || lastUse == NEVER
        || lastUse == instance.checkpointedUse) {
      return null;
    }
    instance.checkpointedUse = lastUse;
    return new LedgerEntry.Used(
        instance.id,
        instant(instance, instance.readyAt),
        instant(instance, lastUse),
        Duration.ofNanos(instance.busyNanos(now)));
  }

  /** Returns a moment of an instance's time line for the records. */
  public Instant instant(Instance instance, long at) {
    Instant anchor = instance.startRequestedInstant;
    return (anchor == null ? clock.instant() : anchor).plusNanos(at - instance.startRequestedAt);
  }

  public @Nullable Instant optionalInstant(Instance instance, long at) {
    return at == NEVER ? null : instant(instance, at);
  }

  private List<UsageInterval> open(List<Instance> instances, long now) {
    return instances.stream().filter(Instance::isPaid).map(i -> usage(i, now, true)).toList();
  }

  private UsageInterval usage(Instance instance, long end, boolean open) {
    Instant found = instance.foundEndedAt;
    return new UsageInterval(
        deployment,
        instance.id,
        instance.gpu,
        instant(instance, instance.startRequestedAt),
        optionalInstant(instance, instance.readyAt),
        optionalInstant(instance, instance.releaseRequestedAt),
        found != null ? found : instant(instance, end),
        open,
        Duration.ofNanos(instance.busyNanos(end)));
  }
}
