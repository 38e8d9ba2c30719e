package dev.autodeploy.benchmarks.held;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Many clients on one thread, each with one request on a connection of its own. */
final class HeldClients implements AutoCloseable {
  private final Selector selector = Selector.open();
  private final List<Client> clients = new ArrayList<>();
  private final CountDownLatch open;

  /** Opens all connections at once, and sends a request on each as soon as it is open. */
  HeldClients(int port, int number) throws IOException {
    open = new CountDownLatch(number);
    for (int i = 0; i < number; i++) {
      clients.add(new Client(port, i));
    }
    Thread thread = new Thread(this::run, "clients");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    try {
      while (selector.isOpen()) {
        selector.select(key -> ((Client) key.attachment()).ready(key));
      }
    } catch (IOException | RuntimeException e) {
      if (selector.isOpen()) {
        throw new IllegalStateException("the clients broke", e);
      }
    }
  }

  /** Lets some hang up, every second of them with a reset. */
  void leave(int number) throws IOException {
    for (Client client : clients.subList(0, number)) {
      if (client.number % 2 == 0) {
        client.channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      }
      client.channel.close();
      open.countDown();
    }
    selector.wakeup(); // a closed channel is let go by the next selection
  }

  /** Waits until every request is answered, or can no longer be. */
  void await() throws InterruptedException {
    if (!open.await(120, TimeUnit.SECONDS)) {
      System.out.println("not answered within 120 s: " + open.getCount());
    }
  }

  /** The number of clients that got exactly the answer to their request. */
  long right() {
    return clients.stream().filter(client -> client.right).count();
  }

  /** Returns when those that were answered got the last byte, in milliseconds after a time. */
  List<Double> answeredAfter(long nanos) {
    return clients.stream()
        .filter(client -> client.right)
        .map(client -> (client.answeredNanos - nanos) / 1e6)
        .toList();
  }

  @Override
  public void close() throws IOException {
    selector.close();
    for (Client client : clients) {
      client.channel.close();
    }
  }

  private final class Client {
    final SocketChannel channel = SocketChannel.open();
    volatile boolean right;
    volatile long answeredNanos;
    private final int number;
    private final StringBuilder answer = new StringBuilder();

    Client(int port, int number) throws IOException {
      this.number = number;
      channel.configureBlocking(false);
      channel.bind(new InetSocketAddress("127.0.0." + (2 + number % 4), 0));
      channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      channel.register(selector, SelectionKey.OP_CONNECT, this);
    }

    void ready(SelectionKey key) {
      try {
        if (key.isConnectable()) {
          channel.finishConnect();
          String request = "GET /d/app/" + number + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
          channel.write(ByteBuffer.wrap(request.getBytes(US_ASCII)));
          key.interestOps(SelectionKey.OP_READ);
        } else {
          read(key);
        }
      } catch (IOException e) {
        key.cancel();
        open.countDown();
      }
    }

    private void read(SelectionKey key) throws IOException {
      ByteBuffer buffer = ByteBuffer.allocate(2048);
      int n = channel.read(buffer);
      if (n < 0) {
        throw new IOException("hung up");
      }
      answer.append(new String(buffer.array(), 0, n, US_ASCII));
      int body = answer.indexOf("\r\n\r\n") + 4;
      String expected = "answer " + number;
      if (body >= 4 && answer.length() >= body + expected.length()) {
        answeredNanos = System.nanoTime();
        right = answer.indexOf("HTTP/1.1 200") == 0 && answer.substring(body).equals(expected);
        if (!right) {
          System.out.println("wrong: " + answer);
        }
        key.cancel(); // it is only kept open
        open.countDown();
      }
    }
  }
}
