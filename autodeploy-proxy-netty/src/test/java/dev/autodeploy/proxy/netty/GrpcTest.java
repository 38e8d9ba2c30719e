package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Calls of gRPC, by grpc-js on both sides. */
final class GrpcTest extends LinkContract {
  private static final String[] CALL = {"content-type", "application/grpc", "te", "trailers"};

  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine);
  }

  private interface Check {
    void of(NettyHttpProxy proxy, Deployment app) throws Exception;
  }

  private static void with(int port, Consumer<NettyHttpProxy.Builder> settings, Check check)
      throws Exception {
    try (AutoDeploy engine =
        AutoDeploy.builder()
            .provider(new FixedInstance(URI.create("http://127.0.0.1:" + port)))
            .releaseOnShutdown(false)
            .drainTimeout(Duration.ofMillis(200))
            .build()) {
      Deployment app =
          engine.deploy(DeploymentSpec.builder("app").port(8080).startCommand("serve").build());
      NettyHttpProxy.Builder builder = NettyFront.of(engine).dedicatedPort("app", 0);
      settings.accept(builder);
      try (NettyHttpProxy proxy = builder.start()) {
        check.of(proxy, app);
        Await.until("all is given back", () -> app.status().inFlight() == 0);
        Await.until("no request is under way", () -> proxy.inFlight() == 0);
      }
    }
  }

  @Test
  void calls_ofAllKinds_pass() throws Exception {
    Node.require();
    try (Node.Server server = Node.serve("grpc-server.js")) {
      with(
          server.port(),
          proxy -> {},
          (proxy, app) -> {
            List<String> said =
                Node.run("grpc-client.js", String.valueOf(proxy.dedicatedPort("app")), "all");
            assertThat(said)
                .containsExactly(
                    "unary: hello link | please | 0 yes",
                    "chat: re: m0,re: m1,re: m2,re: m3,re: m4",
                    "fail: error 9 not today: 100 % \u00e9 because |  | 9 ",
                    said.get(3),
                    said.get(4),
                    "cancelled: 2 |  | 0 ", // as without the link
                    "big: " + (32 << 20),
                    "collect: " + (32 << 20),
                    "many: 300");
            assertThat(said.get(3)).startsWith("unknown: error 12 "); // of the service itself
            assertThat(said.get(4)).startsWith("deadline: error 4 ");
          });
    }
  }

  /** Runs with an instance that is ready, and then no longer listens. */
  private static void withNobody(Consumer<NettyHttpProxy.Builder> settings, Check check)
      throws Exception {
    ServerSocket instance = new ServerSocket(0);
    with(
        instance.getLocalPort(),
        settings,
        (proxy, app) -> {
          app.warmUp().join();
          instance.close();
          check.of(proxy, app);
        });
  }

  private static String unary(NettyHttpProxy proxy) throws Exception {
    return Node.run("grpc-client.js", "" + proxy.dedicatedPort("app"), "unary").get(0);
  }

  @Test
  void linksOwnErrors_haveAStatusOfGrpc() throws Exception {
    Node.require();
    withNobody(
        proxy -> {},
        (proxy, app) ->
            assertThat(unary(proxy)).startsWith("unary: error 14 ").contains("not be reached"));
    withNobody(
        proxy -> proxy.bearerToken("app", "0123456789abcdef"),
        (proxy, app) -> assertThat(unary(proxy)).startsWith("unary: error 16 ").contains("token"));
  }

  @Test
  void heldCall_isServed_andOneThatIsRefusedHasTrailersOnly() throws Exception {
    try (TestLink link =
            link(TestInstance.App.text("x"), spec -> {}, proxy -> proxy.maxPendingTotal(1));
        RawHttp2 client = new RawHttp2(link.port).begin()) {
      link.provider.gate = new CompletableFuture<>();
      client.request(1, "POST", "/d/app/S/M", false, CALL);
      link.awaitHeld(1);
      RawHttp2.Answer refused = client.request(3, "POST", "/d/nobody/S/M", true, CALL).answer(3);
      assertThat(refused.status()).isEqualTo(200);
      assertThat(refused.head)
          .containsEntry("grpc-status", "12")
          .containsEntry("content-type", "application/grpc")
          .doesNotContainKey("content-length");
      assertThat(refused.trailers).isEmpty();
      link.provider.gate.complete(null);
      // The instance speaks HTTP/1.1 only.
      RawHttp2.Answer broken = client.data(1, true, "x").answer(1);
      assertThat(broken.head).containsEntry("grpc-status", "14");
      link.awaitQuiet();
    }
  }

  @Test
  void instanceThatIsNotThere_isSaidSo() throws Exception {
    withNobody(
        proxy -> {},
        (proxy, app) -> {
          try (RawHttp2 client = new RawHttp2(proxy.dedicatedPort("app")).begin()) {
            client.socket.setSoTimeout(5000);
            client.request(1, "POST", "/S/M", false, CALL);
            RawHttp2.Answer answer = client.data(1, true, "x").answer(1);
            assertThat(answer.head).containsEntry("grpc-status", "14");
            assertThat(answer.head.get("grpc-message")).contains("could not be reached");
          }
        });
  }

  @Test
  void instanceThatNeverSaysItsSettings_isGivenUp() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      with(
          silent.getLocalPort(),
          proxy -> proxy.connectTimeout(Duration.ofMillis(300)),
          (proxy, app) -> {
            try (RawHttp2 client = new RawHttp2(proxy.dedicatedPort("app")).begin()) {
              RawHttp2.Answer answer = client.request(1, "POST", "/S/M", true, CALL).answer(1);
              assertThat(answer.head).containsEntry("grpc-status", "14");
            }
          });
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
