package dev.autodeploy.spi;

import java.io.IOException;

/**
 * A search in the lines that an instance has written since its start, however many there were.
 * Thread-safe.
 */
@FunctionalInterface
public interface LogSearch {

  /** Decides on a line. */
  @FunctionalInterface
  interface LineMatch {
    /**
     * Returns whether a line is the one that is looked for.
     *
     * @param line the line, without its end
     * @return whether it is
     * @throws IOException if that cannot be told of this line; others are still looked at
     * @throws InterruptedException if the thread was interrupted
     */
    boolean matches(String line) throws IOException, InterruptedException;
  }

  /**
   * Returns whether a line has been written that matches. Each line is looked at once for a key,
   * and what was found stays found.
   *
   * @param key what is looked for, such as a regular expression
   * @param match decides on a line; always the same for a key
   * @return whether there was such a line
   * @throws IOException if the log cannot be read, or there was a line of which it cannot be told
   * @throws InterruptedException if the thread was interrupted
   */
  boolean find(String key, LineMatch match) throws IOException, InterruptedException;
}
