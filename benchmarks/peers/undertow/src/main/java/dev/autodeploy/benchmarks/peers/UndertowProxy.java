package dev.autodeploy.benchmarks.peers;

import io.undertow.Undertow;
import io.undertow.server.handlers.ResponseCodeHandler;
import io.undertow.server.handlers.proxy.LoadBalancingProxyClient;
import io.undertow.server.handlers.proxy.ProxyHandler;
import java.net.URI;

/** Undertow's reverse proxy in front of {@code http://127.0.0.1:<backend>}. */
public final class UndertowProxy {
  private UndertowProxy() {}

  /**
   * Starts it.
   *
   * @param args the port, and the backend's port
   */
  public static void main(String[] args) {
    // Its defaults answer 503 under this load: few connections, and a pause after each failure.
    LoadBalancingProxyClient client =
        new LoadBalancingProxyClient()
            .addHost(URI.create("http://127.0.0.1:" + args[1]))
            .setConnectionsPerThread(1024)
            .setMaxQueueSize(1024)
            .setProblemServerRetry(1);
    Undertow.builder()
        .addHttpListener(Integer.parseInt(args[0]), "127.0.0.1")
        .setHandler(
            ProxyHandler.builder()
                .setProxyClient(client)
                .setNext(ResponseCodeHandler.HANDLE_404)
                .build())
        .build()
        .start();
  }
}
