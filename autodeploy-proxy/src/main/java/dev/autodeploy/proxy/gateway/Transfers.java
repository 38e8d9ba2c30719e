package dev.autodeploy.proxy.gateway;

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
public final class Transfers {
  /** One transfer; compared by identity, so that it is not taken for the next. */
  public static final class Owner {
    private final @Nullable Thread thread;

    private Owner(@Nullable Thread thread) {
      this.thread = thread;
    }
  }

  private static final Owner BREAKING = new Owner(null);
  private static final Owner BROKEN = new Owner(null);

  private final AtomicReference<@Nullable Owner> owner = new AtomicReference<>();
  private volatile long since;
  private volatile long total;
  private volatile boolean inputEnded;
  private volatile long inputRead;

  /**
   * Returns when the transfer under way began.
   *
   * @return the {@link System#nanoTime()}, or 0 if there is none
   */
  public long since() {
    return since;
  }

  /**
   * Returns how long all transfers took so far, with the one under way.
   *
   * @return the time in nanoseconds
   */
  public long nanos() {
    long begun = since;
    return total + (begun == 0 ? 0 : Math.max(0, System.nanoTime() - begun));
  }

  /**
   * Returns whether the input was read to its end.
   *
   * @return true if so
   */
  public boolean inputEnded() {
    return inputEnded;
  }

  /**
   * Returns how many bytes of the input were read.
   *
   * @return the number
   */
  public long inputRead() {
    return inputRead;
  }

  /** Interrupts the transfer under way, if there is one. */
  public void breakOff() {
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
  public @Nullable Owner begin() throws IOException {
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

  /**
   * Ends a transfer, by the thread that began it; afterwards no interrupt is on its way.
   *
   * @param mine what {@link #begin} returned
   */
  public void end(@Nullable Owner mine) {
    if (mine == null) {
      return;
    }
    long all = total + System.nanoTime() - since;
    total = all;
    since = 0;
    if (!owner.compareAndSet(mine, null)) {
      // The interrupt may still be on its way, and must not hit what this thread does next.
      while (owner.get() == BREAKING) {
        Thread.onSpinWait();
      }
      Thread.interrupted();
    }
  }

  /**
   * Runs a step that may block on the client.
   *
   * @param step the step
   * @throws IOException if it fails, or the exchange was broken off before
   */
  public void run(Step step) throws IOException {
    Owner mine = begin();
    try {
      step.run();
    } catch (RuntimeException e) {
      throw new IOException("the server lost count of the body", e); // it may read the rest of it
    } finally {
      end(mine);
    }
  }

  /**
   * Watches what is read.
   *
   * @param in the stream
   * @return the stream to read
   */
  public InputStream watch(InputStream in) {
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
   * @return the stream to write
   */
  public OutputStream watch(OutputStream out, Closing closing) {
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
  @FunctionalInterface
  public interface Closing {
    /**
     * Closes it.
     *
     * @param step does it
     * @throws IOException if the client has gone
     */
    void close(Step step) throws IOException;
  }

  /** Something that may block on the client. */
  @FunctionalInterface
  public interface Step {
    /**
     * Does it.
     *
     * @throws IOException if the client has gone
     */
    void run() throws IOException;
  }
}
