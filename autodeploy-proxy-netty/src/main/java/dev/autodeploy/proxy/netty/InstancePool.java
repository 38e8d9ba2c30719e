package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.GatewayConfig;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The connections of one loop to one instance. */
final class InstancePool {
  /** Less than the 5 seconds after which common servers hang up. */
  private static final long KEEP_ALIVE_NANOS = Duration.ofSeconds(4).toNanos();

  private static final int MAX_IDLE = 512;

  /** So many connections are opened at once: an instance that has just started gets no flood. */
  private static final int MAX_CONNECTING = 64;

  private final URI endpoint;
  private final String host;
  private final int port;
  private final String basePath;
  private final GatewayConfig config;
  private final EventLoop loop;
  private final Executor resolver;
  private final Deque<InstanceConnection> idle = new ArrayDeque<>();
  private final Deque<NettyAttempt> waiting = new ArrayDeque<>();
  private @Nullable SslContext tls;
  private int connecting;
  private boolean closed;

  InstancePool(URI endpoint, GatewayConfig config, EventLoop loop, Executor resolver) {
    this.endpoint = endpoint;
    this.config = config;
    this.loop = loop;
    this.resolver = resolver;
    String name = String.valueOf(endpoint.getHost());
    host = name.startsWith("[") ? name.substring(1, name.length() - 1) : name;
    port = endpoint.getPort() >= 0 ? endpoint.getPort() : isTls() ? 443 : 80;
    String path = endpoint.getRawPath();
    basePath = path == null ? "" : path.replaceAll("/+$", "");
  }

  private boolean isTls() {
    return "https".equalsIgnoreCase(endpoint.getScheme());
  }

  /** Returns the context of all connections, as it reads the JVM's certificates when it is made. */
  private SslContext tls() throws SSLException {
    SslContext known = tls;
    if (known == null) {
      known =
          SslContextBuilder.forClient()
              .sslProvider(SslProvider.JDK)
              .endpointIdentificationAlgorithm("HTTPS")
              .build();
      tls = known;
    }
    return known;
  }

  String authority() {
    return String.valueOf(endpoint.getRawAuthority());
  }

  String basePath() {
    return basePath;
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
    if (NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host)) {
      open(attempt, new InetSocketAddress(host, port));
      return;
    }
    resolver.execute( // it may block
        () -> {
          InetSocketAddress address = new InetSocketAddress(host, port);
          loop.execute(() -> open(attempt, address));
        });
  }

  private void open(NettyAttempt attempt, InetSocketAddress address) {
    if (address.isUnresolved()) {
      opened(attempt, null, new UnknownHostException(host));
      return;
    }
    InstanceConnection made = new InstanceConnection(this);
    ChannelFuture connect =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(
                ChannelOption.AUTO_CLOSE, false) // a response may be there though a write failed
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(
                ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(512, 4096, 65536))
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                (int) Math.min(Integer.MAX_VALUE, Math.max(1, config.connectTimeout().toMillis())))
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) throws SSLException {
                    if (isTls()) {
                      channel.pipeline().addLast(tls().newHandler(channel.alloc(), host, port));
                    }
                    made.addTo(channel.pipeline());
                  }
                })
            .connect(address);
    connect.addListener(done -> opened(attempt, made, done.cause()));
  }

  private void opened(
      NettyAttempt attempt, @Nullable InstanceConnection made, @Nullable Throwable failure) {
    connecting--;
    if (failure != null || made == null) {
      attempt.notConnected(failure == null ? new UnknownHostException(host) : failure);
    } else if (attempt.isCancelled() || closed) {
      made.channel().close();
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
