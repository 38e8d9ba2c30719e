package dev.autodeploy.proxy.gateway;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * A request's body on its way to the instance: limited, and its failures told from the instance's.
 */
final class ClientBody extends FilterInputStream {
  private final long limit;
  private Runnable progress = () -> {};
  private long read;
  private boolean readStarted;
  private boolean tooLarge;
  private @Nullable IOException failure;

  /**
   * Creates the body.
   *
   * @param in the body as it comes in
   * @param limit how many bytes it may have
   */
  ClientBody(InputStream in, long limit) {
    super(in);
    this.limit = limit;
  }

  /** Sets what is called whenever some of it has come in. */
  void onProgress(Runnable called) {
    progress = called;
  }

  /** Returns whether the body was begun to be read, so that it cannot be sent again. */
  boolean readStarted() {
    return readStarted;
  }

  /** Returns whether the body is longer than the limit. */
  boolean tooLarge() {
    return tooLarge;
  }

  /** Returns why the client's body could not be read, or null if that is not what went wrong. */
  @Nullable IOException failure() {
    return failure;
  }

  /** Returns how many bytes were read. */
  long count() {
    return read;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    readStarted = true;
    int n;
    try {
      n = in.read(buffer, offset, length);
    } catch (IOException e) {
      failure = e;
      throw e;
    }
    progress.run();
    if (n > 0) {
      read += n;
      if (read > limit) {
        tooLarge = true;
        failure = new IOException("the body is longer than " + limit + " bytes");
        throw failure;
      }
    }
    return n;
  }

  @Override
  public int available() throws IOException {
    return in.available();
  }

  @Override
  public void close() {
    // The front ends the exchange.
  }
}
