package dev.autodeploy.kubernetes;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The ids of the instances released most recently; a late start of one of them is refused.
 * Thread-safe.
 */
final class RecentlyReleased {
  private static final int REMEMBERED = 10_000;

  private final Map<String, Boolean> ids =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > REMEMBERED;
        }
      };

  synchronized void add(String instanceId) {
    ids.put(instanceId, true);
  }

  synchronized boolean contains(String instanceId) {
    return ids.containsKey(instanceId);
  }
}
