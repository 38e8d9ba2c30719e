package dev.autodeploy.proxy.gateway;

import java.util.HashMap;
import java.util.Map;

/**
 * The memory that the bodies of detached requests take, of which one caller gets no more than half:
 * the other half is for the others. Thread-safe.
 */
final class CallerBudget {
  private final long most;
  private final Map<String, Long> taken = new HashMap<>();
  private long left;

  CallerBudget(long bytes) {
    left = bytes;
    most = bytes / 2;
  }

  /** Takes so many bytes for a caller, if there are as many. */
  synchronized boolean reserve(String caller, int bytes) {
    long own = taken.getOrDefault(caller, 0L) + bytes;
    if (own > most || bytes > left) {
      return false;
    }
    left -= bytes;
    taken.put(caller, own);
    return true;
  }

  synchronized void giveBack(String caller, int bytes) {
    left += bytes;
    taken.computeIfPresent(caller, (same, own) -> own > bytes ? own - bytes : null);
  }
}
