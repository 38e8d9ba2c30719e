package dev.autodeploy.docker;

import java.util.List;

/**
 * One GPU of the daemon's host, or one MIG slice.
 *
 * @param id what it is asked for by
 * @param names all ids that it is known by, {@code id} among them
 * @param model its model, or an empty text
 * @param memoryBytes its memory, or 0 if that is not known
 */
record Gpu(String id, List<String> names, String model, long memoryBytes) {
  Gpu {
    names = List.copyOf(names);
  }

  Gpu(String id, List<String> names, String model) {
    this(id, names, model, 0);
  }

  /** Returns one by its id, or the name that CDI has for it. */
  static Gpu of(String id) {
    int equals = id.indexOf('=');
    return equals < 0
        ? new Gpu(id, List.of(id), "")
        : new Gpu(id, List.of(id, id.substring(equals + 1)), id.substring(0, equals));
  }

  Gpu with(String newModel, long newMemoryBytes) {
    return new Gpu(id, names, newModel, newMemoryBytes);
  }

  boolean isKnownBy(String name) {
    return names.contains(name);
  }
}
