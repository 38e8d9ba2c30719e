package dev.autodeploy.proxy.gateway;

import dev.autodeploy.spi.Ticker;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A request's body on its way to the instance: limited, and its failures told from the instance's.
 */
final class ClientBody extends FilterInputStream {
  private static final byte[] NOTHING = {};
  private static final int PEEK = 8 * 1024;

  private final long limit;
  private final BodyPace pace;
  private byte[] ahead = NOTHING;
  private int taken;
  private boolean ended;
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
    this(in, limit, new BodyPace(Ticker.system(), BodyPace.Limits.NONE));
  }

  /**
   * Creates the body.
   *
   * @param in the body as it comes in
   * @param limit how many bytes it may have
   * @param pace is told when its client is waited for
   */
  ClientBody(InputStream in, long limit, BodyPace pace) {
    super(in);
    this.limit = limit;
    this.pace = pace;
  }

  /** Returns the pace at which it comes in. */
  BodyPace pace() {
    return pace;
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
    int buffered = ahead.length - taken;
    if (buffered == 0) {
      return ended ? -1 : receive(buffer, offset, length);
    }
    int n = Math.min(buffered, length);
    System.arraycopy(ahead, taken, buffer, offset, n);
    taken += n;
    if (taken == ahead.length) {
      ahead = NOTHING;
      taken = 0;
    }
    progress.run();
    return n;
  }

  /**
   * Reads the body before anybody asks for it.
   *
   * @param max how many bytes at most; one more than it has, to see its end
   */
  void readAhead(int max) throws IOException {
    byte[] buffer = Arrays.copyOf(ahead, Math.max(max, ahead.length));
    int count = ahead.length;
    while (count < max && !ended) {
      int n = receive(buffer, count, max - count);
      count += Math.max(0, n);
    }
    ahead = Arrays.copyOf(buffer, count);
  }

  /**
   * Reads the beginning before anybody asks for it.
   *
   * @param prefix gets it, until it wants no more
   * @param budget is asked for the memory
   * @param expected the body's length, or {@link RequestHead#CHUNKED}
   * @return how many bytes were taken from the budget
   */
  int peek(BodyPrefix prefix, BodyBudget budget, long expected) throws IOException {
    int piece = expected > 0 ? (int) Math.min(PEEK, expected + 1) : PEEK;
    byte[] buffer = Arrays.copyOf(ahead, ahead.length + piece);
    int count = ahead.length;
    prefix.add(ahead, 0, Math.min(prefix.room(), count));
    int reserved = 0;
    boolean failed = true;
    try {
      while (!prefix.isDone() && !ended) {
        if (count == buffer.length) { // the first piece is free: what is looked for is mostly in it
          int more = Math.max(piece, count);
          if (!budget.reserve(more)) {
            break;
          }
          reserved += more;
          buffer = Arrays.copyOf(buffer, count + more);
        }
        int n = receive(buffer, count, Math.min(buffer.length - count, prefix.room()));
        if (n > 0) {
          prefix.add(buffer, count, n);
          count += n;
        }
      }
      failed = false;
    } finally {
      if (failed) {
        budget.giveBack(reserved); // the caller is never told how much it was
      }
      ahead = count == buffer.length ? buffer : Arrays.copyOf(buffer, count);
    }
    prefix.end(ended);
    return reserved;
  }

  /** Replaces some bytes of what was read before anybody asked for it. */
  void replace(int from, int to, byte[] by) {
    byte[] changed = new byte[ahead.length - (to - from) + by.length];
    System.arraycopy(ahead, 0, changed, 0, from);
    System.arraycopy(by, 0, changed, from, by.length);
    System.arraycopy(ahead, to, changed, from + by.length, ahead.length - to);
    ahead = changed;
  }

  private int receive(byte[] buffer, int offset, int length) throws IOException {
    int n = -1;
    pace.begin();
    try {
      n = in.read(buffer, offset, length);
    } catch (IOException e) {
      failure = e;
      throw e;
    } finally {
      pace.end(n);
    }
    progress.run();
    if (n < 0) {
      ended = true;
    } else {
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
    return ahead.length - taken + in.available();
  }

  @Override
  public void close() {
    // The front ends the exchange.
  }
}
