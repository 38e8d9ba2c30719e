package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.MakingRoom;
import io.netty.channel.Channel;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Clients that take no thread while they are waited for, but a file handle each, of which the
 * process has only so many: where there are too many, the oldest make room. There are those whose
 * first request has no whole head yet, who are in the middle of a later one, or whose refused
 * request has a body that is still to be read away; and those that may send another request. Nobody
 * is disconnected whose bytes have arrived: a burst may come faster than a loop reads. Thread-safe.
 */
final class WaitingClients {
  private static final long PAUSE_MILLIS = 20;

  /** A task scheduled on a loop runs after that has read what had arrived until then. */
  private static final long ONE_PASS_MILLIS = 1;

  private final int max;
  private final Set<Waiting> known = ConcurrentHashMap.newKeySet();
  private final AtomicInteger number = new AtomicInteger();
  private final AtomicInteger chosen = new AtomicInteger();
  private final AtomicBoolean relieving = new AtomicBoolean();

  /** A client that is waited for, or was and may be again; two are never equal. */
  final class Waiting implements MakingRoom.Waiting {
    private final Channel channel;
    private final @Nullable InetAddress address;
    private volatile long since = System.nanoTime();
    private volatile boolean waiting = true;
    private volatile boolean chosen;

    private Waiting(Channel channel) {
      this.channel = channel;
      address =
          channel.remoteAddress() instanceof InetSocketAddress remote ? remote.getAddress() : null;
    }

    /** Begins to wait for the client, or ends; cheaper than to add and remove it each time. */
    void set(boolean now) {
      if (now && !waiting) {
        since = System.nanoTime();
      }
      waiting = now;
      if (now) {
        relieveIfTooMany();
      }
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
   * Creates the limit.
   *
   * @param max how many clients may take longer than a moment
   */
  WaitingClients(int max) {
    this.max = max;
  }

  /** Returns how many clients are waited for. */
  int size() {
    return (int) known.stream().filter(client -> client.waiting).count();
  }

  /** Returns whether one has begun to wait after a moment of {@link System#nanoTime}. */
  boolean isAnySince(long nanos) {
    for (Waiting client : known) {
      if (client.waiting && client.since - nanos > 0) {
        return true;
      }
    }
    return false;
  }

  /** Begins to wait for a client. */
  Waiting add(Channel channel) {
    Waiting client = new Waiting(channel);
    known.add(client);
    number.incrementAndGet();
    relieveIfTooMany();
    return client;
  }

  /** Forgets a client. */
  void remove(Waiting client) {
    client.waiting = false;
    if (known.remove(client)) {
      number.decrementAndGet();
    }
  }

  private void relieveIfTooMany() {
    if (number.get() > max && relieving.compareAndSet(false, true)) {
      relieveLater();
    }
  }

  private void relieveLater() {
    GlobalEventExecutor.INSTANCE.schedule(this::relieve, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Makes room while there are too many. */
  private void relieve() {
    long begun = System.nanoTime();
    List<Waiting> all = known.stream().filter(client -> client.waiting).toList();
    if (all.size() <= max) {
      relieving.set(false);
      if (size() > max) { // meanwhile
        relieveIfTooMany();
      }
      return;
    }
    int tooMany = all.size() - chosen.get() - max;
    if (tooMany > 0) {
      List<Waiting> others = all.stream().filter(client -> !client.chosen).toList();
      MakingRoom.choose(others, tooMany, max).forEach(one -> closeOnceRead(one, begun));
    }
    relieveLater();
  }

  /** Closes a client that has waited since before a moment, unless it is served meanwhile. */
  private void closeOnceRead(Waiting client, long begun) {
    client.chosen = true;
    chosen.incrementAndGet();
    client
        .channel
        .eventLoop()
        .schedule(
            () -> {
              chosen.decrementAndGet();
              client.chosen = false;
              if (client.waiting && client.since - begun <= 0) {
                client.channel.close();
              }
            },
            ONE_PASS_MILLIS,
            TimeUnit.MILLISECONDS);
  }
}
