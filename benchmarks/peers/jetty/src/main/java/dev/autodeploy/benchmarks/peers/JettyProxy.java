package dev.autodeploy.benchmarks.peers;

import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.proxy.ProxyHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Jetty's reverse proxy in front of {@code http://127.0.0.1:<backend>}. */
public final class JettyProxy {
  private JettyProxy() {}

  /**
   * Starts it.
   *
   * @param args the port, and the backend's port
   */
  public static void main(String[] args) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(Integer.parseInt(args[0]));
    connector.setAcceptQueueSize(1024);
    server.addConnector(connector);
    String backend = "http://127.0.0.1:" + args[1];
    server.setHandler(
        new ProxyHandler.Reverse(
            request -> HttpURI.from(backend + request.getHttpURI().getPathQuery())) {
          @Override
          protected HttpClient newHttpClient() {
            HttpClient client = super.newHttpClient();
            client.setMaxConnectionsPerDestination(1024); // 64 are fewer than the callers
            return client;
          }
        });
    server.start();
    server.join();
  }
}
