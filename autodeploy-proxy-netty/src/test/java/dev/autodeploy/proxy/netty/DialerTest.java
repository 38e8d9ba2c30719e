package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.Deployment;
import dev.autodeploy.internal.net.HostLookup;
import dev.autodeploy.proxy.gateway.Deployments;
import dev.autodeploy.proxy.gateway.GatewayConfig;
import dev.autodeploy.proxy.gateway.LinkSettings;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Instances whose address is a name, with a name service that hangs or answers. */
@Timeout(20)
final class DialerTest {
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final CountDownLatch answer = new CountDownLatch(1);

  @AfterEach
  void end() {
    answer.countDown();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  @Test
  void nameServiceThatHangs_isWaitedForAsLongAsForAConnection() {
    HostLookup hanging =
        new HostLookup(
            host -> {
              awaitAnswer();
              return List.of(InetAddress.getLoopbackAddress());
            });

    assertThatThrownBy(() -> dial(8080, Duration.ofMillis(50), hanging).get())
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining("the address of 'gpu.lan' was not found within 50 ms");
  }

  @Test
  void name_isThatOfTheAddressThatIsFound() throws Exception {
    HostLookup lookup = new HostLookup(host -> List.of(InetAddress.getLoopbackAddress()));
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Channel channel = dial(server.getLocalPort(), Duration.ofSeconds(5), lookup).get();
      assertThat(channel.isActive()).isTrue();
      channel.close().sync();
    }
  }

  private static final class NoDeployments implements Deployments {
    @Override
    public Optional<Deployment> find(String name) {
      return Optional.empty();
    }

    @Override
    public List<Deployment> all() {
      return List.of();
    }
  }

  private CompletableFuture<Channel> dial(int port, Duration connectTimeout, HostLookup lookup) {
    LinkSettings settings = new LinkSettings(new NoDeployments());
    settings.connectTimeout(connectTimeout);
    GatewayConfig config = settings.toConfig(name -> URI.create("http://localhost"), false);
    URI endpoint = URI.create("http://gpu.lan:" + port);
    CompletableFuture<Channel> dialed = new CompletableFuture<>();
    new Dialer(endpoint, config, loops.next(), lookup)
        .dial(
            pipeline -> {},
            (channel, failure) -> {
              if (failure != null) {
                dialed.completeExceptionally(failure);
              } else {
                dialed.complete(channel);
              }
            });
    return dialed;
  }

  private void awaitAnswer() {
    try {
      answer.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
