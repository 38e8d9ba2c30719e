package dev.autodeploy.docker;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A stream that fails instead of going on beyond a limit, which can be begun again. */
final class LimitedInput extends FilterInputStream {
  private final long limit;
  private long left;

  LimitedInput(InputStream in, long limit) {
    super(in);
    this.limit = limit;
    this.left = limit;
  }

  /** Begins to count again. */
  void restart() {
    left = limit;
  }

  @Override
  public int read() throws IOException {
    int value = super.read();
    count(value < 0 ? 0 : 1);
    return value;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int read = super.read(bytes, offset, length);
    count(Math.max(0, read));
    return read;
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  private void count(int read) throws IOException {
    left -= read;
    if (left < 0) {
      throw new IOException("more than " + limit + " bytes, too many for an answer of Docker");
    }
  }
}
