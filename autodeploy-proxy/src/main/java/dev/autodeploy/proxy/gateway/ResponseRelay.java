package dev.autodeploy.proxy.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Copies the body of a response to the client, and flushes whenever the instance pauses. */
final class ResponseRelay {
  private static final int BUFFER = 32 * 1024;

  private final Upstream.Response response;
  private final OutputStream out;
  private final ReadClock reads;
  private final Relay.Listener listener;
  private long count;

  ResponseRelay(
      Upstream.Response response, OutputStream out, ReadClock reads, Relay.Listener listener) {
    this.response = response;
    this.out = out;
    this.reads = reads;
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
      try {
        out.write(buffer, 0, n);
        if (pauses) {
          out.flush();
        }
      } catch (IOException e) {
        listener.clientLeft(count);
        return;
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
