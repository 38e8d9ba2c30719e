package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * An exchange whose client has a stream of events before its instance is there: until the instance
 * responds, comments say what is waited for, so that nothing in between takes the connection for
 * dead. An error comes as an event, as the status of 200 cannot be taken back.
 */
final class KeptAliveExchange extends DetachedExchange {
  private static final int MAX_EVENT = 64 * 1024;

  private final Exchange front;
  private final OutputStream client;
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
  private boolean responding;
  private @Nullable ByteArrayOutputStream other;
  private int status = 200;
  private boolean noEvent;

  KeptAliveExchange(
      Gateway gateway,
      RequestHead head,
      byte[] body,
      Executor workers,
      Exchange front,
      OutputStream client) {
    super(gateway, head, body, workers);
    this.front = front;
    this.client = client;
  }

  /** Returns what is done at the end: with true if the stream is complete, false if it is cut. */
  CompletableFuture<Boolean> ended() {
    return ended;
  }

  /** Writes something that keeps the connection alive, unless the instance responds by now. */
  void tick(String line) {
    boolean lost = false;
    synchronized (this) {
      if (!responding && !ended.isDone()) {
        try {
          client.write(line.getBytes(UTF_8));
          client.flush();
        } catch (IOException e) {
          lost = true;
        }
      }
    }
    if (lost) {
      gone();
    }
  }

  @Override
  public synchronized OutputStream respond(int code, HttpHeaders fields, long length) {
    responding = true;
    String type = String.valueOf(fields.first("Content-Type")).toLowerCase(Locale.ROOT);
    String encoding = fields.first("Content-Encoding");
    boolean plain = encoding == null || encoding.strip().equalsIgnoreCase("identity");
    if (code == 200 && type.startsWith("text/event-stream") && plain) {
      return client;
    }
    status = code;
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    other = kept;
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int count) throws IOException {
        if (!plain || count > MAX_EVENT - kept.size()) {
          noEvent = true;
          throw new IOException("the answer cannot be passed on as an event");
        }
        kept.write(bytes, offset, count);
      }
    };
  }

  /** Returns since when the client is waited for: that is no fault of the instance. */
  @Override
  public long transferringSince() {
    return front.transferringSince();
  }

  @Override
  public long clientNanos() {
    return front.clientNanos();
  }

  @Override
  public void breakTransfer() {
    front.breakTransfer();
  }

  @Override
  public void complete() {
    ByteArrayOutputStream kept = other;
    ended.complete(kept == null || event(status >= 400, kept.toString(UTF_8)));
  }

  private boolean event(boolean error, String data) {
    StringBuilder event = new StringBuilder(error ? "event: error\n" : "");
    data.lines().forEach(line -> event.append("data: ").append(line).append('\n'));
    try {
      client.write(event.append('\n').toString().getBytes(UTF_8));
      client.flush();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void abort() {
    ended.complete(noEvent && event(true, Problems.noEventStream(MAX_EVENT).json()));
  }

  @Override
  public void abandon() {
    abort();
  }
}
