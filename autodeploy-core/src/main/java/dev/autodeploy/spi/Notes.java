package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import java.util.Set;

/**
 * Small documents that a {@link StateStore} keeps beside the state, and that an engine can do
 * without: what it has learned of deployments, and their recent requests. A document that is lost
 * or damaged costs nothing else. Thread-safe; methods may block. Errors are {@link
 * dev.autodeploy.AutoDeployException} with {@code STATE_FAILED}.
 */
public interface Notes {

  /**
   * Returns the names of all documents.
   *
   * @return the names, in no order
   */
  Set<String> names();

  /**
   * Reads a document.
   *
   * @param name its name
   * @return its content, or empty if there is none
   */
  Optional<byte[]> read(String name);

  /**
   * Writes a document, in place of an earlier one of that name.
   *
   * @param name its name: lower-case letters, digits, dots and hyphens
   * @param content its content, at most 64 KiB
   */
  void write(String name, byte[] content);

  /**
   * Removes a document; nothing if there is none of that name.
   *
   * @param name its name
   */
  void remove(String name);

  /**
   * Returns a place that keeps nothing.
   *
   * @return the place
   */
  static Notes none() {
    return new Notes() {
      @Override
      public Set<String> names() {
        return Set.of();
      }

      @Override
      public Optional<byte[]> read(String name) {
        requireNonNull(name, "name");
        return Optional.empty();
      }

      @Override
      public void write(String name, byte[] content) {
        requireNonNull(content, "content");
      }

      @Override
      public void remove(String name) {
        requireNonNull(name, "name");
      }
    };
  }
}
