package dev.autodeploy.proxy.jdk;

import dev.autodeploy.proxy.gateway.MakingRoom;
import dev.autodeploy.proxy.gateway.Transfers;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The clients that a thread waits for before anything is known about them: those that have not sent
 * the head of their request or finished their TLS handshake, those whose small body is read before
 * there is an instance, and those whose refused request has a body that is still to be read away.
 * The server waits for all of them on a worker, without any limit of its own; here each has a
 * deadline, and where there are too many the oldest make room. A head that comes in one packet is
 * read at once, so its client is never among the oldest. Thread-safe.
 */
final class UnfinishedHeads implements AutoCloseable {
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final long limitNanos;
  private final int max;
  private final Map<Thread, Waiting> waiting = new ConcurrentHashMap<>();
  private final AtomicInteger number = new AtomicInteger();
  private final Thread relief;
  private volatile boolean closed;

  /** A client that one thread waits for. */
  private static final class Waiting implements MakingRoom.Waiting {
    final Transfers transfers;
    final Transfers.@Nullable Owner owner;
    final long since = System.nanoTime();
    final long limitNanos;
    volatile @Nullable InetAddress address;

    Waiting(Transfers transfers, Transfers.@Nullable Owner owner, long limitNanos) {
      this.transfers = transfers;
      this.owner = owner;
      this.limitNanos = limitNanos;
    }

    @Override
    public long since() {
      return since;
    }

    @Override
    public @Nullable InetAddress address() {
      return address;
    }
  }

  /**
   * Creates the limits.
   *
   * @param limit how long a client may take
   * @param max how many clients may take longer than a moment
   */
  UnfinishedHeads(Duration limit, int max) {
    limitNanos = limit.toNanos();
    this.max = max;
    relief = new Thread(this::relieve, "autodeploy-proxy-heads-0");
    relief.setDaemon(true);
    relief.start();
  }

  /** Runs a task of the server's, which reads a head first. */
  void run(Runnable task) {
    Transfers transfers = new Transfers();
    try {
      add(new Waiting(transfers, transfers.begin(), limitNanos));
    } catch (IOException e) {
      throw new IllegalStateException("a new transfer cannot have been broken off", e);
    }
    try {
      task.run();
    } finally {
      complete();
    }
  }

  /** Notes whose TLS handshake this thread is about to do; for plain HTTP nobody tells. */
  void address(InetAddress address) {
    Waiting mine = waiting.get(Thread.currentThread());
    if (mine != null) {
      mine.address = address;
    }
  }

  /** The head was read by this thread; called more than once. */
  void complete() {
    Waiting mine = waiting.remove(Thread.currentThread());
    if (mine != null) {
      number.decrementAndGet();
      mine.transfers.end(mine.owner);
    }
  }

  /**
   * Runs a step that reads away what is left of a body.
   *
   * @param transfers knows how to break the step off
   * @param client the client's address, or null if it is unknown
   * @param step the step
   */
  void lingering(Transfers transfers, @Nullable InetAddress client, Transfers.Step step)
      throws IOException {
    await(new Waiting(transfers, null, limitNanos), client, step);
  }

  /**
   * Runs a step that reads a body before there is an instance. It has no deadline here.
   *
   * @param transfers knows how to break the step off
   * @param client the client's address, or null if it is unknown
   * @param step the step
   */
  void reading(Transfers transfers, @Nullable InetAddress client, Transfers.Step step)
      throws IOException {
    await(new Waiting(transfers, null, Long.MAX_VALUE), client, step);
  }

  private void await(Waiting mine, @Nullable InetAddress client, Transfers.Step step)
      throws IOException {
    mine.address = client;
    add(mine);
    try {
      step.run();
    } finally {
      if (waiting.remove(Thread.currentThread(), mine)) {
        number.decrementAndGet();
      }
    }
  }

  private void add(Waiting client) {
    waiting.put(Thread.currentThread(), client);
    if (number.incrementAndGet() > max) {
      LockSupport.unpark(relief);
    }
  }

  /** Disconnects who takes too long. */
  void watch() {
    long now = System.nanoTime();
    for (Waiting client : waiting.values()) {
      if (now - client.since > client.limitNanos) {
        client.transfers.breakOff();
      }
    }
  }

  /** Makes room while there are too many. */
  private void relieve() {
    while (!closed) {
      int tooMany = number.get() - max;
      if (tooMany <= 0) {
        LockSupport.park(this);
      } else {
        for (Waiting client : MakingRoom.choose(waiting.values(), tooMany, max)) {
          client.transfers.breakOff();
        }
        LockSupport.parkNanos(this, PAUSE_NANOS);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(relief);
  }
}
