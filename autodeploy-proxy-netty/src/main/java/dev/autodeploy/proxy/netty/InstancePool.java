package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.GatewayConfig;
import io.netty.channel.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** The connections of one loop to one instance. */
final class InstancePool {
  /** Less than the 5 seconds after which common servers hang up. */
  private static final long KEEP_ALIVE_NANOS = Duration.ofSeconds(4).toNanos();

  private static final int MAX_IDLE = 512;

  /** The connections that are opened at once: an instance that has just started gets no flood. */
  private static final int MAX_CONNECTING = 64;

  private final Dialer dialer;
  private final GatewayConfig config;
  private final Deque<InstanceConnection> idle = new ArrayDeque<>();
  private final Deque<NettyAttempt> waiting = new ArrayDeque<>();
  private int connecting;
  private boolean closed;

  InstancePool(Dialer dialer) {
    this.dialer = dialer;
    config = dialer.config();
  }

  String authority() {
    return dialer.authority();
  }

  String basePath() {
    return dialer.basePath();
  }

  void connect(NettyAttempt attempt) {
    for (InstanceConnection next = idle.pollFirst(); next != null; next = idle.pollFirst()) {
      if (next.isUsable() && config.ticker().read() - next.idleSince() < KEEP_ALIVE_NANOS) {
        next.use(attempt);
        return;
      }
      next.channel().close();
    }
    if (connecting >= MAX_CONNECTING) {
      waiting.add(attempt);
    } else {
      open(attempt);
    }
  }

  private void open(NettyAttempt attempt) {
    connecting++;
    InstanceConnection made = new InstanceConnection(this);
    dialer.dial(made::addTo, (channel, failure) -> opened(attempt, made, channel, failure));
  }

  private void opened(
      NettyAttempt attempt,
      InstanceConnection made,
      @Nullable Channel channel,
      @Nullable Throwable failure) {
    connecting--;
    if (channel == null) {
      attempt.notConnected(failure == null ? new IOException("not connected") : failure);
    } else if (attempt.isCancelled() || closed) {
      channel.close();
      attempt.notConnected(new IllegalStateException("Canceled"));
    } else {
      made.use(attempt);
    }
    serveWaiting();
  }

  private void serveWaiting() {
    while (!waiting.isEmpty() && (!idle.isEmpty() || connecting < MAX_CONNECTING)) {
      NettyAttempt next = waiting.remove();
      if (!next.isCancelled()) {
        connect(next);
      }
    }
  }

  void giveBack(InstanceConnection connection) {
    if (closed || idle.size() >= MAX_IDLE) {
      connection.channel().close();
    } else {
      connection.idleSince(config.ticker().read());
      idle.addFirst(connection);
      serveWaiting();
    }
  }

  void remove(InstanceConnection connection) {
    idle.remove(connection);
  }

  void evictIdle() {
    long now = config.ticker().read();
    while (!idle.isEmpty() && now - idle.peekLast().idleSince() > KEEP_ALIVE_NANOS) {
      idle.removeLast().channel().close();
    }
  }

  /** Closes the idle connections; exchanges under way may finish. */
  void close() {
    closed = true;
    for (InstanceConnection next = idle.poll(); next != null; next = idle.poll()) {
      next.channel().close();
    }
  }
}
