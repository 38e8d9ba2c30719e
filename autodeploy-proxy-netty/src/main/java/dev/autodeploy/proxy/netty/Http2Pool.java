package dev.autodeploy.proxy.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one loop to one instance that speaks HTTP/2: another one is opened when all
 * have as many streams as the instance allows.
 */
final class Http2Pool {
  private static final long IDLE_NANOS = Duration.ofMinutes(1).toNanos();

  private final Dialer dialer;
  private final List<Http2InstanceConnection> connections = new ArrayList<>();
  private final Deque<NettyAttempt> waiting = new ArrayDeque<>();
  private boolean connecting;
  private boolean closed;

  Http2Pool(Dialer dialer) {
    this.dialer = dialer;
  }

  Dialer dialer() {
    return dialer;
  }

  void connect(NettyAttempt attempt) {
    for (Http2InstanceConnection next : connections) {
      if (next.hasRoom()) {
        next.open(attempt);
        return;
      }
    }
    waiting.add(attempt);
    if (!connecting) {
      connecting = true;
      Http2InstanceConnection made = new Http2InstanceConnection(this);
      dialer.dial(
          (ChannelPipeline pipeline) -> made.addTo(pipeline),
          (channel, failure) -> dialed(made, channel, failure));
    }
  }

  private void dialed(
      Http2InstanceConnection made, @Nullable Channel channel, @Nullable Throwable failure) {
    if (channel == null) {
      failed(failure == null ? new IOException("not connected") : failure, false);
    } else {
      made.awaitSettings();
    }
  }

  /** The instance has said what it allows. */
  void ready(Http2InstanceConnection made) {
    connecting = false;
    if (closed) {
      made.close();
    } else {
      connections.add(made);
    }
    serveWaiting();
  }

  /**
   * A connection did not come about.
   *
   * @param failure why
   * @param reached whether the instance was there, but does not speak HTTP/2
   */
  void failed(Throwable failure, boolean reached) {
    connecting = false;
    List<NettyAttempt> all = new ArrayList<>(waiting);
    waiting.clear();
    for (NettyAttempt attempt : all) {
      if (reached) {
        attempt.broke(new IOException(failure.getMessage(), failure));
      } else {
        attempt.notConnected(failure);
      }
    }
  }

  private void serveWaiting() {
    List<NettyAttempt> all = new ArrayList<>(waiting);
    waiting.clear();
    for (NettyAttempt attempt : all) {
      if (closed) {
        attempt.notConnected(new IllegalStateException("the instance is gone"));
      } else if (!attempt.isCancelled()) {
        connect(attempt);
      }
    }
  }

  void remove(Http2InstanceConnection connection) {
    connections.remove(connection);
  }

  void evictIdle() {
    long now = dialer.config().ticker().read();
    for (Http2InstanceConnection next : List.copyOf(connections)) {
      if (next.isIdle() && now - next.idleSince() > IDLE_NANOS) {
        next.close();
      }
    }
  }

  /** Closes the idle connections, and the others when their streams have ended. */
  void close() {
    closed = true;
    List.copyOf(connections).forEach(Http2InstanceConnection::closeWhenIdle);
  }
}
