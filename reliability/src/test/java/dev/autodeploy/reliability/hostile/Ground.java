package dev.autodeploy.reliability.hostile;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.internal.files.OtherUser;
import dev.autodeploy.spi.InstanceProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The place of one round: a directory of its own, and what is to be closed at its end. */
final class Ground implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Path directory;
  private final String id = "hostile-" + UUID.randomUUID().toString().substring(0, 8);

  Ground(Path parent) throws IOException {
    directory = Files.createDirectory(parent.resolve(id));
    // The other user has to get as far as the directory that is for everybody.
    for (Path path : new Path[] {parent, directory}) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  String id() {
    return id;
  }

  Path directory() {
    return directory;
  }

  /** A directory in which everybody may make files, as {@code /tmp}. */
  Path everybodys() throws Exception {
    return OtherUser.publicDirectory(directory);
  }

  <T extends AutoCloseable> T keep(T closeable) {
    open.push(closeable);
    return closeable;
  }

  Process keep(Process process) {
    open.push(
        () -> {
          process.descendants().forEach(ProcessHandle::destroyForcibly);
          process.destroyForcibly().waitFor();
        });
    return process;
  }

  AutoDeploy engine() {
    return engine(LocalProcessProvider.builder().directory(directory.resolve("registry")).build());
  }

  AutoDeploy engine(InstanceProvider provider) {
    return keep(
        AutoDeploy.builder()
            .provider(provider)
            .owner(id)
            .drainTimeout(Duration.ofSeconds(1))
            .releaseOnShutdown(false)
            .build());
  }

  /** A server on 127.0.0.1 as anybody would write it, with this many threads. */
  HttpServer plainServer(int threads) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(loopback(), 0), 0);
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    server.setExecutor(executor);
    server.start();
    keep(
        () -> {
          server.stop(0);
          executor.shutdownNow();
        });
    return server;
  }

  static InetAddress loopback() throws IOException {
    return InetAddress.getByName("127.0.0.1");
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, loopback())) {
      return socket.getLocalPort();
    }
  }

  static void pause(Duration time) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(time.toMillis());
  }

  /** Waits until something is so; returns whether it was in time. */
  static boolean within(Duration limit, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    IOException first = null;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        first = first == null ? new IOException(e) : first;
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
