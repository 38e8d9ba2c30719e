package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.autodeploy.internal.net.HostLookup;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * An upstream of our own for instances at {@code http://host:port}: HTTP/1.1 as RFC 9112 has it and
 * nothing else. It sends path and query byte for byte, takes no response that could be read in two
 * ways, and does no more work than that.
 */
final class SocketUpstream implements Upstream {
  /** The time as with OkHttp: less than the 5 seconds after which common servers hang up. */
  private static final long KEEP_ALIVE_NANOS = Duration.ofSeconds(4).toNanos();

  /** A connection that was idle for longer is looked at before it is used again. */
  private static final long TRUST_NANOS = Duration.ofMillis(50).toNanos();

  private static final int MAX_IDLE = 512;

  /** The connections that are opened at once: an instance that has just started gets no flood. */
  private static final int MAX_CONNECTING = 128;

  private static final int COPY = 32 * 1024;

  private final String host;
  private final int port;
  private final String authority;
  private final String basePath;
  private final int connectMillis;
  private final HostLookup lookup;
  private final Semaphore connecting = new Semaphore(MAX_CONNECTING);
  private final Deque<UpstreamConnection> idle = new ConcurrentLinkedDeque<>();

  /** The number of idle ones; the deque itself would have to count them one by one. */
  private final AtomicInteger idleCount = new AtomicInteger();

  private volatile boolean closed;

  SocketUpstream(URI endpoint, Duration connectTimeout, HostLookup lookup) {
    this.lookup = lookup;
    host = endpoint.getHost();
    port = endpoint.getPort() < 0 ? 80 : endpoint.getPort();
    authority = endpoint.getRawAuthority();
    String path = endpoint.getRawPath();
    basePath = path == null ? "" : LinkMapping.withoutSlashes(path);
    connectMillis = (int) Math.min(Integer.MAX_VALUE, Math.max(1, connectTimeout.toMillis()));
  }

  /** Returns whether this upstream can serve an address. */
  static boolean serves(URI endpoint) {
    return "http".equalsIgnoreCase(endpoint.getScheme())
        && endpoint.getHost() != null
        && endpoint.getRawUserInfo() == null;
  }

  @Override
  public Call prepare(Request request) {
    return new SocketCall(request);
  }

  @Override
  public void evictIdle() {
    long now = System.nanoTime();
    for (UpstreamConnection connection = idle.peekLast();
        connection != null && now - connection.idleSince > KEEP_ALIVE_NANOS;
        connection = idle.peekLast()) {
      if (idle.removeLastOccurrence(connection)) {
        idleCount.decrementAndGet();
        connection.close();
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    for (UpstreamConnection next = newest(); next != null; next = newest()) {
      next.close();
    }
  }

  /** Returns an idle connection that is still good, newest first, or null. */
  private @Nullable UpstreamConnection pooled() {
    for (UpstreamConnection next = newest(); next != null; next = newest()) {
      long age = System.nanoTime() - next.idleSince;
      if (age < KEEP_ALIVE_NANOS && (age < TRUST_NANOS || next.isStillUsable())) {
        return next;
      }
      next.close();
    }
    return null;
  }

  private @Nullable UpstreamConnection newest() {
    UpstreamConnection newest = idle.pollFirst();
    if (newest != null) {
      idleCount.decrementAndGet();
    }
    return newest;
  }

  private void giveBack(UpstreamConnection connection) {
    connection.idleSince = System.nanoTime();
    idle.offerFirst(connection);
    if (idleCount.incrementAndGet() > MAX_IDLE || closed) {
      UpstreamConnection oldest = idle.pollLast();
      if (oldest != null) {
        idleCount.decrementAndGet();
        oldest.close();
      }
    }
  }

  private final class SocketCall implements Call {
    private final Request request;
    private final AtomicReference<@Nullable UpstreamConnection> connection =
        new AtomicReference<>();
    private volatile boolean cancelled;

    SocketCall(Request request) {
      this.request = request;
    }

    @Override
    public Response execute() throws IOException {
      UpstreamConnection used = pooled();
      if (used == null) {
        used = open();
      } else {
        hold(used);
      }
      boolean done = false;
      try {
        boolean complete = send(used);
        ResponseHead head = ResponseHead.read(used.reader, request.method());
        boolean reusable =
            complete && head.keepAlive() && request.head().leavesNoBody(head.status());
        SocketResponse response = new SocketResponse(this, used, head, reusable);
        done = true;
        return response;
      } finally {
        if (!done) {
          cancel();
        }
      }
    }

    private void hold(UpstreamConnection used) throws IOException {
      connection.set(used);
      if (cancelled) {
        cancel();
        throw new IOException("Canceled");
      }
    }

    private UpstreamConnection open() throws IOException {
      connecting.acquireUninterruptibly();
      try {
        UpstreamConnection made = new UpstreamConnection();
        hold(made);
        try {
          long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(connectMillis);
          InetAddress address = lookup.find(host, connectMillis);
          long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
          made.connect(new InetSocketAddress(address, port), (int) Math.max(1, left));
        } catch (IOException e) {
          made.close();
          throw e;
        }
        return made;
      } finally {
        connecting.release();
      }
    }

    /** Returns whether the whole request was sent; if not, the instance may have answered early. */
    private boolean send(UpstreamConnection to) throws IOException {
      byte[] head = head().getBytes(ISO_8859_1);
      if (request.bodyLength() == 0) {
        to.write(ByteBuffer.wrap(head));
        return true;
      }
      to.write(ByteBuffer.wrap(head));
      return request.bodyLength() == RequestHead.CHUNKED ? sendChunks(to) : sendBody(to);
    }

    private boolean sendBody(UpstreamConnection to) throws IOException {
      InputStream in = request.body();
      byte[] buffer = new byte[(int) Math.min(COPY, request.bodyLength())];
      long left = request.bodyLength();
      while (left > 0) {
        if (refusesEarly(to)) {
          return false;
        }
        int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (n < 0) {
          throw new IOException("the request's body ended early");
        }
        if (!tryWrite(to, ByteBuffer.wrap(buffer, 0, n))) {
          return false;
        }
        left -= n;
      }
      return true;
    }

    private boolean sendChunks(UpstreamConnection to) throws IOException {
      InputStream in = request.body();
      // One write for a chunk: room for its size in front of it and a line end behind.
      byte[] buffer = new byte[8 + COPY + 2];
      for (int n = in.read(buffer, 8, COPY); n >= 0; n = in.read(buffer, 8, COPY)) {
        if (n == 0) {
          continue;
        }
        if (refusesEarly(to)) {
          return false;
        }
        byte[] size = (Integer.toHexString(n) + "\r\n").getBytes(ISO_8859_1);
        System.arraycopy(size, 0, buffer, 8 - size.length, size.length);
        buffer[8 + n] = '\r';
        buffer[8 + n + 1] = '\n';
        if (!tryWrite(to, ByteBuffer.wrap(buffer, 8 - size.length, size.length + n + 2))) {
          return false;
        }
      }
      return tryWrite(to, ByteBuffer.wrap("0\r\n\r\n".getBytes(ISO_8859_1)));
    }

    /** An instance that has responded with an error need not get the rest of the body. */
    private boolean refusesEarly(UpstreamConnection to) throws IOException {
      try {
        return to.refusesEarly();
      } catch (IOException e) {
        if (cancelled) {
          throw e;
        }
        return true;
      }
    }

    /** An instance may respond, and hang up, before it has read the whole body. */
    private boolean tryWrite(UpstreamConnection to, ByteBuffer bytes) throws IOException {
      try {
        to.write(bytes);
        return true;
      } catch (IOException e) {
        if (cancelled) {
          throw e;
        }
        return false;
      }
    }

    private String head() {
      StringBuilder head = new StringBuilder(512);
      head.append(request.method()).append(' ').append(basePath).append(request.target());
      head.append(" HTTP/1.1\r\n");
      HttpHeaders fields = request.headers();
      if (fields.first("Host") == null) {
        head.append("Host: ").append(authority).append("\r\n");
      }
      for (int i = 0; i < fields.size(); i++) {
        head.append(fields.name(i)).append(": ").append(fields.value(i)).append("\r\n");
      }
      if (request.bodyLength() == RequestHead.CHUNKED) {
        head.append("Transfer-Encoding: chunked\r\n");
      } else if (request.bodyLength() > 0 || expectsBody(request.method())) {
        head.append("Content-Length: ").append(request.bodyLength()).append("\r\n");
      }
      return head.append("\r\n").toString();
    }

    private static boolean expectsBody(String method) {
      return method.equals("POST") || method.equals("PUT") || method.equals("PATCH");
    }

    /** Ends the exchange in order. */
    void release(UpstreamConnection used, boolean reusable) {
      // Once the connection belongs to another exchange, a late cancel must not find it.
      if (!connection.compareAndSet(used, null)) {
        return;
      }
      if (reusable && used.reader.isEmpty()) {
        giveBack(used);
      } else {
        used.close();
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
      UpstreamConnection used = connection.getAndSet(null);
      if (used != null) {
        used.close();
      }
    }
  }

  private static final class SocketResponse implements Response {
    private final SocketCall call;
    private final UpstreamConnection used;
    private final ResponseHead head;
    private final ResponseBody body;

    SocketResponse(SocketCall call, UpstreamConnection used, ResponseHead head, boolean reusable) {
      this.call = call;
      this.used = used;
      this.head = head;
      body =
          ResponseBody.of(
              used.reader, head, () -> call.release(used, reusable && !head.endsWithConnection()));
    }

    @Override
    public int status() {
      return head.status();
    }

    @Override
    public HttpHeaders headers() {
      return head.headers();
    }

    @Override
    public long bodyLength() {
      return head.bodyLength();
    }

    @Override
    public boolean endsWithConnection() {
      return head.endsWithConnection();
    }

    @Override
    public InputStream body() {
      return body;
    }

    @Override
    public void close() {
      call.release(used, false); // a no-op if the body was read to its end
    }
  }
}
