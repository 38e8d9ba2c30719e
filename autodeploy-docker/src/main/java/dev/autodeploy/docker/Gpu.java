package dev.autodeploy.docker;

import java.util.List;

/**
 * One GPU of the daemon's host, or one MIG slice.
 *
 * @param id what it is asked for by
 * @param names all ids that it is known by, {@code id} among them
 * @param model its model, or an empty text
 */
record Gpu(String id, List<String> names, String model) {
  Gpu {
    names = List.copyOf(names);
  }

  static Gpu of(String id) {
    return new Gpu(id, List.of(id), "");
  }

  boolean isKnownBy(String name) {
    return names.contains(name);
  }
}
