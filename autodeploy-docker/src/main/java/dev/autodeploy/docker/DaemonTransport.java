package dev.autodeploy.docker;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.RequestBody;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/**
 * HTTP transport to the Docker daemon, over a Unix socket or TCP. Every exchange of docker-java's
 * has a deadline, from the connection to the last byte of the answer; a {@link #stream} has none
 * and ends when it is closed.
 */
final class DaemonTransport implements DockerHttpClient {
  /** The length of an answer that is no stream; the list of a host's images is far below. */
  private static final long MAX_BODY_BYTES = 64 << 20;

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  private final OkHttpClient unary;
  private final OkHttpClient streaming;
  private final HttpUrl base;
  private final String basePath;

  DaemonTransport(DaemonAddress address, Duration callTimeout, Map<String, String> headers) {
    basePath = address.basePath();
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            // Daemons speak nothing else, and what stands before one may offer what it cannot do.
            .protocols(List.of(Protocol.HTTP_1_1))
            .addInterceptor(chain -> chain.proceed(with(headers, chain.request())))
            .proxy(Proxy.NO_PROXY)
            .fastFallback(false)
            .followRedirects(false)
            .connectionPool(new ConnectionPool(16, 1, TimeUnit.MINUTES))
            .connectTimeout(CONNECT_TIMEOUT)
            .readTimeout(Duration.ZERO)
            .writeTimeout(Duration.ZERO)
            .pingInterval(Duration.ZERO);
    HttpUrl.Builder url = new HttpUrl.Builder();
    if (address.isUnix()) {
      builder
          .socketFactory(UnixSocket.factory(address.socket()))
          .dns(host -> List.of(InetAddress.getLoopbackAddress()));
      url.scheme("http").host("docker.socket");
    } else if (address.certificates() == null) {
      url.scheme("http").host(bare(address.host())).port(address.port());
    } else {
      PemFiles pem = PemFiles.read(address.certificates());
      builder.sslSocketFactory(pem.context().getSocketFactory(), pem.trustManager());
      url.scheme("https").host(bare(address.host())).port(address.port());
    }
    base = url.build();
    streaming = builder.build();
    unary = streaming.newBuilder().callTimeout(callTimeout).build();
  }

  /** Returns the deadline of every exchange that has none of its own. */
  Duration callTimeout() {
    return Duration.ofMillis(unary.callTimeoutMillis());
  }

  @Override
  public Response execute(Request request) {
    Call call =
        unary.newCall(request(request.method(), request.path(), request.headers(), body(request)));
    try {
      return new Answer(call.execute(), true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends a request without a body, with the same deadline. */
  Response unary(String method, String path) {
    try {
      return new Answer(unary.newCall(request(method, path, Map.of(), null)).execute(), true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends a request with a deadline of its own, or none if it is zero. */
  Response execute(String method, String path, byte @Nullable [] json, Duration timeout) {
    OkHttpClient client = streaming.newBuilder().callTimeout(timeout).build();
    try {
      return new Answer(client.newCall(request(method, path, Map.of(), json)).execute(), true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Opens an exchange with a deadline of its own, which anybody can end before.
   *
   * @param json the body
   */
  Exchange exchange(String method, String path, byte[] json, Duration timeout) {
    OkHttpClient client = streaming.newBuilder().callTimeout(timeout).build();
    return new Exchange(client.newCall(request(method, path, Map.of(), json)));
  }

  /** The content of an upload, written while it is sent. */
  @FunctionalInterface
  interface Content {
    /**
     * Writes all of it, once.
     *
     * @param out where to
     * @throws IOException if it cannot be written
     */
    void writeTo(OutputStream out) throws IOException;
  }

  /** Opens an exchange that sends an archive of unknown length, with a deadline of its own. */
  Exchange upload(String path, Duration timeout, Content content) {
    RequestBody body =
        new RequestBody() {
          @Override
          public MediaType contentType() {
            return MediaType.get("application/x-tar");
          }

          @Override
          public boolean isOneShot() {
            return true;
          }

          @Override
          public void writeTo(BufferedSink sink) throws IOException {
            content.writeTo(sink.outputStream());
          }
        };
    OkHttpClient client = streaming.newBuilder().callTimeout(timeout).build();
    okhttp3.Request request = request("POST", path, Map.of(), null).newBuilder().post(body).build();
    return new Exchange(client.newCall(request));
  }

  /**
   * Opens an answer that goes on until somebody ends it. The exchange is handed out before it is
   * executed, so that it can be ended at any moment, the wait for the answer's head included.
   */
  Exchange stream(String method, String path, Map<String, String> headers) {
    return new Exchange(streaming.newCall(request(method, path, headers, null)));
  }

  /** Ends all exchanges and closes all connections. */
  @Override
  public void close() {
    streaming.dispatcher().cancelAll();
    streaming.connectionPool().evictAll();
  }

  private okhttp3.Request request(
      String method, String path, Map<String, String> headers, byte @Nullable [] body) {
    HttpUrl url = base.resolve(basePath + path);
    if (url == null) {
      throw new IllegalArgumentException("not a path: " + path);
    }
    RequestBody content =
        body == null ? null : RequestBody.create(body, MediaType.get("application/json"));
    if (content == null && (method.equals("POST") || method.equals("PUT"))) {
      content = RequestBody.create(new byte[0], null);
    }
    okhttp3.Request.Builder builder =
        new okhttp3.Request.Builder().url(url).method(method, content);
    headers.forEach(builder::header);
    return builder.build();
  }

  private static okhttp3.Request with(Map<String, String> headers, okhttp3.Request request) {
    if (headers.isEmpty()) {
      return request;
    }
    okhttp3.Request.Builder builder = request.newBuilder();
    headers.forEach(builder::header);
    return builder.build();
  }

  private static String bare(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private static byte @Nullable [] body(Request request) {
    if (request.hijackedInput() != null) {
      throw new UnsupportedOperationException("a hijacked connection is never needed here");
    }
    if (request.bodyBytes() != null) {
      return request.bodyBytes();
    }
    try (InputStream in = request.body()) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A streamed exchange, which {@link #close()} ends whatever state it is in. */
  static final class Exchange implements AutoCloseable {
    private final Call call;

    Exchange(Call call) {
      this.call = call;
    }

    Answer open() throws IOException {
      return new Answer(call.execute(), false);
    }

    boolean isClosed() {
      return call.isCanceled();
    }

    @Override
    public void close() {
      call.cancel();
    }
  }

  /** A response, whose body is read by the caller. */
  static final class Answer implements Response {
    private final okhttp3.Response response;
    private final InputStream body;

    Answer(okhttp3.Response response, boolean limited) {
      this.response = response;
      InputStream all = response.body().byteStream();
      this.body = limited ? new LimitedInput(all, MAX_BODY_BYTES) : all;
    }

    @Override
    public int getStatusCode() {
      return response.code();
    }

    @Override
    public Map<String, List<String>> getHeaders() {
      return response.headers().toMultimap();
    }

    @Override
    public InputStream getBody() {
      return body;
    }

    @Override
    public void close() {
      response.close();
    }
  }
}
