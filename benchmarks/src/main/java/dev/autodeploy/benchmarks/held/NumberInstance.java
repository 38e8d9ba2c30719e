package dev.autodeploy.benchmarks.held;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** An instance that answers {@code /7} with {@code answer 7}, on one thread. */
final class NumberInstance implements AutoCloseable {
  private final ServerSocketChannel server;
  private final Selector selector;

  NumberInstance() throws IOException {
    server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
    server.configureBlocking(false);
    selector = Selector.open();
    server.register(selector, SelectionKey.OP_ACCEPT);
    Thread thread = new Thread(this::run, "instance");
    thread.setDaemon(true);
    thread.start();
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.socket().getLocalPort());
  }

  private void run() {
    try {
      while (selector.isOpen()) {
        selector.select(this::ready);
      }
    } catch (IOException | RuntimeException e) {
      if (selector.isOpen()) {
        throw new IllegalStateException("the instance broke", e);
      }
    }
  }

  private void ready(SelectionKey key) {
    try {
      if (key.isAcceptable()) {
        for (SocketChannel next = server.accept(); next != null; next = server.accept()) {
          next.configureBlocking(false);
          next.register(selector, SelectionKey.OP_READ, ByteBuffer.allocate(4096));
        }
      } else {
        serve((SocketChannel) key.channel(), (ByteBuffer) key.attachment());
      }
    } catch (IOException e) {
      key.cancel();
    }
  }

  private static void serve(SocketChannel channel, ByteBuffer in) throws IOException {
    if (channel.read(in) < 0) {
      channel.close();
      return;
    }
    String head = US_ASCII.decode(in.duplicate().flip()).toString();
    if (head.endsWith("\r\n\r\n")) { // no client of ours sends a second request at once
      in.clear();
      String path = head.substring(0, head.indexOf(" HTTP/1.1"));
      String body = "answer " + path.substring(path.lastIndexOf('/') + 1);
      String answer = "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
      channel.write(ByteBuffer.wrap(answer.getBytes(US_ASCII)));
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (SelectionKey key : selector.keys()) {
      key.channel().close();
    }
    selector.close();
  }
}
