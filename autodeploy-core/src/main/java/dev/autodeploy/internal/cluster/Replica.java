package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.engine.EngineConfig;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replica of the host application: asks to lead, starts an engine when it does, and leaves the
 * engine's instances to the next leader when it no longer does. Carries out what {@link Candidacy}
 * decides.
 *
 * <p>One thread asks, which may block; another watches the time, so that a leader that gets no
 * answer stops in time. Engines start and end on threads of their own.
 */
final class Replica {
  private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

  /** The number of looks at other replicas in a term. */
  private static final int LOOKS = 6;

  private final LeaderElection election;
  private final EngineConfig.Builder settings;
  private final NextProvider provider;
  private final Declarations declarations;
  private final String id;
  private final Duration term;
  private final Ticker ticker;
  private final SharedClock clock;
  private final ReplicaWire wire;
  private final OpenLeases leases = new OpenLeases();
  private final SharedLeases shared;
  private final LeaderLink.Follower follower;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guards the declarations; taken before the other lock. Held while an engine takes them. */
  private final ReentrantLock declaring;

  private final ReplicaRuntime runtime;
  private final ReplicaRuntime.Line asking;
  private final ReplicaRuntime.Line watching;

  // Guarded by the lock.
  private final Candidacy candidacy;
  private boolean changing;
  private boolean ended;

  /** True once the log says that this replica only serves. */
  private boolean lateKnown;

  private volatile @Nullable Engine engine;

  /** The number of times that it was asked who leads; written by the thread that asks. */
  private volatile long looksBegun;

  /** The number of the last of those that was answered. */
  private volatile long looksAnswered;

  /** Completes when this replica begins to lead, when another one is known to, or at the end. */
  private final AtomicReference<CompletableFuture<Void>> change =
      new AtomicReference<>(new CompletableFuture<>());

  Replica(
      LeaderElection election,
      EngineConfig.Builder settings,
      Supplier<? extends InstanceProvider> providers,
      Duration term,
      @Nullable ReplicaAddress address,
      Declarations declarations,
      Directory directory,
      Consumer<JsonNode> heard,
      Consumer<LeaderLink> opened,
      ReentrantLock declaring,
      ReplicaRuntime runtime) {
    this.runtime = runtime;
    this.id = runtime.newReplica();
    this.election = election;
    this.settings = settings;
    this.provider = new NextProvider(providers);
    this.term = term;
    this.declarations = declarations;
    this.declaring = declaring;
    this.ticker = settings.ticker();
    this.clock = new SharedClock(settings.clock(), ticker);
    settings.clock(clock); // of the engines
    Duration grace = settings.drainTimeout().minus(term); // the next leader releases nothing before
    this.candidacy = new Candidacy(id, term.toNanos(), Math.max(0, Durations.nanos(grace)));
    this.wire = new ReplicaWire(address, id, term, settings.drainTimeout(), ticker, runtime);
    this.asking = runtime.election();
    this.watching = runtime.watch();
    this.shared = new SharedLeases(term, ticker, watching);
    this.follower = new Following(leases, directory, heard, opened);
  }

  /** Begins to ask. */
  void begin() {
    asking.schedule(this::ask, 0);
    watching.repeat(this::look, term.dividedBy(LOOKS).toNanos());
  }

  private void look() {
    try {
      wire.look();
    } catch (RuntimeException e) { // the timer would end with it
      LOG.warn("The other replicas were not looked at", e);
    }
  }

  // For those who use it.

  /** Returns the engine while this replica leads, or null. */
  @Nullable Engine engine() {
    return engine;
  }

  /** Returns the link to the leader, whether or not it is open; null without one. */
  @Nullable LeaderLink link() {
    return wire.link();
  }

  /** Returns the leader while it is another replica, and reached; otherwise null. */
  @Nullable RemoteLeader remote() {
    LeaderLink link = wire.link();
    return link != null && link.isOpen() ? new RemoteLeader(link, leases) : null;
  }

  /** Returns the leases that its host has open. */
  OpenLeases leases() {
    return leases;
  }

  /** Returns the leases that several requests share, while another replica leads. */
  SharedLeases shared() {
    return shared;
  }

  /** Returns for how long a leader leads without renewal. */
  Duration term() {
    return term;
  }

  /** Returns whether another replica is known to lead. */
  boolean anotherLeads() {
    return locked(() -> candidacy.anotherLeads(ticker.read()));
  }

  /** Returns how often it was asked who leads. */
  long looksBegun() {
    return looksBegun;
  }

  /** Returns which of those was answered last. */
  long looksAnswered() {
    return looksAnswered;
  }

  boolean isEnded() {
    return locked(() -> ended);
  }

  /**
   * Returns the stage of the next change of who leads, or of the next look that finds another
   * replica leading.
   */
  CompletableFuture<Void> change() {
    return change.get();
  }

  /** Runs what may end in foreign code. */
  void runApart(Runnable task) {
    runtime.run(task);
  }

  /** Runs something after a pause, which may end in foreign code. */
  Scheduler.Cancellable runApartAfter(Runnable task, long nanos) {
    return runtime.runAfter(task, nanos);
  }

  /** Returns the provider of the next engine, or of the one that is at work. */
  NextProvider provider() {
    return provider;
  }

  // The election.

  private void ask() {
    long look = looksBegun + 1;
    looksBegun = look;
    long asked = locked(candidacy::held);
    long askedAt = ticker.read();
    try {
      wire.open(election);
      Leader leader =
          election.campaign(id, asked, locked(candidacy::isResigned) ? Duration.ZERO : term);
      clock.heard(askedAt, ticker.read(), leader);
      Candidacy.Outcome outcome =
          locked(() -> candidacy.answered(askedAt, asked, ticker.read(), leader));
      wire.heard(leader, follower); // before those who wait learn that another one leads
      looksAnswered = look;
      carryOut(leader, outcome);
    } catch (RuntimeException e) {
      LOG.warn("It is not known who leads: {}", e.getMessage());
      checkTime();
    } finally {
      askAgain();
    }
  }

  private void askAgain() {
    long wait =
        locked(
            () -> {
              long now = ticker.read();
              return candidacy.nextLook(now) - now;
            });
    try {
      asking.schedule(this::ask, wait);
    } catch (RejectedExecutionException e) {
      LOG.debug("This replica has ended, and asks no longer");
    }
  }

  private void carryOut(Leader leader, Candidacy.Outcome outcome) {
    switch (outcome) {
      case UNCHANGED -> {
        boolean again = watch();
        if (again || anotherLeads()) {
          changed(); // those who wait for this replica to lead no longer do, or wait in vain
        }
      }
      case ELECTED -> {
        LOG.info("This replica leads, in epoch {}", leader.epoch());
        watch();
        begins(leader.epoch());
      }
      case DEPOSED -> {
        LOG.warn(
            "This replica no longer leads; {} does in epoch {}", leader.replica(), leader.epoch());
        leaves(0, 0);
        if (leader.replica().equals(id)) {
          resign(leader.epoch()); // others have led meanwhile: it begins anew
        }
      }
      case UNWANTED -> resign(leader.epoch());
    }
  }

  /**
   * Looks again when the time is over for which this replica leads.
   *
   * @return whether it had only served before
   */
  private boolean watch() {
    lock.lock();
    try {
      if (candidacy.held() == 0 || ended || candidacy.onlyServes(ticker.read())) {
        return false;
      }
      checkAt(candidacy.actsUntil());
      boolean again = lateKnown;
      lateKnown = false;
      if (again) {
        LOG.info("This replica leads on, in epoch {}", candidacy.held());
      }
      return again;
    } finally {
      lock.unlock();
    }
  }

  private void checkAt(long moment) {
    long delay = Math.max(0, moment - ticker.read());
    watching.schedule(this::checkTime, delay);
  }

  private void checkTime() {
    Candidacy.Outcome outcome;
    lock.lock();
    try {
      long now = ticker.read();
      outcome = candidacy.expired(now);
      if (candidacy.onlyServes(now) && !lateKnown && !ended) {
        lateKnown = true;
        LOG.warn(
            "This replica could not renew its leadership within {}: it starts and releases nothing"
                + " until it has",
            Durations.text(term));
        checkAt(candidacy.servesUntil());
      }
    } finally {
      lock.unlock();
    }
    if (outcome == Candidacy.Outcome.DEPOSED) {
      LOG.warn("This replica could not renew its leadership for too long, and stops leading");
      leaves(0, 0);
    }
  }

  private void resign(long epoch) {
    try {
      election.resign(epoch);
    } catch (RuntimeException e) {
      LOG.warn(
          "Leadership could not be given up, and ends in up to {}: {}",
          Durations.text(term),
          e.getMessage());
    }
  }

  // Engines.

  private void begins(long epoch) {
    lock.lock();
    try {
      if (changing || ended) { // an engine of before still ends
        candidacy.ended(epoch);
      } else {
        changing = true;
        runtime.runEngine(() -> start(epoch));
        return;
      }
    } finally {
      lock.unlock();
    }
    resign(epoch);
  }

  private void start(long epoch) {
    Engine started = null;
    try {
      started = Engine.start(config(epoch));
    } catch (RuntimeException | Error e) {
      LOG.error("The engine could not be started in epoch {}", epoch, e);
    }
    if (started != null && declareTo(started, epoch)) {
      changed();
    } else {
      if (started != null) {
        started.leave(Duration.ZERO);
      }
      engineEnded(epoch);
    }
  }

  private EngineConfig config(long epoch) {
    declaring.lock(); // listeners are added to the settings under it
    try {
      return settings
          .store(election.store(epoch))
          .leadership(new Reign(candidacy, lock, ticker, epoch))
          .epoch(epoch)
          .adoptionHold(settings.drainTimeout())
          .releaseOnShutdown(false)
          .build(provider.take());
    } finally {
      declaring.unlock();
    }
  }

  /** Brings an engine in line with what the host has declared; returns whether it leads then. */
  private boolean declareTo(Engine started, long epoch) {
    declaring.lock();
    try {
      declarations.declareTo(started);
      leases.lead(started); // before it is asked for others
      shared.end();
      return locked(
          () -> {
            if (candidacy.held() != epoch) {
              return false;
            }
            changing = false;
            wire.leads(started, epoch);
            engine = started;
            return true;
          });
    } finally {
      declaring.unlock();
    }
  }

  /**
   * Leaves the engine, if there is one, and then gives leadership up.
   *
   * @param leads for how long this replica may still act, in nanoseconds; 0 if it may not
   * @param epoch the epoch that is given up, or 0
   */
  private CompletableFuture<Void> leaves(long leads, long epoch) {
    Engine left;
    lock.lock();
    try {
      left = engine;
      engine = null;
      lateKnown = false;
      if (left == null) {
        return CompletableFuture.completedFuture(null);
      }
      changing = true;
    } finally {
      lock.unlock();
    }
    wire.leaves();
    left.stopActing();
    CompletableFuture<Void> done = new CompletableFuture<>();
    runtime.runEngine(
        () -> {
          try {
            left.leave(Duration.ofNanos(leads));
          } finally {
            engineEnded(epoch);
            done.complete(null);
          }
        });
    return done;
  }

  private void engineEnded(long epoch) {
    locked(
        () -> {
          candidacy.ended(epoch);
          changing = false;
          return null;
        });
    if (epoch != 0) {
      resign(epoch);
    }
  }

  /** Lets those who wait look again. */
  void changed() {
    change.getAndSet(new CompletableFuture<>()).complete(null);
  }

  // The end.

  /** Lets another replica lead, for good. Returns when this one no longer does. */
  void handOver() {
    long epoch;
    long leads;
    lock.lock();
    try {
      epoch = candidacy.held();
      long now = ticker.read();
      leads = candidacy.mayAct(now, epoch) ? candidacy.actsUntil() - now : 0;
      candidacy.resign();
    } finally {
      lock.unlock();
    }
    leaves(leads, epoch).join();
    changed();
  }

  /** Ends the replica, after requests of its own had some time to end. */
  void close(Duration drainTimeout) {
    handOver();
    lock.lock();
    try {
      if (ended) {
        return;
      }
      ended = true;
    } finally {
      lock.unlock();
    }
    changed();
    shared.end();
    leases.awaitNone(drainTimeout, ticker); // the next leader is told of them
    asking.shutdown();
    watching.shutdown();
    changed(); // for requests whose timers have just ended with it
    wire.close();
    runtime.close();
    provider.closeIfUnused();
    election.close();
  }

  private <T extends @Nullable Object> T locked(Supplier<T> reading) {
    lock.lock();
    try {
      return reading.get();
    } finally {
      lock.unlock();
    }
  }
}
