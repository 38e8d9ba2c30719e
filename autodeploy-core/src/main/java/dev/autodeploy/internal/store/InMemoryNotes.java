package dev.autodeploy.internal.store;

import dev.autodeploy.spi.Notes;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Documents that are forgotten with the process. */
final class InMemoryNotes implements Notes {
  private final Map<String, byte[]> notes = new ConcurrentHashMap<>();

  @Override
  public Set<String> names() {
    return Set.copyOf(notes.keySet());
  }

  @Override
  public Optional<byte[]> read(String name) {
    return Optional.ofNullable(notes.get(name)).map(byte[]::clone);
  }

  @Override
  public void write(String name, byte[] content) {
    notes.put(name, content.clone());
  }

  @Override
  public void remove(String name) {
    notes.remove(name);
  }
}
