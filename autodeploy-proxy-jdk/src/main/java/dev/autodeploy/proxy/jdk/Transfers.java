package dev.autodeploy.proxy.jdk;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The blocking reads and writes of an exchange with its client, with their start times. They can be
 * interrupted: the server's streams are those of an interruptible channel, so an interrupt closes
 * the connection. One thread at a time transfers; any other may interrupt it.
 */
final class Transfers {
  /** Who transfers; compared by identity, so that one transfer is not taken for the next. */
  static final class Owner {
    final @Nullable Thread thread;

    Owner(@Nullable Thread thread) {
      this.thread = thread;
    }
  }

  private static final Owner BREAKING = new Owner(null);
  private static final Owner BROKEN = new Owner(null);

  private final AtomicReference<@Nullable Owner> owner = new AtomicReference<>();
  private volatile long since;
  private volatile boolean inputEnded;
  private volatile long inputRead;

  /** Returns the {@link System#nanoTime()} at which the transfer under way began, or 0. */
  long since() {
    return since;
  }

  /** Returns whether the input was read to its end. */
  boolean inputEnded() {
    return inputEnded;
  }

  /** Returns how many bytes of the input were read. */
  long inputRead() {
    return inputRead;
  }

  /** Interrupts the transfer under way, if there is one. */
  void breakOff() {
    Owner current = owner.get();
    if (current != null && current.thread != null && owner.compareAndSet(current, BREAKING)) {
      current.thread.interrupt();
      owner.set(BROKEN);
    }
  }

  /**
   * Begins a transfer by this thread.
   *
   * @return what ends it, or null inside another one
   * @throws IOException if the exchange was broken off before
   */
  @Nullable Owner begin() throws IOException {
    Owner mine = new Owner(Thread.currentThread());
    if (!owner.compareAndSet(null, mine)) {
      if (owner.get() == BROKEN) {
        throw new IOException("the exchange was broken off");
      }
      return null; // a transfer inside a transfer
    }
    long now = System.nanoTime();
    since = now == 0 ? 1 : now;
    return mine;
  }

  /** Ends a transfer, by the thread that began it; afterwards no interrupt is on its way. */
  void end(@Nullable Owner mine) {
    if (mine == null) {
      return;
    }
    since = 0;
    if (!owner.compareAndSet(mine, null)) {
      // The interrupt may still be on its way, and must not hit what this thread does next.
      while (owner.get() == BREAKING) {
        Thread.onSpinWait();
      }
      Thread.interrupted();
    }
  }

  /** Runs a step that may block on the client. */
  void run(Step step) throws IOException {
    Owner mine = begin();
    try {
      step.run();
    } catch (RuntimeException e) {
      throw new IOException("the server lost count of the body", e); // it may read the rest of it
    } finally {
      end(mine);
    }
  }

  InputStream watch(InputStream in) {
    return new FilterInputStream(in) {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        Owner mine = begin();
        try {
          int n = in.read(buffer, offset, length);
          if (n < 0) {
            inputEnded = true;
          } else {
            long all = inputRead + n;
            inputRead = all;
          }
          return n;
        } catch (RuntimeException e) {
          throw new IOException("the server lost count of the body", e); // a bad chunk size does it
        } finally {
          end(mine);
        }
      }
    };
  }

  /**
   * Watches what is written.
   *
   * @param out the stream
   * @param closing runs the step that closes it
   */
  OutputStream watch(OutputStream out, Closing closing) {
    return new FilterOutputStream(out) {
      @Override
      public void write(byte[] buffer, int offset, int length) throws IOException {
        Owner mine = begin();
        try {
          out.write(buffer, offset, length);
        } finally {
          end(mine);
        }
      }

      @Override
      public void flush() throws IOException {
        run(out::flush);
      }

      @Override
      public void close() throws IOException {
        closing.close(() -> run(out::close));
      }
    };
  }

  /** A way to close a stream. */
  interface Closing {
    /**
     * Closes it.
     *
     * @param step does it
     * @throws IOException if the client has gone
     */
    void close(Step step) throws IOException;
  }

  /** Something that may block on the client. */
  interface Step {
    /**
     * Does it.
     *
     * @throws IOException if the client has gone
     */
    void run() throws IOException;
  }
}
