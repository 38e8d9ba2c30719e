package dev.autodeploy.internal.probe;

import dev.autodeploy.internal.net.HostLookup;
import dev.autodeploy.internal.util.Durations;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * One request to an instance that is not a caller's, on a connection of its own, with one end for
 * all of it: an instance that drips, or takes no bytes, keeps nobody longer than one that is
 * silent. Neither proxies, cookies nor passwords of the host application are used.
 */
final class InstanceExchange implements AutoCloseable {
  private static final int CONNECT_MILLIS = 2000;

  private final String what;
  private final Socket socket = new Socket(Proxy.NO_PROXY);
  private final CompletableFuture<Void> end = new CompletableFuture<>();
  private volatile boolean late;

  private @Nullable ResponseReader response;

  private InstanceExchange(String what) {
    this.what = what;
  }

  /**
   * Sends a request and waits for the head of its answer.
   *
   * @param fields the header fields, beside those that every request has
   * @param body the body, or null for none
   * @param timeout the time for the whole exchange
   * @throws IOException if there is no answer in time
   */
  static InstanceExchange begin(
      URI address,
      String method,
      Map<String, String> fields,
      byte @Nullable [] body,
      Duration timeout)
      throws IOException {
    InstanceExchange exchange = new InstanceExchange(method + " " + target(address));
    try {
      exchange.start(address, method, fields, body, timeout);
      return exchange;
    } catch (IOException e) {
      exchange.close();
      if (exchange.isLate(e)) {
        throw new IOException(
            exchange.what + " was not answered within " + Durations.text(timeout), e);
      }
      throw e;
    } catch (RuntimeException e) {
      exchange.close();
      throw e;
    }
  }

  private boolean isLate(IOException e) {
    return late || e instanceof SocketTimeoutException;
  }

  private void start(
      URI address,
      String method,
      Map<String, String> fields,
      byte @Nullable [] body,
      Duration timeout)
      throws IOException {
    int millis = (int) Math.max(1, timeout.toMillis());
    end.orTimeout(millis, TimeUnit.MILLISECONDS).whenComplete(this::over);
    byte[] head = head(address, method, fields, body);
    Socket connected = connected(address, Math.min(millis, CONNECT_MILLIS));
    connected.setSoTimeout(millis);
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.write(head);
    request.write(body == null ? new byte[0] : body);
    request.writeTo(connected.getOutputStream());
    response = new ResponseReader(new BufferedInputStream(connected.getInputStream()), what);
    response.readHead(method);
  }

  private void over(@Nullable Void done, @Nullable Throwable timeIsOver) {
    late = timeIsOver != null;
    try {
      socket.close(); // the bare one, which waits for nobody
    } catch (IOException e) {
      // nothing is left to be done
    }
  }

  private Socket connected(URI address, int millis) throws IOException {
    URL url = address.toURL(); // which knows hosts that a URI does not: a_b
    String host = url.getHost();
    int port = url.getPort() < 0 ? url.getDefaultPort() : url.getPort();
    socket.connect(new InetSocketAddress(HostLookup.system().find(host, millis), port), millis);
    if (!url.getProtocol().equals("https")) {
      return socket;
    }
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    SSLSocket encrypted = (SSLSocket) factory.createSocket(socket, host, port, true);
    SSLParameters parameters = encrypted.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    encrypted.setSSLParameters(parameters);
    encrypted.startHandshake();
    return encrypted;
  }

  private static byte[] head(
      URI address, String method, Map<String, String> fields, byte @Nullable [] body)
      throws IOException {
    Map<String, String> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    all.put("Accept", "*/*");
    all.putAll(fields);
    all.put("Host", address.toURL().getAuthority());
    all.put("Connection", "close");
    if (body != null) {
      all.put("Content-Length", String.valueOf(body.length));
    }
    StringBuilder head = new StringBuilder(method + " " + target(address) + " HTTP/1.1\r\n");
    for (Map.Entry<String, String> field : all.entrySet()) {
      head.append(field.getKey()).append(": ").append(field.getValue()).append("\r\n");
    }
    return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String target(URI address) {
    String path = address.getRawPath().isEmpty() ? "/" : address.getRawPath();
    return address.getRawQuery() == null ? path : path + "?" + address.getRawQuery();
  }

  private ResponseReader response() {
    if (response == null) {
      throw new IllegalStateException("not begun");
    }
    return response;
  }

  /** Returns the status of the answer. */
  int status() {
    return response().status();
  }

  /**
   * Returns the beginning of the answer's body: of one that goes on, what came in time.
   *
   * @throws IOException if the connection breaks
   */
  String text() throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try {
      response().readBody(text);
    } catch (IOException e) {
      if (!isLate(e)) {
        throw e;
      }
    }
    return text.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    end.complete(null);
  }
}
