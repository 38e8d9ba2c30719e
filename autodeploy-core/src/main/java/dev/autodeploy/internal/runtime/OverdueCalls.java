package dev.autodeploy.internal.runtime;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The calls of foreign code that have not returned, by kind. One that never returns keeps its
 * thread for good; so where some of a kind are overdue, no further one of that kind is made before
 * one of them returns. Thread-safe.
 */
public final class OverdueCalls {
  /** The number of overdue calls of a kind after which there is no further one. */
  public static final int MOST = 8;

  /** The time after which a call is overdue; the engine has given up its answer before. */
  public static final Duration LATE = Duration.ofMinutes(2);

  private final Ticker ticker;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Map<String, Set<Call>> underWay = new HashMap<>();

  public OverdueCalls(Ticker ticker) {
    this.ticker = ticker;
  }

  /** A call that has not returned. */
  public final class Call {
    private final String kind;
    private long since;
    private boolean patient;

    private Call(String kind, boolean patient) {
      this.kind = kind;
      this.patient = patient;
      this.since = ticker.read();
    }

    private boolean isOverdue(long now) {
      return !patient && now - since >= LATE.toNanos();
    }

    /** Notes that nobody waits for it any longer: from now on it may become overdue. */
    public void giveUp() {
      lock.lock();
      try {
        if (patient) {
          patient = false;
          since = ticker.read();
        }
      } finally {
        lock.unlock();
      }
    }

    /** Notes that it has returned. */
    public void returned() {
      lock.lock();
      try {
        Set<Call> all = underWay.get(kind);
        if (all != null && all.remove(this) && all.isEmpty()) {
          underWay.remove(kind);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Begins a call, on the thread that makes it.
   *
   * @param kind completes "calls to"
   * @throws AutoDeployException with {@code PROVIDER_FAILED} if too many of the kind are overdue
   */
  public Call begin(String kind) {
    return begin(kind, false);
  }

  /**
   * Begins a call that may take as long as it likes, until it is given up.
   *
   * @param kind completes "calls to"
   * @throws AutoDeployException with {@code PROVIDER_FAILED} if too many of the kind are overdue
   */
  public Call beginPatiently(String kind) {
    return begin(kind, true);
  }

  private Call begin(String kind, boolean patient) {
    lock.lock();
    try {
      Set<Call> all = underWay.getOrDefault(kind, Set.of());
      long now = ticker.read();
      if (all.size() >= MOST && all.stream().filter(it -> it.isOverdue(now)).count() >= MOST) {
        throw new AutoDeployException(
            ErrorCode.PROVIDER_FAILED,
            null,
            MOST
                + " calls to "
                + kind
                + " have not returned for longer than "
                + Durations.text(LATE)
                + ", so no further one is made before one of them does");
      }
      Call call = new Call(kind, patient);
      underWay.computeIfAbsent(kind, it -> new LinkedHashSet<>()).add(call);
      return call;
    } finally {
      lock.unlock();
    }
  }
}
