package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.text.PlainText;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The actions that users took through the page or its API, or tried to. Each goes to the logger
 * {@code dev.autodeploy.audit}; the last thousand are kept in memory. Thread-safe.
 */
final class AuditLog {
  static final int MAX_ENTRIES = 1000;

  /** The beginning of the outcome of what was not done. */
  static final String REFUSED = "refused: ";

  private static final int LONGEST_TEXT = 300;

  /** Refusals that are alike within this time, and this many entries, become one entry. */
  private static final Duration ALIKE_WITHIN = Duration.ofMinutes(1);

  private static final int ALIKE_AMONG = 50;
  private static final Logger LOG = LoggerFactory.getLogger("dev.autodeploy.audit");

  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();

  /** The entries, the newest first. Guarded by the lock. */
  private final Deque<Entry> entries = new ArrayDeque<>();

  private record Entry(
      Instant at,
      String user,
      String address,
      String action,
      String deployment,
      String detail,
      String outcome,
      long times) {

    Entry after(Entry earlier) {
      return new Entry(at, user, address, action, deployment, detail, outcome, earlier.times + 1);
    }

    /** Returns whether somebody without rights has only tried the same thing again. */
    boolean repeats(Entry earlier) {
      return outcome.startsWith(REFUSED)
          && outcome.equals(earlier.outcome)
          && user.equals(earlier.user)
          && address.equals(earlier.address)
          && action.equals(earlier.action)
          && deployment.equals(earlier.deployment)
          && Duration.between(earlier.at, at).compareTo(ALIKE_WITHIN) < 0;
    }
  }

  AuditLog(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * Notes an action.
   *
   * @param user the user's name, or an empty text
   * @param address where the request came from, or an empty text
   * @param action the action, such as {@code create}
   * @param deployment the deployment's name, or an empty text
   * @param detail further words, without secrets
   * @param outcome the outcome, such as {@code done} or {@code refused: read-only}
   */
  void note(
      String user,
      String address,
      String action,
      String deployment,
      String detail,
      String outcome) {
    Entry entry =
        added(
            new Entry(
                clock.instant(),
                plain(user),
                address,
                action,
                plain(deployment),
                plain(detail),
                plain(outcome),
                1));
    if (Long.bitCount(entry.times) == 1) {
      LOG.info(
          "user={} address={} action={} deployment={} detail=[{}] outcome=[{}] times={}",
          shown(entry.user),
          shown(entry.address),
          entry.action,
          shown(entry.deployment),
          entry.detail,
          entry.outcome,
          entry.times);
    }
  }

  /** Keeps an entry. Refusals that repeat each other take one place, or they would push out all. */
  private Entry added(Entry entry) {
    lock.lock();
    try {
      Entry kept = entry;
      Iterator<Entry> newest = entries.iterator();
      for (int i = 0; i < ALIKE_AMONG && newest.hasNext(); i++) {
        Entry earlier = newest.next();
        if (entry.repeats(earlier)) {
          newest.remove();
          kept = entry.after(earlier);
          break;
        }
      }
      entries.addFirst(kept);
      if (entries.size() > MAX_ENTRIES) {
        entries.removeLast();
      }
      return kept;
    } finally {
      lock.unlock();
    }
  }

  private static String shown(String text) {
    return text.isEmpty() ? "-" : text;
  }

  /** Returns a text as one line: a name that was tried to sign in with may hold anything. */
  private static String plain(String text) {
    String line = PlainText.line(text);
    return line.length() > LONGEST_TEXT ? line.substring(0, LONGEST_TEXT) + "…" : line;
  }

  /** Returns the last entries, newest first. */
  ObjectNode json(int limit) {
    ObjectNode json = ConsoleJson.object();
    ArrayNode list = json.putArray("entries");
    lock.lock();
    try {
      Iterator<Entry> newest = entries.iterator();
      for (int i = 0; i < limit && newest.hasNext(); i++) {
        Entry entry = newest.next();
        ObjectNode one = list.addObject();
        ConsoleJson.put(one, "at", entry.at);
        one.put("user", entry.user);
        one.put("address", entry.address);
        one.put("action", entry.action);
        one.put("deployment", entry.deployment);
        one.put("detail", entry.detail);
        one.put("outcome", entry.outcome);
        one.put("times", entry.times);
      }
    } finally {
      lock.unlock();
    }
    return json;
  }
}
