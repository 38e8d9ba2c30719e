package dev.autodeploy.proxy.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Copies the body of a response to the client, and flushes whenever the instance pauses. */
final class ResponseRelay {
  private static final int BUFFER = 32 * 1024;

  private final Upstream.Response response;
  private final OutputStream out;
  private final ReadClock reads;
  private final BodyPace pace;
  private final Relay.@Nullable Copy copy;
  private final Relay.Listener listener;
  private long count;

  /**
   * Creates a relay.
   *
   * @param response the response
   * @param out where its body goes
   * @param reads is told when the instance is waited for
   * @param pace is told when the client is waited for
   * @param copy gets a copy of the body, or null
   * @param listener is told how it ends
   */
  ResponseRelay(
      Upstream.Response response,
      OutputStream out,
      ReadClock reads,
      BodyPace pace,
      Relay.@Nullable Copy copy,
      Relay.Listener listener) {
    this.response = response;
    this.out = out;
    this.reads = reads;
    this.pace = pace;
    this.copy = copy;
    this.listener = listener;
  }

  /** Copies the body, and reports how that ended. Blocks. */
  void run() {
    long length = response.bodyLength();
    byte[] buffer = new byte[length >= 0 && length < BUFFER ? Math.max(1, (int) length) : BUFFER];
    InputStream in = response.body();
    try {
      if (length != 0 && in.available() == 0) {
        out.flush(); // the head, as the body may be a while
      }
    } catch (IOException e) {
      listener.clientLeft(count);
      return;
    }
    while (true) {
      int n;
      boolean pauses;
      try {
        reads.begin();
        n = in.read(buffer);
        reads.end();
        pauses = n >= 0 && count + n != length && in.available() == 0;
      } catch (IOException e) {
        listener.truncated(count, e);
        return;
      }
      if (n < 0) {
        break;
      }
      if (copy != null) {
        copy.add(buffer, 0, n);
      }
      pace.begin();
      try {
        out.write(buffer, 0, n);
        if (pauses) {
          out.flush();
        }
      } catch (IOException e) {
        listener.clientLeft(count);
        return;
      } finally {
        pace.end(n);
      }
      count += n;
    }
    if (response.endsWithConnection()) {
      listener.endedWithConnection(count, this::complete);
    } else {
      complete();
    }
  }

  private void complete() {
    try {
      out.close();
    } catch (IOException e) {
      listener.clientLeft(count);
      return;
    }
    listener.completed(count);
  }
}
