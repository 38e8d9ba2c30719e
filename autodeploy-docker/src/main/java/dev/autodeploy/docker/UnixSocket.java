package dev.autodeploy.docker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import javax.net.SocketFactory;

/**
 * A socket of the kind that OkHttp uses, on a Unix domain socket of the JDK. OkHttp bounds every
 * read by closing the socket when time is up, which ends a blocked read on a channel.
 */
@SuppressWarnings("UnsynchronizedOverridesSynchronized") // a close must not wait for a read
final class UnixSocket extends Socket {
  /** OkHttp asks with a timeout of 1 ms whether an idle connection is still open. */
  private static final int HEALTH_CHECK_MILLIS = 100;

  private final UnixDomainSocketAddress address;
  private final SocketChannel channel;
  private volatile int soTimeout;

  private UnixSocket(UnixDomainSocketAddress address) throws IOException {
    super((SocketImpl) null);
    this.address = address;
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
  }

  static SocketFactory factory(Path path) {
    return new Factory(UnixDomainSocketAddress.of(path));
  }

  @Override
  public void connect(SocketAddress ignored, int timeoutMillis) throws IOException {
    channel.connect(address);
  }

  @Override
  public void connect(SocketAddress ignored) throws IOException {
    connect(ignored, 0);
  }

  @Override
  public InputStream getInputStream() {
    return new ChannelInput();
  }

  @Override
  public OutputStream getOutputStream() {
    return new ChannelOutput();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  @Override
  public boolean isConnected() {
    return channel.isConnected();
  }

  @Override
  public boolean isClosed() {
    return !channel.isOpen();
  }

  @Override
  public boolean isBound() {
    return channel.isConnected();
  }

  @Override
  public boolean isInputShutdown() {
    return !channel.isOpen();
  }

  @Override
  public boolean isOutputShutdown() {
    return !channel.isOpen();
  }

  @Override
  public void shutdownInput() throws IOException {
    channel.shutdownInput();
  }

  @Override
  public void shutdownOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void setSoTimeout(int timeoutMillis) throws SocketException {
    soTimeout = timeoutMillis;
  }

  @Override
  public int getSoTimeout() {
    return soTimeout;
  }

  @Override
  public void setTcpNoDelay(boolean on) {}

  @Override
  public InetAddress getInetAddress() {
    return InetAddress.getLoopbackAddress();
  }

  @Override
  public InetAddress getLocalAddress() {
    return InetAddress.getLoopbackAddress();
  }

  @Override
  public int getPort() {
    return 0;
  }

  @Override
  public int getLocalPort() {
    return 0;
  }

  @Override
  public SocketAddress getRemoteSocketAddress() {
    return address;
  }

  @Override
  public String toString() {
    return "unix:" + address;
  }

  private int readWithin(ByteBuffer buffer, int millis) throws IOException {
    channel.configureBlocking(false);
    try (Selector selector = Selector.open()) {
      channel.register(selector, SelectionKey.OP_READ);
      if (selector.select(millis) == 0) {
        throw new SocketTimeoutException("nothing to read within " + millis + " ms");
      }
      return channel.read(buffer);
    } finally {
      if (channel.isOpen()) {
        channel.configureBlocking(true);
      }
    }
  }

  private final class ChannelInput extends InputStream {
    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
      int timeout = soTimeout;
      return timeout > 0 && timeout <= HEALTH_CHECK_MILLIS
          ? readWithin(buffer, timeout)
          : channel.read(buffer);
    }

    @Override
    public void close() throws IOException {
      UnixSocket.this.close();
    }
  }

  private final class ChannelOutput extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }

    @Override
    public void close() throws IOException {
      UnixSocket.this.close();
    }
  }

  private static final class Factory extends SocketFactory {
    private final UnixDomainSocketAddress address;

    Factory(UnixDomainSocketAddress address) {
      this.address = address;
    }

    @Override
    public Socket createSocket() throws IOException {
      return new UnixSocket(address);
    }

    @Override
    public Socket createSocket(String host, int port) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
      throw new UnsupportedOperationException();
    }
  }
}
