package dev.autodeploy.proxy.netty;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.contract.Await;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** An instance of HTTP/2 whose frames a test writes, with a link in front and a client. */
final class RawInstance {
  private RawInstance() {}

  /** Serves the n-th connection, counted from 1; {@code from} has read the client's preface. */
  interface Peer {
    void serve(int connection, RawHttp2 from) throws IOException;
  }

  interface Check {
    void of(RawHttp2 client, AtomicInteger connections) throws Exception;
  }

  static void with(Peer peer, Check check) throws Exception {
    with(peer, check, proxy -> {});
  }

  static void with(Peer peer, Check check, Consumer<NettyHttpProxy.Builder> settings)
      throws Exception {
    with(peer, check, settings, spec -> {});
  }

  static void with(
      Peer peer,
      Check check,
      Consumer<NettyHttpProxy.Builder> settings,
      Consumer<DeploymentSpec.Builder> deployment)
      throws Exception {
    AtomicInteger connections = new AtomicInteger();
    try (ServerSocket instance = new ServerSocket(0);
        AutoDeploy engine =
            AutoDeploy.builder()
                .provider(
                    new FixedInstance(URI.create("http://127.0.0.1:" + instance.getLocalPort())))
                .releaseOnShutdown(false)
                .drainTimeout(Duration.ofMillis(200))
                .build()) {
      Thread accepting = new Thread(() -> accept(instance, connections, peer));
      accepting.setDaemon(true);
      accepting.start();
      DeploymentSpec.Builder spec = DeploymentSpec.builder("app").port(8080).startCommand("serve");
      deployment.accept(spec);
      Deployment app = engine.deploy(spec.build());
      NettyHttpProxy.Builder front =
          NettyFront.of(engine).dedicatedPort("app", 0).connectTimeout(Duration.ofSeconds(10));
      settings.accept(front);
      try (NettyHttpProxy proxy = front.start();
          RawHttp2 client = new RawHttp2(proxy.dedicatedPort("app")).begin()) {
        check.of(client, connections);
        Await.until("all is given back", () -> app.status().inFlight() == 0);
        Await.until("no request is under way", () -> proxy.inFlight() == 0);
      }
    }
  }

  private static void accept(ServerSocket instance, AtomicInteger connections, Peer peer) {
    while (!instance.isClosed()) {
      try {
        Socket socket = instance.accept();
        Thread serving =
            new Thread(
                () -> {
                  try (RawHttp2 from = new RawHttp2(socket)) {
                    byte[] preface = new byte[24];
                    if (from.in().readNBytes(preface, 0, 24) < 24) {
                      return; // it only looked whether somebody listens
                    }
                    peer.serve(connections.incrementAndGet(), from);
                    while (from.next() != null) {
                      // until the link closes the connection
                    }
                  } catch (IOException e) {
                    return; // the test has ended
                  }
                });
        serving.setDaemon(true);
        serving.start();
      } catch (IOException e) {
        return;
      }
    }
  }
}
