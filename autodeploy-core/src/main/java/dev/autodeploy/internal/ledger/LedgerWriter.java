package dev.autodeploy.internal.ledger;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends to the ledger, in order. An entry that must not get lost is kept and written later if the
 * store fails. Blocks while the store writes; thread-safe.
 */
public final class LedgerWriter {
  private static final Logger LOG = LoggerFactory.getLogger(LedgerWriter.class);

  /** The number of released instances that are remembered. */
  private static final int MEMORY = 1000;

  private final StateStore store;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<LedgerEntry> backlog = new ArrayDeque<>();

  /** The final usage interval of recently released instances, by id. */
  private final Map<String, UsageInterval> ends =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, UsageInterval> eldest) {
          return size() > MEMORY;
        }
      };

  public LedgerWriter(StateStore store) {
    this.store = store;
  }

  /** Appends an entry, or throws what the store throws: then it may not be written. */
  public void append(LedgerEntry entry) {
    lock.lock();
    try {
      writeBacklog();
      store.append(entry);
    } finally {
      lock.unlock();
    }
  }

  /** Appends an entry now, or as soon as the store takes it. */
  public void appendReliably(LedgerEntry entry) {
    lock.lock();
    try {
      backlog.add(entry);
      if (entry instanceof LedgerEntry.Released released) {
        ends.put(released.instanceId(), released.usage());
      }
    } finally {
      lock.unlock();
    }
    retry();
  }

  /** Returns what the ledger has last of an instance that was released, or null if it was not. */
  public @Nullable UsageInterval ended(String instanceId) {
    lock.lock();
    try {
      return ends.get(instanceId);
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether any instance has been released. */
  public boolean hasEnds() {
    lock.lock();
    try {
      return !ends.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Writes what could not be written before. */
  public void retry() {
    lock.lock();
    try {
      writeBacklog();
    } catch (RuntimeException | Error e) {
      LOG.error(
          "{} ledger entries could not be written and are kept until the store takes them",
          backlog.size(),
          e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes what could not be written before, for the last time.
   *
   * @throws AutoDeployException if the store does not take it: then it is lost
   */
  public void finish() {
    lock.lock();
    try {
      writeBacklog();
    } catch (RuntimeException | Error e) {
      throw new AutoDeployException(
          ErrorCode.STATE_FAILED,
          null,
          backlog.size()
              + " ledger entries could not be written and are lost, of instances "
              + backlog.stream().map(LedgerEntry::instanceId).distinct().toList()
              + ": "
              + Errors.describe(e)
              + "; the next engine counts an instance whose end is missing until it looks for it,"
              + " so make the store writable and start the engine again soon",
          e);
    } finally {
      lock.unlock();
    }
  }

  private void writeBacklog() {
    for (LedgerEntry entry = backlog.peek(); entry != null; entry = backlog.peek()) {
      store.append(entry);
      backlog.remove();
    }
  }
}
