package dev.autodeploy.proxy.netty;

import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.net.HostLookup;
import dev.autodeploy.internal.net.ListeningSockets;
import dev.autodeploy.proxy.gateway.BodyPace;
import dev.autodeploy.proxy.gateway.Gateway;
import dev.autodeploy.proxy.gateway.GatewayConfig;
import dev.autodeploy.proxy.gateway.LinkSettings;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelMatchers;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Netty side of a proxy: its loops, its listening sockets, the connections of its clients, and
 * the threads for code of the host application, which must not run on a loop.
 */
final class Front {
  private static final Logger LOG = LoggerFactory.getLogger(Front.class);

  private static final int BACKLOG = 4096;
  private static final int MAX_THREADS = 512;

  /** The time in which a client that is still there sends its next request, or none. */
  private static final long RECENT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** The time that clients get to close their side of a connection. */
  private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final EventLoopGroup loops;
  private final ExecutorService threads;
  private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final ReadAhead readAhead;
  private final BodyPace noPace;
  private final InstancePools pools;
  private final GatewayConfig config;
  private final Gateway gateway;
  private final Duration headTimeout;
  private final FrontLimits limits;
  private final WaitingClients unfinishedHeads;
  private final WaitingClients idle;
  private final @Nullable SSLContext tls;

  Front(LinkSettings settings, FrontLimits limits, Function<String, URI> link) {
    this.limits = limits;
    unfinishedHeads = new WaitingClients(limits.maxUnfinishedHeads());
    idle = new WaitingClients(limits.maxIdleConnections());
    readAhead = new ReadAhead(limits.readAheadBytes());
    config = settings.toConfig(link, false);
    noPace = new BodyPace(config.ticker(), BodyPace.Limits.NONE);
    headTimeout = settings.headTimeout();
    tls = settings.sslContext();
    AtomicInteger loop = new AtomicInteger();
    loops =
        new MultiThreadIoEventLoopGroup(
            Math.max(1, Runtime.getRuntime().availableProcessors()),
            (ThreadFactory) task -> daemon(new FastThreadLocalThread(task, name("loop", loop))),
            NioIoHandler.newFactory());
    AtomicInteger thread = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            0,
            MAX_THREADS,
            30,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> daemon(new Thread(task, name("check", thread))));
    pools = new InstancePools(config, HostLookup.system());
    gateway = new Gateway(config, pools::evictIdle);
  }

  private static String name(String role, AtomicInteger number) {
    return "autodeploy-proxy-" + role + "-" + number.getAndIncrement();
  }

  private static Thread daemon(Thread thread) {
    thread.setDaemon(true);
    return thread;
  }

  Gateway gateway() {
    return gateway;
  }

  GatewayConfig config() {
    return config;
  }

  InstancePools pools() {
    return pools;
  }

  ReadAhead readAhead() {
    return readAhead;
  }

  /** Returns the pace of requests without a body, for which nobody waits. */
  BodyPace noPace() {
    return noPace;
  }

  /**
   * Passes a request to the gateway, on a thread where code of the host application may run.
   *
   * @param exchange the request
   * @param dedicatedTo the deployment that the port belongs to, or null
   */
  void handle(NettyExchange exchange, @Nullable String dedicatedTo) {
    runBlocking(exchange, () -> gateway.handle(exchange, dedicatedTo));
  }

  /** Continues with a request, on a thread where code of the host application may run. */
  void runBlocking(NettyExchange exchange, Runnable next) {
    if (!gateway.mayBlock(exchange.request())) {
      next.run();
      return;
    }
    try {
      threads.execute(next);
    } catch (RejectedExecutionException e) {
      LOG.warn("All threads for access checks are busy; a request is cut off");
      exchange.abort();
    }
  }

  ChannelGroup channels() {
    return channels;
  }

  WaitingClients unfinishedHeads() {
    return unfinishedHeads;
  }

  /** Returns the connections that are open for another request. */
  WaitingClients idle() {
    return idle;
  }

  Duration tunnelSilence() {
    return limits.tunnelSilence();
  }

  Duration headTimeout() {
    return headTimeout;
  }

  void onEvent(DeploymentEvent event) {
    gateway.onEvent(event);
    if (event instanceof DeploymentEvent.InstanceReleased released) {
      pools.drop(released.instanceId());
    } else if (event instanceof DeploymentEvent.InstanceExited exited) {
      pools.drop(exited.instanceId());
    }
  }

  /**
   * Listens.
   *
   * @param address where
   * @param dedicated the deployment that the port belongs to, or null
   */
  ListeningSockets<Channel> listen(InetSocketAddress address, @Nullable String dedicated)
      throws IOException {
    return ListeningSockets.open(
        address,
        one -> bind(one, dedicated),
        channel -> ((InetSocketAddress) channel.localAddress()).getPort(),
        channel -> channel.close().syncUninterruptibly());
  }

  private Channel bind(InetSocketAddress address, @Nullable String dedicated) throws IOException {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            // The adaptive one, Netty's default, makes big buffers dear on JDK 25.
            .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .childOption(ChannelOption.RECVBUF_ALLOCATOR, Sockets.READS)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, Sockets.WRITES)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accept(channel, dedicated);
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    Throwable failure = bound.cause();
    if (failure != null) {
      throw failure instanceof IOException io ? io : new IOException(failure.getMessage(), failure);
    }
    channels.add(bound.channel());
    return bound.channel();
  }

  private void accept(Channel channel, @Nullable String dedicated) {
    channels.add(channel);
    KeepAlive.hasten(channel);
    if (tls != null) {
      SSLEngine engine = tls.createSSLEngine();
      engine.setUseClientMode(false);
      engine.setHandshakeApplicationProtocolSelector((same, offered) -> protocol(offered));
      SslHandler handler = new SslHandler(engine);
      handler.setHandshakeTimeoutMillis(headTimeout.toMillis());
      handler.handshakeFuture().addListener(done -> refuseAnotherHandshake(engine));
      channel.pipeline().addLast(handler);
    }
    StrictRequestDecoder decoder = new StrictRequestDecoder();
    channel
        .pipeline()
        .addLast(decoder, new ClientConnection(this, decoder, dedicated, tls != null));
  }

  /**
   * Up to TLS 1.2 a client can ask for one handshake after the other on its connection, each of
   * which costs this side much and the client little. Without a cipher suite it gets none.
   */
  private static void refuseAnotherHandshake(SSLEngine engine) {
    if (!engine.getSession().getProtocol().equals("TLSv1.3")) {
      engine.setEnabledCipherSuites(new String[0]);
    }
  }

  /** Returns which of the protocols that a client offers is spoken, or "" for none. */
  private static String protocol(List<String> offered) {
    if (offered.contains("h2")) {
      return "h2";
    }
    return offered.contains("http/1.1") ? "http/1.1" : "";
  }

  private void goAway(Channel channel) {
    channel
        .eventLoop()
        .execute(
            () -> {
              Http2ClientConnection connection =
                  channel.pipeline().get(Http2ClientConnection.class);
              if (connection != null) {
                connection.goAway();
              }
            });
  }

  /**
   * Waits for clients that are between two requests: whoever has been served a moment ago may send
   * another one at any time, and is told then, in a response, that there are no more.
   */
  private void awaitLastRequests(Duration drainTimeout) {
    long begun = System.nanoTime();
    long most = Math.min(RECENT_NANOS, drainTimeout.toNanos());
    await(() -> idle.isAnySince(begun - RECENT_NANOS), most);
  }

  /** Ends the connections; a client that sends just now sees the end of its own, and no reset. */
  private void endConnections() {
    channels.close(ChannelMatchers.isServerChannel()).awaitUninterruptibly(1, TimeUnit.SECONDS);
    for (Channel channel : channels) {
      channel.eventLoop().execute(() -> end(channel));
    }
    await(() -> !channels.isEmpty(), LINGER_NANOS);
    channels.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
  }

  private static void end(Channel channel) {
    ClientConnection connection = channel.pipeline().get(ClientConnection.class);
    if (connection == null) {
      channel.close();
    } else {
      connection.end();
    }
  }

  private static void await(BooleanSupplier condition, long nanos) {
    long begun = System.nanoTime();
    while (condition.getAsBoolean()
        && System.nanoTime() - begun < nanos
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /** Drains, then closes every connection. Blocks. */
  void close(Duration drainTimeout) {
    channels.forEach(this::goAway);
    gateway.drain(drainTimeout);
    awaitLastRequests(drainTimeout);
    endConnections();
    gateway.close();
    pools.close();
    threads.shutdownNow();
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
  }
}
