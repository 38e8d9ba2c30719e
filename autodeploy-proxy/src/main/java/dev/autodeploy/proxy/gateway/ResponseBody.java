package dev.autodeploy.proxy.gateway;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * The body of an instance's response. It fails where the connection ends before the body does, and
 * {@link #available} is 0 exactly if the next read may have to wait.
 */
abstract class ResponseBody extends InputStream {
  private static final int MAX_LINE = 8192;

  final HttpReader in;
  private final Runnable whenComplete;
  private boolean complete;

  private ResponseBody(HttpReader in, Runnable whenComplete) {
    this.in = in;
    this.whenComplete = whenComplete;
  }

  static ResponseBody of(HttpReader in, ResponseHead head, Runnable whenComplete) {
    if (head.withoutBody() || head.bodyLength() == 0) {
      return new Measured(in, 0, whenComplete);
    }
    if (head.chunked()) {
      return new Chunked(in, whenComplete);
    }
    return head.endsWithConnection()
        ? new UntilTheEnd(in, whenComplete)
        : new Measured(in, head.bodyLength(), whenComplete);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    return complete ? -1 : length == 0 ? 0 : readSome(buffer, offset, length);
  }

  @Override
  public int available() {
    return complete ? 1 : Math.max(0, ready()); // at the end nobody has to wait for the -1
  }

  abstract int readSome(byte[] buffer, int offset, int length) throws IOException;

  abstract int ready();

  /** The last byte was read. */
  final int completed() {
    if (!complete) {
      complete = true;
      whenComplete.run();
    }
    return -1;
  }

  private static final class Measured extends ResponseBody {
    private long left;

    Measured(HttpReader in, long length, Runnable whenComplete) {
      super(in, whenComplete);
      left = length;
      if (length == 0) {
        completed();
      }
    }

    @Override
    int readSome(byte[] buffer, int offset, int length) throws IOException {
      int n = in.read(buffer, offset, (int) Math.min(length, left));
      if (n < 0) {
        throw new EOFException("the answer ended " + left + " bytes early");
      }
      left -= n;
      if (left == 0) {
        completed();
      }
      return n;
    }

    @Override
    int ready() {
      return (int) Math.min(in.buffered(), left);
    }
  }

  private static final class UntilTheEnd extends ResponseBody {
    UntilTheEnd(HttpReader in, Runnable whenComplete) {
      super(in, whenComplete);
    }

    @Override
    int readSome(byte[] buffer, int offset, int length) throws IOException {
      int n = in.read(buffer, offset, length);
      return n < 0 ? completed() : n;
    }

    @Override
    int ready() {
      return in.buffered();
    }
  }

  private static final class Chunked extends ResponseBody {
    /** The rest of the chunk, in bytes; -1 before the first one. */
    private long left = -1;

    Chunked(HttpReader in, Runnable whenComplete) {
      super(in, whenComplete);
    }

    @Override
    int readSome(byte[] buffer, int offset, int length) throws IOException {
      if (left <= 0) {
        nextChunk();
        if (left == 0) {
          return completed();
        }
      }
      int n = in.read(buffer, offset, (int) Math.min(length, left));
      if (n < 0) {
        throw new EOFException("the answer ended in the middle of a chunk");
      }
      left -= n;
      if (left == 0 && lastChunkIsHere()) {
        nextChunk();
        completed();
      }
      return n;
    }

    @Override
    int ready() {
      return left > 0 ? (int) Math.min(in.buffered(), left) : 0;
    }

    /** Returns whether the usual end is in the buffer, so that it can be taken without waiting. */
    private boolean lastChunkIsHere() {
      return in.buffered() >= 7
          && in.peek(0) == '\r'
          && in.peek(1) == '\n'
          && in.peek(2) == '0'
          && in.peek(3) == '\r'
          && in.peek(4) == '\n'
          && in.peek(5) == '\r'
          && in.peek(6) == '\n';
    }

    private void nextChunk() throws IOException {
      if (left == 0 && !in.line(0).isEmpty()) {
        throw new IOException("a chunk is longer than its size");
      }
      left = size(in.line(MAX_LINE));
      if (left == 0) {
        int trailers = MAX_LINE;
        for (String line = in.line(trailers); !line.isEmpty(); line = in.line(trailers)) {
          trailers -= line.length() + 1; // they cannot be passed on, and no server needs them to be
        }
      }
    }

    private static long size(String line) throws IOException {
      int end = 0;
      long size = 0;
      while (end < line.length() && Character.digit(line.charAt(end), 16) >= 0 && end < 15) {
        size = size * 16 + Character.digit(line.charAt(end), 16);
        end++;
      }
      boolean extension = end < line.length() && line.charAt(end) == ';';
      if (end == 0 || (end < line.length() && !extension) || !RequestGuard.isValue(line)) {
        throw new IOException("the size of a chunk is malformed");
      }
      return size;
    }
  }
}
