package dev.autodeploy.proxy.gateway;

import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the link's own responses. Thread-safe. */
final class LinkResponder {
  private static final Logger LOG = LoggerFactory.getLogger(LinkResponder.class);

  private final ConnectionRules connections;
  private final ActiveRequests active;
  private final CorsRules cors;
  private final @Nullable ModelStep models;

  LinkResponder(
      ConnectionRules connections,
      ActiveRequests active,
      CorsRules cors,
      @Nullable ModelStep models) {
    this.models = models;
    this.connections = connections;
    this.active = active;
    this.cors = cors;
  }

  /**
   * Sends a response and ends the exchange.
   *
   * @param exchange the exchange
   * @param response the response
   * @param deployment the name that the link holds, or null for none
   */
  void send(Exchange exchange, LinkResponse response, @Nullable String deployment) {
    cors.addTo(response.headers(), exchange.request(), deployment);
    LinkResponse sent = shaped(exchange.request(), response);
    active.whileResponding(exchange, () -> write(exchange, sent));
  }

  private LinkResponse shaped(RequestHead head, LinkResponse response) {
    if (Grpc.asks(head)) {
      return Grpc.response(response);
    }
    return models == null ? response : models.shaped(head, response);
  }

  private void write(Exchange exchange, LinkResponse response) {
    byte[] body = response.body().getBytes(response.charset());
    HttpHeaders headers = response.headers();
    if (response.type() != null) {
      headers.set("Content-Type", response.type());
    }
    if (connections.closesConnection(exchange.request())) {
      headers.set("Connection", "close");
    }
    boolean headOnly = exchange.request().method().equals("HEAD");
    if (headOnly && response.status() != 204) {
      headers.set("Content-Length", Integer.toString(body.length));
    }
    try {
      OutputStream out = exchange.respond(response.status(), headers, headOnly ? 0 : body.length);
      if (!headOnly) {
        out.write(body);
        out.close();
      }
    } catch (IOException e) {
      LOG.debug("The client left before it got its response", e);
      exchange.abort();
      return;
    }
    exchange.complete();
  }
}
