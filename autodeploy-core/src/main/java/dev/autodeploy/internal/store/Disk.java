package dev.autodeploy.internal.store;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/** All that the store does to files; the place where tests let each of it fail. */
interface Disk {

  /** Makes a directory, with its parents, that only its owner can enter; nothing if it exists. */
  void createDirectory(Path directory) throws IOException;

  /**
   * Takes a directory for this process until the result is closed.
   *
   * @throws dev.autodeploy.AutoDeployException with OWNER_IN_USE if somebody else has it
   */
  Closeable lock(Path directory) throws IOException;

  /**
   * Opens a file to be read from its beginning.
   *
   * @throws java.nio.file.NoSuchFileException if it does not exist
   */
  InputStream read(Path file) throws IOException;

  /** Returns the names of the files in a directory; none if it does not exist. */
  List<String> list(Path directory) throws IOException;

  /** Opens a file to be written; if it does not exist, makes one that only its owner can read. */
  OpenFile open(Path file) throws IOException;

  /** Gives a file another's name and place, at once. */
  void replace(Path from, Path to) throws IOException;

  /** Removes a file if it exists. */
  void delete(Path file) throws IOException;

  /** Returns when the names in a directory survive a loss of power. */
  void forceDirectory(Path directory) throws IOException;

  /** A file to be written. Not thread-safe. */
  interface OpenFile extends Closeable {

    long length() throws IOException;

    void write(long position, byte[] bytes) throws IOException;

    void truncate(long length) throws IOException;

    /** Returns when the content survives a loss of power. */
    void force() throws IOException;
  }
}
