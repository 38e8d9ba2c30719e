package dev.autodeploy.proxy.gateway;

import java.util.Arrays;

/**
 * The beginning of a request's body, for somebody who looks for something in it. It is looked at
 * whenever it has doubled, so that reading a long one costs no more than twice its length, and more
 * often while it is short, but not for each byte of one that comes by bytes. Used by one thread at
 * a time.
 */
public final class BodyPrefix {
  /** The bytes up to which it is looked at whenever something has come. */
  private static final int OFTEN = 16 * 1024;

  private final int max;
  private final Search search;
  private byte[] bytes = new byte[1024];
  private int length;
  private int next;
  private boolean done;
  private boolean whole;

  /** Looks for something in the beginning of a body. */
  @FunctionalInterface
  public interface Search {

    /**
     * Looks.
     *
     * @param bytes hold the beginning
     * @param length how many of them
     * @param last whether no more will come
     * @return whether the search is over
     */
    boolean isOver(byte[] bytes, int length, boolean last);
  }

  /**
   * Creates a beginning.
   *
   * @param max how many bytes it has at most
   * @param search looks for something in it
   */
  public BodyPrefix(int max, Search search) {
    this.max = max;
    this.search = search;
  }

  /**
   * Returns how many more bytes it may have.
   *
   * @return the number
   */
  public int room() {
    return max - length;
  }

  /**
   * Returns whether no more bytes are wanted.
   *
   * @return true if so
   */
  public boolean isDone() {
    return done;
  }

  /**
   * Adds bytes, and looks if there is enough that is new.
   *
   * @param buffer holds them
   * @param offset where they begin
   * @param count how many there are, at most {@link #room()}
   * @return whether no more bytes are wanted
   */
  public boolean add(byte[] buffer, int offset, int count) {
    if (length + count > bytes.length) {
      bytes =
          Arrays.copyOf(bytes, (int) Math.min(max, Math.max(2L * bytes.length, length + count)));
    }
    System.arraycopy(buffer, offset, bytes, length, count);
    length += count;
    if (!done && (length >= next || length == max)) {
      next = length < OFTEN ? length + length / 8 + 1 : 2 * length;
      done = search.isOver(bytes, length, length == max);
      if (length == max) {
        done = true;
      }
    }
    return done;
  }

  /**
   * Returns whether the body has no more bytes than these.
   *
   * @return false if that is not known
   */
  boolean isWhole() {
    return whole;
  }

  /** Returns the bytes. */
  byte[] bytes() {
    return Arrays.copyOf(bytes, length);
  }

  /**
   * No more bytes will come.
   *
   * @param atEnd whether the body is at its end; otherwise there is no memory for more of it
   */
  public void end(boolean atEnd) {
    whole = atEnd;
    if (!done) {
      done = true;
      search.isOver(bytes, length, true);
    }
  }
}
