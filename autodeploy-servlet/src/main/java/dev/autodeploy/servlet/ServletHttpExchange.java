package dev.autodeploy.servlet;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.Principal;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An exchange of a servlet container in the shape of the JDK's server. It is asynchronous, so that
 * a handler may return and write to the response later, as event streams do.
 */
final class ServletHttpExchange extends HttpExchange {
  private final HttpServletRequest request;
  private final HttpServletResponse response;
  private final AsyncContext async;
  private final Headers requestHeaders = new Headers();
  private final Headers responseHeaders = new Headers();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile int status = -1;
  private InputStream in;
  private @Nullable OutputStream out;

  ServletHttpExchange(HttpServletRequest request, HttpServletResponse response) throws IOException {
    this.request = request;
    this.response = response;
    for (String name : Collections.list(request.getHeaderNames())) {
      for (String value : Collections.list(request.getHeaders(name))) {
        requestHeaders.add(name, value);
      }
    }
    if (request.getProtocol().equals("HTTP/2.0") && !requestHeaders.containsKey("Host")) {
      requestHeaders.add("Host", ServletExchange.authority(request));
    }
    async = request.startAsync(request, response);
    async.setTimeout(0);
    in = request.getInputStream();
  }

  boolean responded() {
    return status != -1;
  }

  @Override
  public Headers getRequestHeaders() {
    return requestHeaders;
  }

  @Override
  public Headers getResponseHeaders() {
    return responseHeaders;
  }

  @Override
  public URI getRequestURI() {
    String path = request.getRequestURI().substring(request.getContextPath().length());
    String query = request.getQueryString();
    return URI.create(query == null ? path : path + "?" + query);
  }

  @Override
  public String getRequestMethod() {
    return request.getMethod();
  }

  @Override
  public HttpContext getHttpContext() {
    throw new UnsupportedOperationException(
        "a servlet has no context of the JDK's server; hand the path of the page to its handler");
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        async.complete();
      } catch (IllegalStateException e) {
        // The container has ended the exchange by itself, as the client has left.
      }
    }
  }

  @Override
  public InputStream getRequestBody() {
    return in;
  }

  @Override
  public OutputStream getResponseBody() {
    OutputStream body = out;
    if (body == null) {
      throw new IllegalStateException("the response has not begun");
    }
    return body;
  }

  @Override
  public void sendResponseHeaders(int code, long length) throws IOException {
    if (status != -1) {
      throw new IOException("headers already sent");
    }
    status = code;
    response.setStatus(code);
    for (Map.Entry<String, List<String>> field : responseHeaders.entrySet()) {
      boolean connection = field.getKey().equalsIgnoreCase("Connection");
      if (!connection || request.getProtocol().startsWith("HTTP/1.")) {
        field.getValue().forEach(value -> response.addHeader(field.getKey(), value));
      }
    }
    if (length > 0) {
      response.setContentLengthLong(length);
    } else if (length < 0 && code != 204 && code != 304 && !getRequestMethod().equals("HEAD")) {
      response.setContentLengthLong(0);
    }
    if (length < 0) {
      response.flushBuffer();
      out = OutputStream.nullOutputStream();
      close();
      return;
    }
    out = new Body(response.getOutputStream());
  }

  /** The end of the body is that of the exchange. */
  private final class Body extends FilterOutputStream {
    Body(OutputStream to) {
      super(to);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
      if (closed.get()) {
        throw new IOException("stream is closed");
      }
      out.write(buffer, offset, length);
    }

    @Override
    public void close() throws IOException {
      try {
        if (!closed.get()) {
          out.flush();
        }
      } finally {
        ServletHttpExchange.this.close();
      }
    }
  }

  @Override
  public InetSocketAddress getRemoteAddress() {
    return ServletExchange.address(request.getRemoteAddr(), request.getRemotePort());
  }

  @Override
  public InetSocketAddress getLocalAddress() {
    return ServletExchange.address(request.getLocalAddr(), request.getLocalPort());
  }

  @Override
  public int getResponseCode() {
    return status;
  }

  @Override
  public String getProtocol() {
    return request.getProtocol();
  }

  @Override
  public @Nullable Object getAttribute(String name) {
    return request.getAttribute(name);
  }

  @Override
  public void setAttribute(String name, @Nullable Object value) {
    request.setAttribute(name, value);
  }

  @Override
  public void setStreams(@Nullable InputStream input, @Nullable OutputStream output) {
    in = input == null ? in : input;
    out = output == null ? out : output;
  }

  @Override
  public @Nullable HttpPrincipal getPrincipal() {
    Principal user = request.getUserPrincipal();
    return user == null ? null : new HttpPrincipal(user.getName(), "application");
  }
}
