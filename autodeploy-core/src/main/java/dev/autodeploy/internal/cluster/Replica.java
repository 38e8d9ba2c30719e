package dev.autodeploy.internal.cluster;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.engine.EngineConfig;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.internal.util.Threads;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica: asks to lead, starts an engine when it does, and leaves the engine's instances to
 * the next leader when it no longer does. Carries out what {@link Candidacy} decides.
 *
 * <p>One thread asks, which may block; another watches the time, so that a leader that gets no
 * answer stops in time. Engines start and end on threads of their own.
 */
final class Replica {
  private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

  private static final Executor FALLBACK = Threads.fallback();

  /** The time between looks at open leases, while an application ends. */
  private static final Duration LEASES_LOOK = Duration.ofMillis(50);

  private final LeaderElection election;
  private final EngineConfig.Builder settings;
  private final Supplier<? extends InstanceProvider> providers;
  private final Declarations declarations;
  private final String id = UUID.randomUUID().toString();
  private final Duration term;
  private final Ticker ticker;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guards the declarations; taken before the other lock. Held while an engine takes them. */
  private final ReentrantLock declaring;

  private final ScheduledThreadPoolExecutor asking;
  private final ScheduledThreadPoolExecutor watching;
  private final ExecutorService engines = Threads.perTask("cluster-engine");

  // Guarded by the lock.
  private final Candidacy candidacy;
  private InstanceProvider nextProvider;
  private boolean providerUsed;
  private boolean changing;
  private boolean ended;

  private volatile @Nullable Engine engine;
  private volatile @Nullable Engine lastEngine;

  /** The number of times that it was asked who leads; written by the thread that asks. */
  private volatile long looksBegun;

  /** The number of the last of those that was answered. */
  private volatile long looksAnswered;

  /** Completes when this replica begins to lead, when another one is known to, or at the end. */
  private volatile CompletableFuture<Void> change = new CompletableFuture<>();

  Replica(
      LeaderElection election,
      EngineConfig.Builder settings,
      Supplier<? extends InstanceProvider> providers,
      Duration term,
      Declarations declarations,
      ReentrantLock declaring) {
    this.election = election;
    this.settings = settings;
    this.providers = providers;
    this.term = term;
    this.declarations = declarations;
    this.declaring = declaring;
    this.ticker = settings.ticker();
    this.candidacy = new Candidacy(id, term.toNanos());
    this.nextProvider = providers.get();
    this.asking = Threads.timer("cluster-election");
    this.watching = Threads.timer("cluster-watch");
  }

  /** Begins to ask. */
  void begin() {
    asking.execute(this::ask);
  }

  // For those who use it.

  /** Returns the engine while this replica leads, or null. */
  @Nullable Engine engine() {
    return engine;
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
    return change;
  }

  /** Runs what may end in foreign code. */
  void runApart(Runnable task) {
    try {
      engines.execute(task);
    } catch (RejectedExecutionException e) {
      FALLBACK.execute(task);
    }
  }

  String providerName() {
    return locked(() -> nextProvider.name());
  }

  void validate(DeploymentSpec spec) {
    locked(() -> nextProvider).validate(spec);
  }

  // The election.

  private void ask() {
    long look = looksBegun + 1;
    looksBegun = look;
    long asked = locked(candidacy::held);
    long askedAt = ticker.read();
    try {
      Leader leader =
          election.campaign(id, asked, locked(candidacy::isResigned) ? Duration.ZERO : term);
      Candidacy.Outcome outcome =
          locked(() -> candidacy.answered(askedAt, asked, ticker.read(), leader));
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
    lock.lock();
    try {
      if (!ended) {
        long now = ticker.read();
        asking.schedule(this::ask, candidacy.nextLook(now) - now, TimeUnit.NANOSECONDS);
      }
    } finally {
      lock.unlock();
    }
  }

  private void carryOut(Leader leader, Candidacy.Outcome outcome) {
    switch (outcome) {
      case UNCHANGED -> {
        watch();
        if (anotherLeads()) {
          changed(); // those who wait for this replica to lead wait in vain
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
        leaves(false, 0);
        if (leader.replica().equals(id)) {
          resign(leader.epoch()); // others have led meanwhile: it begins anew
        }
      }
      case UNWANTED -> resign(leader.epoch());
    }
  }

  /** Looks again when the time is over for which this replica leads. */
  private void watch() {
    lock.lock();
    try {
      if (candidacy.held() != 0 && !ended) {
        long delay = Math.max(0, candidacy.actsUntil() - ticker.read());
        watching.schedule(this::checkTime, delay, TimeUnit.NANOSECONDS);
      }
    } finally {
      lock.unlock();
    }
  }

  private void checkTime() {
    if (locked(() -> candidacy.expired(ticker.read())) == Candidacy.Outcome.DEPOSED) {
      LOG.warn(
          "This replica could not renew its leadership within {}, and stops leading",
          Durations.text(term));
      leaves(false, 0);
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

  private boolean mayAct(long epoch) {
    return locked(() -> candidacy.mayAct(ticker.read(), epoch));
  }

  private void begins(long epoch) {
    lock.lock();
    try {
      if (changing || ended) { // an engine of before still ends
        candidacy.giveUp();
      } else {
        changing = true;
        engines.execute(() -> start(epoch));
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
        started.leave(false);
      }
      locked(
          () -> {
            changing = false;
            if (candidacy.held() == epoch) {
              candidacy.giveUp();
            }
            return null;
          });
      resign(epoch);
    }
  }

  private EngineConfig config(long epoch) {
    declaring.lock(); // listeners are added to the settings under it
    try {
      return settings
          .store(election.store(epoch))
          .mayAct(() -> mayAct(epoch))
          .adoptionHold(settings.drainTimeout())
          .releaseOnShutdown(false)
          .build(takeProvider());
    } finally {
      declaring.unlock();
    }
  }

  /** Brings an engine in line with what the host has declared; returns whether it leads then. */
  private boolean declareTo(Engine started, long epoch) {
    declaring.lock();
    try {
      declarations.declareTo(started);
      return locked(
          () -> {
            if (candidacy.held() != epoch) {
              return false;
            }
            changing = false;
            engine = started;
            return true;
          });
    } finally {
      declaring.unlock();
    }
  }

  private InstanceProvider takeProvider() {
    lock.lock();
    try {
      if (providerUsed) {
        nextProvider = providers.get();
      }
      providerUsed = true;
      return nextProvider;
    } finally {
      lock.unlock();
    }
  }

  /** Leaves the engine, if there is one, and then gives leadership up if it is still held. */
  private CompletableFuture<Void> leaves(boolean led, long epoch) {
    Engine left;
    lock.lock();
    try {
      left = engine;
      engine = null;
      if (left == null) {
        return CompletableFuture.completedFuture(null);
      }
      lastEngine = left;
      changing = true;
    } finally {
      lock.unlock();
    }
    left.stopActing();
    CompletableFuture<Void> done = new CompletableFuture<>();
    engines.execute(
        () -> {
          try {
            left.leave(led);
          } finally {
            locked(() -> changing = false);
            if (led) {
              resign(epoch);
            }
            done.complete(null);
          }
        });
    return done;
  }

  private void changed() {
    CompletableFuture<Void> before = change;
    change = new CompletableFuture<>();
    before.complete(null);
  }

  // The end.

  /** Lets another replica lead, for good. Returns when this one no longer does. */
  void handOver() {
    long epoch =
        locked(
            () -> {
              long held = candidacy.held();
              candidacy.resign();
              return held;
            });
    CompletableFuture<Void> left = leaves(epoch != 0, epoch);
    left.join();
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
    asking.shutdownNow();
    watching.shutdownNow();
    awaitLeases(drainTimeout);
    engines.shutdown();
    InstanceProvider unused = locked(() -> providerUsed ? null : nextProvider);
    if (unused != null) {
      unused.close();
    }
    election.close();
  }

  private void awaitLeases(Duration drainTimeout) {
    Engine left = lastEngine;
    long deadline = ticker.read() + Durations.nanos(drainTimeout);
    boolean interrupted = false;
    while (left != null && left.hasOpenLeases() && ticker.read() - deadline < 0) {
      try {
        TimeUnit.MILLISECONDS.sleep(LEASES_LOOK.toMillis());
      } catch (InterruptedException e) {
        interrupted = true;
        break;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
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
