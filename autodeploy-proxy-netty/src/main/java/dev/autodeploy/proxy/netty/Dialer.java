package dev.autodeploy.proxy.netty;

import dev.autodeploy.internal.net.HostLookup;
import dev.autodeploy.proxy.gateway.GatewayConfig;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Opens connections to one instance on one loop. */
final class Dialer {
  private final URI endpoint;
  private final String host;
  private final int port;
  private final String basePath;
  private final GatewayConfig config;
  private final EventLoop loop;
  private final HostLookup lookup;
  private @Nullable SslContext tls;

  /** Is told how it went, on the loop. */
  interface Dialed {

    /**
     * A connection is there, or not.
     *
     * @param channel the connection, or null
     * @param failure why there is none, or null
     */
    void done(@Nullable Channel channel, @Nullable Throwable failure);
  }

  Dialer(URI endpoint, GatewayConfig config, EventLoop loop, HostLookup lookup) {
    this.endpoint = endpoint;
    this.config = config;
    this.loop = loop;
    this.lookup = lookup;
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

  String scheme() {
    return isTls() ? "https" : "http";
  }

  String authority() {
    return String.valueOf(endpoint.getRawAuthority());
  }

  String basePath() {
    return basePath;
  }

  EventLoop loop() {
    return loop;
  }

  GatewayConfig config() {
    return config;
  }

  /**
   * Opens a connection.
   *
   * @param handlers adds the connection's handlers
   * @param dialed is told how it went
   */
  void dial(Consumer<ChannelPipeline> handlers, Dialed dialed) {
    if (NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host)) {
      dial(handlers, new InetSocketAddress(host, port), connectMillis(), dialed);
      return;
    }
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(connectMillis());
    lookup
        .begin(host, connectMillis())
        .whenComplete(
            (address, failure) ->
                loop.execute(
                    () -> {
                      if (failure != null) {
                        dialed.done(null, failure);
                        return;
                      }
                      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                      int millis = (int) Math.max(1, left);
                      dial(handlers, new InetSocketAddress(address, port), millis, dialed);
                    }));
  }

  private int connectMillis() {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, config.connectTimeout().toMillis()));
  }

  private void dial(
      Consumer<ChannelPipeline> handlers, InetSocketAddress address, int millis, Dialed dialed) {
    ChannelFuture connect =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(
                ChannelOption.AUTO_CLOSE, false) // a response may be there though a write failed
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(ChannelOption.RECVBUF_ALLOCATOR, Sockets.READS)
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, Sockets.WRITES)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, millis)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) throws SSLException {
                    if (isTls()) {
                      channel.pipeline().addLast(tls().newHandler(channel.alloc(), host, port));
                    }
                    handlers.accept(channel.pipeline());
                  }
                })
            .connect(address);
    connect.addListener(
        done -> dialed.done(done.isSuccess() ? connect.channel() : null, done.cause()));
  }
}
