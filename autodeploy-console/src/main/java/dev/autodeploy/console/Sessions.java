package dev.autodeploy.console;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of users who have signed in. A session is found by the digest of its secret: neither
 * the time of a look-up nor a copy of the memory's keys gives one away. Thread-safe.
 */
final class Sessions {
  private static final int MAX_SESSIONS = 1000;
  private static final int MAX_SESSIONS_OF_USER = 20;

  private final Duration idleTimeout;
  private final Duration maxAge;
  private final LongSupplier nanoTime;
  private final SecureRandom random = new SecureRandom();
  private final ReentrantLock lock = new ReentrantLock();

  /** The sessions by key, the oldest first. Guarded by the lock. */
  private final Map<String, Session> sessions = new LinkedHashMap<>();

  /**
   * A session.
   *
   * @param key the digest of its secret
   * @param user the user's name
   * @param role the user's rights
   */
  record Session(String key, String user, ConsoleRole role, long begun, long used) {
    Session usedAt(long now) {
      return new Session(key, user, role, begun, now);
    }
  }

  Sessions(Duration idleTimeout, Duration maxAge, LongSupplier nanoTime) {
    this.idleTimeout = idleTimeout;
    this.maxAge = maxAge;
    this.nanoTime = nanoTime;
  }

  /** Begins a session and returns its secret, which is kept nowhere here. */
  String begin(String user, ConsoleRole role) {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    String secret = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    long now = nanoTime.getAsLong();
    Session session = new Session(key(secret), user, role, now, now);
    lock.lock();
    try {
      long ofUser = sessions.values().stream().filter(s -> s.user().equals(user)).count();
      Iterator<Session> oldest = sessions.values().iterator();
      while (oldest.hasNext()
          && (ofUser >= MAX_SESSIONS_OF_USER || sessions.size() >= MAX_SESSIONS)) {
        boolean own = oldest.next().user().equals(user);
        if (own || sessions.size() >= MAX_SESSIONS) {
          oldest.remove();
          ofUser -= own ? 1 : 0;
        }
      }
      sessions.put(session.key(), session);
    } finally {
      lock.unlock();
    }
    return secret;
  }

  /**
   * Returns the session of a secret, or null if there is none.
   *
   * @param attended whether the user is there, which keeps the session from becoming idle
   */
  @Nullable Session find(String secret, boolean attended) {
    String key = key(secret);
    long now = nanoTime.getAsLong();
    lock.lock();
    try {
      Session session = sessions.get(key);
      if (session == null || isOver(session, now)) {
        return null;
      }
      if (attended) {
        session = session.usedAt(now);
        sessions.put(key, session);
      }
      return session;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a session by its key. */
  void end(String key) {
    lock.lock();
    try {
      sessions.remove(key);
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether a session is still open, by its key. */
  boolean isOpen(String key) {
    lock.lock();
    try {
      Session session = sessions.get(key);
      return session != null && !isOver(session, nanoTime.getAsLong());
    } finally {
      lock.unlock();
    }
  }

  /** Forgets the sessions that are over, and returns them. */
  List<Session> expire() {
    long now = nanoTime.getAsLong();
    List<Session> over = new ArrayList<>();
    lock.lock();
    try {
      sessions.values().stream().filter(session -> isOver(session, now)).forEach(over::add);
      over.forEach(session -> sessions.remove(session.key()));
    } finally {
      lock.unlock();
    }
    return over;
  }

  private boolean isOver(Session session, long now) {
    return now - session.used() > idleTimeout.toNanos() || now - session.begun() > maxAge.toNanos();
  }

  private static String key(String secret) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }
}
