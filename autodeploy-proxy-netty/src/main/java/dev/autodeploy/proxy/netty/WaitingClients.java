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
  private final Set<Waiting> waiting = ConcurrentHashMap.newKeySet();
  private final AtomicInteger number = new AtomicInteger();
  private final AtomicInteger chosen = new AtomicInteger();
  private final AtomicBoolean relieving = new AtomicBoolean();

  /** A client that is waited for; two are never equal. */
  static final class Waiting implements MakingRoom.Waiting {
    private final Channel channel;
    private final @Nullable InetAddress address;
    private final long since = System.nanoTime();
    private volatile boolean chosen;

    private Waiting(Channel channel) {
      this.channel = channel;
      address =
          channel.remoteAddress() instanceof InetSocketAddress remote ? remote.getAddress() : null;
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
    return number.get();
  }

  /** Returns whether one has begun to wait after a moment of {@link System#nanoTime}. */
  boolean isAnySince(long nanos) {
    for (Waiting client : waiting) {
      if (client.since - nanos > 0) {
        return true;
      }
    }
    return false;
  }

  Waiting add(Channel channel) {
    Waiting client = new Waiting(channel);
    waiting.add(client);
    number.incrementAndGet();
    relieveIfTooMany();
    return client;
  }

  void remove(Waiting client) {
    if (waiting.remove(client)) {
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
    if (number.get() <= max) {
      relieving.set(false);
      relieveIfTooMany();
      return;
    }
    int tooMany = number.get() - chosen.get() - max;
    if (tooMany > 0) {
      List<Waiting> others = waiting.stream().filter(client -> !client.chosen).toList();
      MakingRoom.choose(others, tooMany, max).forEach(this::closeOnceRead);
    }
    relieveLater();
  }

  private void closeOnceRead(Waiting client) {
    client.chosen = true;
    chosen.incrementAndGet();
    client
        .channel
        .eventLoop()
        .schedule(
            () -> {
              chosen.decrementAndGet();
              if (waiting.contains(client)) {
                client.channel.close();
              }
            },
            ONE_PASS_MILLIS,
            TimeUnit.MILLISECONDS);
  }
}
