package dev.autodeploy.servlet;

import dev.autodeploy.proxy.gateway.BlockingExchange;
import dev.autodeploy.proxy.gateway.Gateway;
import dev.autodeploy.proxy.gateway.HostCredentials;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.RequestHead;
import dev.autodeploy.proxy.gateway.Transfers;
import dev.autodeploy.proxy.gateway.Workers;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An asynchronous exchange of a servlet container. It runs on threads of the link, so that it keeps
 * none of the container's.
 *
 * <p>The servlet API has no way to break a connection. A response is cut off by a dispatch back to
 * the servlet, which throws: containers then close the connection. A read or write that waits for
 * the client ends with the container's own timeout, or when the client moves.
 */
final class ServletExchange implements BlockingExchange, AsyncListener {
  /** The request attribute that makes the servlet throw. */
  static final String BROKEN = "dev.autodeploy.servlet.broken";

  private static final Logger LOG = LoggerFactory.getLogger(ServletExchange.class);

  /**
   * The fields of the request with which a client has changed to HTTP/2, which has none of them.
   */
  private static final Set<String> OF_A_CONNECTION =
      Set.of("connection", "upgrade", "http2-settings", "keep-alive", "proxy-connection");

  private static final Pattern NUMBERS = Pattern.compile("[0-9]+(\\.[0-9]+){3}");

  private final HttpServletRequest request;
  private final HttpServletResponse response;
  private final AsyncContext async;
  private final Gateway gateway;
  private final Workers workers;
  private final Transfers transfers = new Transfers();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicBoolean addressesAreReal;
  private final boolean forwarded;
  private final RequestHead head;
  private final InputStream body;
  private volatile @Nullable Runnable whenGone;
  private volatile boolean gone;

  /**
   * Begins an exchange.
   *
   * @param request the request, in which no asynchronous processing has begun
   * @param addressesAreReal whether any connection was found that has a request's addresses
   * @param credentials tells which credentials are the application's
   */
  ServletExchange(
      HttpServletRequest request,
      HttpServletResponse response,
      Gateway gateway,
      Workers workers,
      AtomicBoolean addressesAreReal,
      ApplicationCredentials credentials)
      throws IOException {
    this.request = request;
    this.response = response;
    this.gateway = gateway;
    this.workers = workers;
    this.addressesAreReal = addressesAreReal;
    forwarded = isForwarded(request);
    head = head(request, credentials.of(request));
    async = request.startAsync(request, response);
    async.setTimeout(0); // the link has its own
    async.addListener(this);
    body =
        head.bodyLength() == 0
            ? InputStream.nullInputStream()
            : transfers.watch(request.getInputStream());
  }

  private static RequestHead head(HttpServletRequest request, HostCredentials credentials) {
    HttpHeaders fields = new HttpHeaders();
    boolean http2 = request.getProtocol().equals("HTTP/2.0");
    for (String name : Collections.list(request.getHeaderNames())) {
      if (http2 && OF_A_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
        continue;
      }
      for (String value : Collections.list(request.getHeaders(name))) {
        fields.add(name, value);
      }
    }
    if (http2 && fields.first("Host") == null) {
      fields.add("Host", authority(request));
    }
    String query = request.getQueryString();
    String path = ApplicationCredentials.withoutSession(request);
    return new RequestHead(
        request.getMethod(),
        query == null ? path : path + "?" + query,
        http2 ? "HTTP/2" : request.getProtocol(),
        fields,
        bodyLength(request, fields),
        address(request.getRemoteAddr(), request.getRemotePort()),
        address(request.getLocalAddr(), request.getLocalPort()),
        request.isSecure(),
        request.getContextPath(),
        credentials,
        null);
  }

  /** Returns what HTTP/2 has in a field of its own, which containers do not show as one. */
  static String authority(HttpServletRequest request) {
    String host = request.getServerName();
    int port = request.getServerPort();
    return port <= 0 || port == (request.isSecure() ? 443 : 80) ? host : host + ":" + port;
  }

  private static long bodyLength(HttpServletRequest request, HttpHeaders fields) {
    if (fields.first("Transfer-Encoding") != null) {
      return RequestHead.CHUNKED;
    }
    long length = request.getContentLengthLong();
    boolean framed = request.getProtocol().startsWith("HTTP/1.");
    return length >= 0 || framed ? Math.max(0, length) : RequestHead.CHUNKED; // in HTTP/2's frames
  }

  /** Returns the address that a proxy says, which may be none; nothing is looked up. */
  static InetSocketAddress address(@Nullable String host, int port) {
    boolean isNumber = host != null && (host.indexOf(':') >= 0 || NUMBERS.matcher(host).matches());
    return new InetSocketAddress(
        host != null && isNumber ? host : "0.0.0.0", Math.max(0, Math.min(port, 65_535)));
  }

  @Override
  public RequestHead request() {
    return head;
  }

  @Override
  public Relay relay() {
    return gateway.blockingRelay(this);
  }

  @Override
  public InputStream requestBody() {
    return body;
  }

  @Override
  public OutputStream respond(int status, HttpHeaders fields, long length) throws IOException {
    boolean withoutBody =
        length == 0 || status == 204 || status == 304 || head.method().equals("HEAD");
    response.setStatus(status);
    for (int i = 0; i < fields.size(); i++) {
      addHeader(fields.name(i), fields.value(i));
    }
    if (length > 0
        || (withoutBody && fields.first("Content-Length") == null && needsLength(status))) {
      response.setContentLengthLong(length);
    }
    if (withoutBody) {
      transfers.run(response::flushBuffer);
      return OutputStream.nullOutputStream();
    }
    // Closing is the container's, once the exchange is complete.
    return transfers.watch(response.getOutputStream(), step -> {});
  }

  private boolean needsLength(int status) {
    return status >= 200 && status != 204 && status != 304 && !head.method().equals("HEAD");
  }

  private void addHeader(String name, String value) {
    if (name.equalsIgnoreCase("Connection")) {
      if (head.version().startsWith("HTTP/1.")) {
        response.setHeader(name, value);
      }
    } else if (name.equalsIgnoreCase("Date") || name.equalsIgnoreCase("Server")) {
      response.setHeader(name, value); // the container may have put its own there
    } else {
      response.addHeader(name, value);
    }
  }

  @Override
  public void complete() {
    end(async::complete);
  }

  @Override
  public void abort() {
    end(
        () -> {
          if (response.isCommitted()) {
            request.setAttribute(BROKEN, true);
            async.dispatch();
          } else {
            response.setStatus(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
            addHeader("Connection", "close");
            async.complete();
          }
        });
  }

  @Override
  public void abandon() {
    abort();
  }

  /** Ends the exchange, unless the container has done so by itself, as the client has left. */
  private void end(Runnable step) {
    if (ended.compareAndSet(false, true)) {
      try {
        step.run();
      } catch (IllegalStateException e) {
        LOG.debug("The container had ended an exchange before the link", e);
      }
    }
  }

  @Override
  public void breakTransfer() {
    transfers.breakOff();
  }

  @Override
  public long transferringSince() {
    return transfers.since();
  }

  @Override
  public long clientNanos() {
    return transfers.nanos();
  }

  @Override
  public void whenDone(CompletableFuture<?> future, Runnable next) {
    future.whenComplete((value, error) -> workers.execute(next));
  }

  /**
   * A valve, filter or customizer may have replaced the addresses by what a proxy says; where a
   * proxy says it in front of HTTP, none of them is that of a connection.
   */
  @Override
  public boolean hasOwnAddresses() {
    return !forwarded && addressesAreReal.get();
  }

  @Override
  public void connectionSeen() {
    addressesAreReal.set(true);
  }

  private static boolean isForwarded(HttpServletRequest request) {
    ServletRequest inner = request;
    while (inner instanceof ServletRequestWrapper wrapper) {
      inner = wrapper.getRequest();
    }
    return inner.getAttribute("org.apache.catalina.AccessLog.RemoteAddr") != null
        || (inner instanceof HttpServletRequest http
            && (http.getHeader("Forwarded") != null || http.getHeader("X-Forwarded-For") != null));
  }

  @Override
  public void onClientGone(Runnable then) {
    whenGone = then;
    if (gone) {
      then.run();
    }
  }

  @Override
  public void onError(AsyncEvent event) {
    gone = true;
    Runnable then = whenGone;
    if (then != null) {
      then.run();
    }
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    // There is none.
  }

  @Override
  public void onStartAsync(AsyncEvent event) {
    // Nobody starts it again.
  }

  @Override
  public void onComplete(AsyncEvent event) {
    ended.set(true);
  }
}
