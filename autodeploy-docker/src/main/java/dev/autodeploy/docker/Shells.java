package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectImageResponse;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Which images have a shell, which only a container of theirs can tell. Thread-safe. */
final class Shells {
  private final EngineClient client;
  private final Map<String, Boolean> known = new ConcurrentHashMap<>();

  Shells(EngineClient client) {
    this.client = client;
  }

  /** Returns whether an image has one, as far as is known before there is a container. */
  boolean mayBeIn(InspectImageResponse image) {
    return known.getOrDefault(String.valueOf(image.getId()), true);
  }

  /** Returns whether an image has one; looks into a container of it if that is not known yet. */
  boolean isIn(InspectImageResponse image, String container) {
    return known.computeIfAbsent(
        String.valueOf(image.getId()), id -> client.hasFile(container, "/bin/sh"));
  }
}
