package dev.autodeploy.internal.store;

import java.io.IOException;
import java.io.InputStream;

/**
 * The most that is read of a state in one piece: as much as this process has memory for. What is
 * larger was damaged, or needs a larger process; either is better told than by an error of the JVM.
 */
public final class ReadLimit {
  /** The bytes, the text, its lines and what they stand for are in memory at once. */
  private static final int COPIES = 8;

  private ReadLimit() {}

  /**
   * Returns the limit.
   *
   * @return how many bytes one piece may have
   */
  public static long bytes() {
    return Math.min(Integer.MAX_VALUE - 16L, Runtime.getRuntime().maxMemory() / COPIES);
  }

  /**
   * Returns what is to be said of something that is larger.
   *
   * @param limit how many bytes it may have
   * @return the words behind its name, and what to do
   */
  public static String exceeded(long limit) {
    return "has more than "
        + limit
        + " bytes in one piece, for which this process has too little memory: give it more (-Xmx),"
        + " or restore the state from a backup if it never was that large";
  }

  /** Reads a stream to its end. */
  static byte[] all(InputStream in) throws IOException {
    long limit = bytes();
    byte[] all = in.readNBytes((int) limit + 1);
    check(all.length, limit);
    return all;
  }

  /** Refuses what is larger. */
  static void check(long length, long limit) throws IOException {
    if (length > limit) {
      throw new IOException("it " + exceeded(limit));
    }
  }
}
