package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.autodeploy.internal.net.HostLookup;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.CookieJar;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.RequestBody;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/**
 * An upstream on OkHttp, with all of its helpfulness switched off: no redirects, no retries, no
 * cookies, no decompression, no timeouts, HTTP/1.1.
 */
final class OkHttpUpstream implements Upstream {
  /**
   * The time that a connection is kept for the next exchange: less than the 5 seconds after which
   * common servers close theirs, so that hardly any request meets a connection that is just being
   * closed.
   */
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(4);

  private static final int MAX_IDLE = 512;

  /** Methods that OkHttp does not take without a body; an empty one is sent then. */
  private static final Set<String> NEEDS_BODY =
      Set.of("POST", "PUT", "PATCH", "PROPPATCH", "QUERY", "REPORT");

  private static final OkHttpClient BASE =
      new OkHttpClient.Builder()
          .protocols(List.of(Protocol.HTTP_1_1))
          .proxy(Proxy.NO_PROXY)
          .followRedirects(false)
          .followSslRedirects(false)
          .retryOnConnectionFailure(false)
          .fastFallback(false)
          .cookieJar(CookieJar.NO_COOKIES)
          .cache(null)
          .callTimeout(Duration.ZERO)
          .readTimeout(Duration.ZERO)
          .writeTimeout(Duration.ZERO)
          .addNetworkInterceptor(OkHttpUpstream::withoutAdditions)
          .build();

  private final OkHttpClient client;
  private final ConnectionPool pool;
  private final String base;

  OkHttpUpstream(URI endpoint, Duration connectTimeout, HostLookup lookup) {
    pool = new ConnectionPool(MAX_IDLE, KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS);
    int millis = (int) Math.min(Integer.MAX_VALUE, Math.max(1, connectTimeout.toMillis()));
    client =
        BASE.newBuilder()
            .connectionPool(pool)
            .connectTimeout(connectTimeout)
            .dns(host -> addresses(lookup, host, millis))
            .build();
    String path = endpoint.getRawPath();
    base =
        endpoint.getScheme()
            + "://"
            + endpoint.getRawAuthority()
            + (path == null ? "" : LinkMapping.withoutSlashes(path));
  }

  /** OkHttp knows one kind of error for a name without an address. */
  private static List<InetAddress> addresses(HostLookup lookup, String host, int millis)
      throws UnknownHostException {
    try {
      return lookup.all(host, millis);
    } catch (UnknownHostException e) {
      throw e;
    } catch (IOException e) {
      UnknownHostException unknown = new UnknownHostException(e.getMessage());
      unknown.initCause(e);
      throw unknown;
    }
  }

  /** Takes back what OkHttp adds by itself: the client's request says all that is to be said. */
  private static okhttp3.Response withoutAdditions(Interceptor.Chain chain) throws IOException {
    okhttp3.Request request = chain.request();
    Additions added = request.tag(Additions.class);
    if (added == null) {
      return chain.proceed(request);
    }
    okhttp3.Request.Builder plain = request.newBuilder();
    if (added.userAgent) {
      plain.removeHeader("User-Agent");
    }
    if (added.acceptEncoding) {
      plain.removeHeader("Accept-Encoding");
    }
    return chain.proceed(plain.build());
  }

  @Override
  public Call prepare(Request request) throws Relay.TargetException {
    HttpUrl url = HttpUrl.parse(base + request.target());
    if (url == null || !url.toString().equals(base + request.target())) {
      throw new Relay.TargetException("the URL would be rewritten");
    }
    boolean body = request.bodyLength() != 0;
    if (body && (request.method().equals("GET") || request.method().equals("HEAD"))) {
      throw new Relay.TargetException(request.method() + " with a body");
    }
    Headers.Builder headers = new Headers.Builder();
    for (int i = 0; i < request.headers().size(); i++) {
      headers.addUnsafeNonAscii(request.headers().name(i), utf8(request.headers().value(i)));
    }
    if (!request.head().leavesNoBody(400)) { // whatever is answered: afterwards is too late
      headers.set("Connection", "close"); // which OkHttp keeps to as well
    }
    boolean noEncoding = headers.get("Accept-Encoding") == null;
    if (noEncoding) {
      headers.add("Accept-Encoding", "identity"); // or OkHttp would ask for gzip, and unpack it
    }
    RequestBody requestBody =
        body || NEEDS_BODY.contains(request.method()) ? new Body(request) : null;
    okhttp3.Request.Builder builder =
        new okhttp3.Request.Builder()
            .url(url)
            .headers(headers.build())
            .method(request.method(), requestBody);
    boolean noAgent = headers.get("User-Agent") == null;
    if (noAgent || noEncoding) {
      builder.tag(Additions.class, new Additions(noAgent, noEncoding));
    }
    return new OkHttpCall(client.newCall(builder.build()), request.head(), pool);
  }

  @Override
  public void close() {
    pool.evictAll();
  }

  /** OkHttp writes header values in UTF-8; ours are one char per byte. */
  private static String utf8(String bytes) {
    return isAscii(bytes) ? bytes : new String(bytes.getBytes(ISO_8859_1), UTF_8);
  }

  private static String bytes(String utf8) {
    return isAscii(utf8) ? utf8 : new String(utf8.getBytes(UTF_8), ISO_8859_1);
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) > 0x7e) {
        return false;
      }
    }
    return true;
  }

  private record Additions(boolean userAgent, boolean acceptEncoding) {}

  private record OkHttpCall(okhttp3.Call call, Relay.Request request, ConnectionPool pool)
      implements Call {
    @Override
    public Response execute() throws IOException {
      okhttp3.Response response = call.execute();
      boolean last = !request.leavesNoBody(response.code());
      return new OkHttpResponse(response, last ? pool::evictAll : () -> {});
    }

    @Override
    public void cancel() {
      call.cancel();
    }
  }

  /** A body that is copied once, and flushed whenever the client pauses. */
  private static final class Body extends RequestBody {
    private final Request request;

    Body(Request request) {
      this.request = request;
    }

    @Override
    public @Nullable MediaType contentType() {
      return null; // the field passes as it is
    }

    @Override
    public long contentLength() {
      return request.bodyLength();
    }

    @Override
    public boolean isOneShot() {
      return true;
    }

    @Override
    public void writeTo(BufferedSink sink) throws IOException {
      byte[] buffer = new byte[8192];
      InputStream in = request.body();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        sink.write(buffer, 0, n);
        if (in.available() == 0) {
          sink.flush();
        }
      }
    }
  }

  private static final class OkHttpResponse implements Response {
    private final okhttp3.Response response;
    private final Runnable whenRead;
    private final HttpHeaders headers = new HttpHeaders();

    /**
     * Takes a response.
     *
     * @param whenRead is run at its end: OkHttp drops no single connection, but all idle ones
     */
    OkHttpResponse(okhttp3.Response response, Runnable whenRead) {
      this.response = response;
      this.whenRead = whenRead;
      Headers received = response.headers();
      for (int i = 0; i < received.size(); i++) {
        headers.add(received.name(i), bytes(received.value(i)));
      }
    }

    @Override
    public int status() {
      return response.code();
    }

    @Override
    public HttpHeaders headers() {
      return headers;
    }

    @Override
    public long bodyLength() {
      return response.body().contentLength();
    }

    @Override
    public boolean endsWithConnection() {
      return bodyLength() < 0 && headers.first("Transfer-Encoding") == null;
    }

    @Override
    public InputStream body() {
      return response.body().byteStream();
    }

    @Override
    public void close() {
      response.close();
      whenRead.run();
    }
  }
}
