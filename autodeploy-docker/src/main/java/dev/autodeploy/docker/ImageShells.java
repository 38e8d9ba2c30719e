package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectImageResponse;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Caches which images contain {@code /bin/sh}; checked in a created container, as an image cannot
 * be looked into. Thread-safe.
 */
final class ImageShells {
  private final DaemonClient client;
  private final Map<String, Boolean> known = new ConcurrentHashMap<>();

  ImageShells(DaemonClient client) {
    this.client = client;
  }

  /** Returns false if an image is known to have no shell. */
  boolean mayHaveShell(InspectImageResponse image) {
    return known.getOrDefault(String.valueOf(image.getId()), true);
  }

  /**
   * Returns whether an image has a shell; looks into a container of it if that is not known yet.
   */
  boolean hasShell(InspectImageResponse image, String container) {
    return known.computeIfAbsent(
        String.valueOf(image.getId()), id -> client.hasFile(container, "/bin/sh"));
  }
}
