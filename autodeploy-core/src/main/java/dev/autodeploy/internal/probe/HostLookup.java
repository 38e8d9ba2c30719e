package dev.autodeploy.internal.probe;

import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.internal.util.Threads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * The addresses of hosts by their names, with a deadline: the system's own resolver has none, and
 * cannot be interrupted. A name is looked up once at a time, on a thread of its own, however many
 * wait for it; one that hangs keeps that thread and nobody else. Thread-safe.
 */
final class HostLookup {
  /** Names that need no resolver: addresses, and the one that every host's own table has. */
  private static final Pattern KNOWN = Pattern.compile("[0-9.]+|.*:.*|localhost");

  private static final HostLookup SYSTEM = new HostLookup(InetAddress::getByName);

  /** The resolver of the system, or that of a test. */
  @FunctionalInterface
  interface Resolver {
    /**
     * Resolves a name; blocks.
     *
     * @param host the name
     * @return its first address
     * @throws IOException if it has none
     */
    InetAddress resolve(String host) throws IOException;
  }

  private final Resolver resolver;
  private final ThreadFactory threads = Threads.daemons("lookup");
  private final Map<String, CompletableFuture<InetAddress>> underWay = new ConcurrentHashMap<>();

  HostLookup(Resolver resolver) {
    this.resolver = resolver;
  }

  /** Returns the one that asks the system. */
  static HostLookup system() {
    return SYSTEM;
  }

  /**
   * Returns the address of a host.
   *
   * @param host its name, or an address
   * @param millis how long it may take
   * @throws IOException if it has none, or none is found in time
   */
  InetAddress find(String host, int millis) throws IOException {
    if (KNOWN.matcher(host).matches()) {
      return resolver.resolve(host);
    }
    try {
      return joined(host).get(millis, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException(
          "the address of '"
              + host
              + "' was not found within "
              + Durations.text(Duration.ofMillis(millis))
              + ": the name service does not answer",
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException known) {
        throw known;
      }
      throw new IOException("the address of '" + host + "' was not found", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while '" + host + "' was looked up");
    }
  }

  private CompletableFuture<InetAddress> joined(String host) {
    CompletableFuture<InetAddress> mine = new CompletableFuture<>();
    CompletableFuture<InetAddress> others = underWay.putIfAbsent(host, mine);
    if (others != null) {
      return others;
    }
    threads.newThread(() -> resolve(host, mine)).start();
    return mine;
  }

  private void resolve(String host, CompletableFuture<InetAddress> found) {
    try {
      found.complete(resolver.resolve(host));
    } catch (IOException | RuntimeException | Error e) {
      found.completeExceptionally(e);
    } finally {
      underWay.remove(host, found);
    }
  }
}
