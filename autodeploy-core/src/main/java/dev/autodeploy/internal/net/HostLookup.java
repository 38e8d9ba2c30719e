package dev.autodeploy.internal.net;

import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.internal.util.Threads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of hosts by their names, with a deadline: the system's own resolver has none, and
 * cannot be interrupted. A name is looked up once at a time, on a thread of its own, however many
 * wait for it; one that hangs keeps that thread and nobody else. Thread-safe.
 */
public final class HostLookup {
  /** Names that need no resolver: addresses, and the one that every host's own table has. */
  private static final Pattern KNOWN = Pattern.compile("[0-9.]+|.*:.*|localhost");

  private static final HostLookup SYSTEM =
      new HostLookup(host -> List.of(InetAddress.getAllByName(host)));

  /** The resolver of the system, or that of a test. */
  @FunctionalInterface
  public interface Resolver {
    /**
     * Resolves a name; blocks.
     *
     * @param host the name
     * @return its addresses, at least one, in the order in which they are to be tried
     * @throws IOException if it has none
     */
    List<InetAddress> resolve(String host) throws IOException;
  }

  private final Resolver resolver;
  private final ThreadFactory threads = Threads.daemons("lookup");
  private final Map<String, CompletableFuture<List<InetAddress>>> underWay =
      new ConcurrentHashMap<>();

  /**
   * Makes one.
   *
   * @param resolver resolves names; it may hang
   */
  public HostLookup(Resolver resolver) {
    this.resolver = resolver;
  }

  /**
   * Returns the one that asks the system.
   *
   * @return the same each time
   */
  public static HostLookup system() {
    return SYSTEM;
  }

  /**
   * Returns the first address of a host.
   *
   * @param host its name, or an address
   * @param millis how long it may take
   * @return the address
   * @throws IOException if it has none, or none is found in time
   */
  public InetAddress find(String host, int millis) throws IOException {
    return all(host, millis).get(0);
  }

  /**
   * Returns the addresses of a host.
   *
   * @param host its name, or an address
   * @param millis how long it may take
   * @return the addresses, at least one
   * @throws IOException if it has none, or none is found in time
   */
  public List<InetAddress> all(String host, int millis) throws IOException {
    if (KNOWN.matcher(host).matches()) {
      return resolver.resolve(host);
    }
    try {
      return joined(host).get(millis, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw late(host, millis, e);
    } catch (ExecutionException e) {
      throw failed(host, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while '" + host + "' was looked up");
    }
  }

  /**
   * Finds the first address of a host; blocks never.
   *
   * @param host its name, or an address
   * @param millis how long it may take
   * @return the address; fails with an {@link IOException} if it has none, or none is found in time
   */
  public CompletableFuture<InetAddress> begin(String host, int millis) {
    CompletableFuture<InetAddress> found = new CompletableFuture<>();
    joined(host)
        .copy() // a deadline is that of one who waits, not of the lookup
        .orTimeout(millis, TimeUnit.MILLISECONDS)
        .whenComplete(
            (addresses, error) -> {
              if (error == null) {
                found.complete(addresses.get(0));
              } else {
                Throwable cause = Errors.unwrap(error);
                found.completeExceptionally(
                    cause instanceof TimeoutException
                        ? late(host, millis, cause)
                        : failed(host, cause));
              }
            });
    return found;
  }

  private static IOException late(String host, int millis, Throwable cause) {
    UnknownHostException late =
        new UnknownHostException(
            "the address of '"
                + host
                + "' was not found within "
                + Durations.text(Duration.ofMillis(millis))
                + ": the name service does not answer");
    late.initCause(cause);
    return late;
  }

  private static IOException failed(String host, @Nullable Throwable cause) {
    return cause instanceof IOException known
        ? known
        : new IOException("the address of '" + host + "' was not found", cause);
  }

  private CompletableFuture<List<InetAddress>> joined(String host) {
    CompletableFuture<List<InetAddress>> mine = new CompletableFuture<>();
    CompletableFuture<List<InetAddress>> others = underWay.putIfAbsent(host, mine);
    if (others != null) {
      return others;
    }
    try {
      threads.newThread(() -> resolve(host, mine)).start();
    } catch (RuntimeException | Error e) {
      underWay.remove(host, mine); // or nobody would look the host up again
      mine.completeExceptionally(e);
    }
    return mine;
  }

  private void resolve(String host, CompletableFuture<List<InetAddress>> found) {
    try {
      List<InetAddress> addresses = resolver.resolve(host);
      underWay.remove(host, found); // who asks from now on gets one of its own
      found.complete(addresses);
    } catch (IOException | RuntimeException | Error e) {
      underWay.remove(host, found);
      found.completeExceptionally(e);
    }
  }
}
