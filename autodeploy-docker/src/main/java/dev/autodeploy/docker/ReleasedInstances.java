package dev.autodeploy.docker;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The instances that were released last: none of them may come up any more, however late Docker
 * does what it was asked for before. Thread-safe.
 */
final class ReleasedInstances {
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
