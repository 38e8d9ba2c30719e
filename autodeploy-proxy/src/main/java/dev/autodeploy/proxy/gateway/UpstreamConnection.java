package dev.autodeploy.proxy.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A connection to an instance. Used by one exchange at a time; closed by any thread. */
final class UpstreamConnection {
  final HttpReader reader = new HttpReader(this::read);

  /** The moment since which no exchange uses it. */
  volatile long idleSince;

  private final SocketChannel channel;

  UpstreamConnection() throws IOException {
    channel = SocketChannel.open();
  }

  void connect(InetSocketAddress address, int timeoutMillis) throws IOException {
    channel.socket().connect(address, timeoutMillis);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
  }

  private int read(byte[] buffer, int offset, int length) throws IOException {
    return channel.read(ByteBuffer.wrap(buffer, offset, length));
  }

  void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Returns whether the instance has already responded, with an error. */
  boolean refusesEarly() throws IOException {
    if (reader.isEmpty()) {
      channel.configureBlocking(false);
      try {
        reader.fillFrom(this::read);
      } finally {
        channel.configureBlocking(true);
      }
    }
    int status = "HTTP/1.1 ".length();
    return reader.buffered() > status && (reader.peek(status) == '4' || reader.peek(status) == '5');
  }

  /** Returns whether the other side has neither hung up nor said anything while nobody asked. */
  boolean isStillUsable() {
    try {
      channel.configureBlocking(false);
      int n = channel.read(ByteBuffer.allocate(1));
      channel.configureBlocking(true);
      return n == 0;
    } catch (IOException e) {
      return false;
    }
  }

  void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // There is nothing left to give back.
    }
  }
}
