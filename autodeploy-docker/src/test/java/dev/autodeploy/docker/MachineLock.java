package dev.autodeploy.docker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A lock that one process of this user has at a time; the system takes it from one that is killed.
 * Surefire runs the tests of this module in two processes, on one daemon.
 */
final class MachineLock implements AutoCloseable {
  private final FileChannel channel;

  private MachineLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Waits for the lock of this name. A process that has it already must not ask again. */
  static MachineLock take(String name) {
    Path file =
        Path.of(
            System.getProperty("java.io.tmpdir"),
            "autodeploy-test-" + name + "-" + System.getProperty("user.name") + ".lock");
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      channel.lock();
      return new MachineLock(channel);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
