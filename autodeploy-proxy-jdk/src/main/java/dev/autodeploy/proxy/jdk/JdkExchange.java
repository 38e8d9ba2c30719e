package dev.autodeploy.proxy.jdk;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsExchange;
import dev.autodeploy.proxy.gateway.BlockingExchange;
import dev.autodeploy.proxy.gateway.Gateway;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.RequestHead;
import dev.autodeploy.proxy.gateway.Transfers;
import dev.autodeploy.proxy.gateway.Workers;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * An exchange of the JDK's server.
 *
 * <p>While it waits it either blocks its virtual thread, or the handler returns and a worker
 * finishes it ("detached"): that the server leaves an exchange alone after the handler has returned
 * is how it is built, on all versions from 17 to 25, though no document promises it. The two ways
 * differ in how a response is cut off: a handler throws, which closes the connection and forgets
 * it; a detached exchange can only break the channel, and the server keeps a small object for it.
 */
final class JdkExchange implements BlockingExchange {
  /** The longest rest of a body that is read away instead of ending the connection. */
  private static final long SHORT_BODY = 64 * 1024;

  private final HttpExchange http;
  private final Gateway gateway;
  private final Workers workers;
  private final DetachedAborts aborts;
  private final UnfinishedHeads heads;
  private final Transfers transfers = new Transfers();
  private final RequestHead head;
  private final InputStream body;
  private boolean detached;
  private boolean broken;
  private boolean responded;
  private @Nullable OutputStream early;
  private @Nullable Pending pending;

  /** The wait of a virtual thread, and the work after it. */
  private record Pending(CompletableFuture<?> future, Runnable next) {}

  JdkExchange(
      HttpExchange http,
      Gateway gateway,
      Workers workers,
      DetachedAborts aborts,
      UnfinishedHeads heads) {
    this.http = http;
    this.gateway = gateway;
    this.workers = workers;
    this.aborts = aborts;
    this.heads = heads;
    body = transfers.watch(http.getRequestBody());
    head = head(http);
  }

  private static RequestHead head(HttpExchange http) {
    HttpHeaders fields = new HttpHeaders();
    for (Map.Entry<String, List<String>> field : http.getRequestHeaders().entrySet()) {
      for (String value : field.getValue()) {
        fields.add(field.getKey(), value == null ? "" : value);
      }
    }
    return new RequestHead(
        http.getRequestMethod(),
        http.getRequestURI().toString(),
        version(http.getProtocol()),
        fields,
        bodyLength(fields),
        http.getRemoteAddress(),
        http.getLocalAddress(),
        http instanceof HttpsExchange);
  }

  /** The server takes any word for a version, also that of another protocol. */
  private static String version(String word) {
    return word.startsWith("HTTP/1.") ? word : "unknown";
  }

  /**
   * Reads the length as the server does: a request that can be read otherwise is refused by the
   * guard.
   */
  private static long bodyLength(HttpHeaders fields) {
    if (fields.first("Transfer-Encoding") != null) {
      return RequestHead.CHUNKED;
    }
    String length = fields.first("Content-Length");
    try {
      return length == null ? 0 : Long.parseLong(length);
    } catch (NumberFormatException e) {
      return 0;
    }
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
  public void readAhead(ReadStep step) throws IOException {
    heads.reading(transfers, head.remote().getAddress(), step::run);
  }

  @Override
  public OutputStream respond(int status, HttpHeaders fields, long length) throws IOException {
    Headers headers = http.getResponseHeaders();
    for (int i = 0; i < fields.size(); i++) {
      if (fields.name(i).equalsIgnoreCase("Connection")) {
        headers.set("Connection", fields.value(i)); // the server may have put its own there
      } else {
        headers.add(fields.name(i), fields.value(i));
      }
    }
    boolean unread = bodyUnread();
    if (unread
        && (head.bodyLength() > SHORT_BODY || head.bodyLength() == RequestHead.CHUNKED)
        && headers.getFirst("Connection") == null) {
      headers.set("Connection", "close");
    }
    boolean bodiless = status == 204 || status == 304 || head.method().equals("HEAD");
    // A head without a body would end the exchange, and with it the connection, at once.
    boolean withoutBody = bodiless || (length == 0 && !(unread && isHttp11()));
    // To the server 0 means chunked and -1 means nothing; see HttpExchange.sendResponseHeaders.
    long framing = withoutBody ? -1 : Math.max(0, length);
    responded = true;
    transfers.run(() -> http.sendResponseHeaders(status, framing));
    if (withoutBody) {
      return OutputStream.nullOutputStream();
    }
    OutputStream out = http.getResponseBody();
    if (!unread) {
      return transfers.watch(out, this::closing);
    }
    early = out;
    return transfers.watch(out, close -> transfers.run(out::flush));
  }

  private boolean isHttp11() {
    return head.version().equals("HTTP/1.1");
  }

  /** Returns whether the client may still be sending. */
  private boolean bodyUnread() {
    long length = head.bodyLength();
    return length != 0
        && !transfers.inputEnded()
        && (length == RequestHead.CHUNKED || transfers.inputRead() < length);
  }

  @Override
  public void complete() {
    close();
  }

  @Override
  public void abort() {
    if (!detached) {
      broken = true; // endOfHandler throws
      return;
    }
    aborts.count();
    // An interrupted write closes the channel. Closing the stream would end a chunked response as
    // if
    // it were complete.
    Thread.currentThread().interrupt();
    try {
      OutputStream out = http.getResponseBody();
      out.write(0);
      out.flush();
    } catch (IOException | RuntimeException e) {
      // As intended.
    } finally {
      Thread.interrupted();
      http.close();
    }
  }

  @Override
  public void abandon() {
    if (!detached) {
      broken = true;
      return;
    }
    // Answering is the only way to make the server forget the connection; if the client has reset
    // it even that fails.
    try {
      if (responded) {
        throw new IOException("the answer has begun");
      }
      http.getResponseHeaders().set("Connection", "close");
      http.sendResponseHeaders(503, -1);
    } catch (IOException e) {
      aborts.count();
    }
    http.close();
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
    if (future.isDone()) {
      next.run();
    } else if (workers.virtual()) {
      pending = new Pending(future, next); // endOfHandler waits: a short stack is kept cheaply
    } else {
      detached = true;
      future.whenComplete((value, error) -> workers.execute(next));
    }
  }

  /**
   * Ends the handler: waits for what the exchange waits for, unless that goes on on another thread.
   *
   * @throws IOException if the response is to be cut off; the server then closes the connection
   */
  void endOfHandler() throws IOException {
    for (Pending step = pending; step != null; step = pending) {
      pending = null;
      try {
        step.future.get();
      } catch (ExecutionException | CancellationException e) {
        // The outcome is checked in the next step.
      } catch (InterruptedException e) {
        step.future.cancel(false);
      }
      step.next.run();
    }
    if (!detached && broken) {
      throw new IOException("the exchange was broken off");
    }
  }

  /** Closing reads what is left of the request's body. */
  private void closing(Transfers.Step step) throws IOException {
    if (!bodyUnread()) {
      step.run();
    } else {
      heads.lingering(transfers, head.remote().getAddress(), step);
    }
  }

  private void close() {
    try {
      closing(() -> transfers.run(this::closeStreams));
    } catch (IOException e) {
      if (early == null) {
        http.close();
      } else {
        abort(); // the server may have lost count of the body, and would fail again
      }
    }
  }

  /** Ends the response before what is left of the body is read away: its client may wait for it. */
  private void closeStreams() throws IOException {
    OutputStream out = early;
    if (out != null) {
      out.close();
    }
    http.close();
  }
}
