package dev.autodeploy.internal.wire;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;

/**
 * The input of a socket, with a time for a whole message: a sender that drips gets no more of it
 * than one that is silent. Used by one thread at a time.
 */
final class TimedInput extends FilterInputStream {
  private final Pieces pieces;

  TimedInput(Socket socket) throws IOException {
    this(new Pieces(socket));
  }

  private TimedInput(Pieces pieces) {
    super(new BufferedInputStream(pieces));
    this.pieces = pieces;
  }

  /** Begins with a message, which has to be there as a whole within a time. */
  void begin(long millis) {
    pieces.deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.max(1, millis));
  }

  /** The bytes of the socket, until the time is over. */
  private static final class Pieces extends FilterInputStream {
    private final Socket socket;
    private long deadline = System.nanoTime();

    Pieces(Socket socket) throws IOException {
      super(socket.getInputStream());
      this.socket = socket;
    }

    @Override
    public int read() throws IOException {
      limit();
      return in.read();
    }

    @Override
    public int read(byte[] bytes, int from, int most) throws IOException {
      limit();
      return in.read(bytes, from, most);
    }

    private void limit() throws IOException {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        throw new SocketTimeoutException("the message did not come in time");
      }
      socket.setSoTimeout((int) Math.min(left, Integer.MAX_VALUE));
    }
  }
}
