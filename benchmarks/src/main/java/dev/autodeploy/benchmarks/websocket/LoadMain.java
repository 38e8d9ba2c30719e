package dev.autodeploy.benchmarks.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.autodeploy.benchmarks.server.Numbers;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/**
 * Clients of a WebSocket server that send a message, wait for it to come back, compare it, and send
 * the next one.
 */
public final class LoadMain {
  private final String path;
  private final int port;
  private final byte[] message;
  private final CountDownLatch open;
  private final CountDownLatch begin = new CountDownLatch(1);
  private final List<Double> millis = new ArrayList<>();
  private volatile long end;
  private int errors;

  private LoadMain(int port, String path, int bytes, int connections) {
    this.port = port;
    this.path = path;
    message = new byte[bytes];
    new Random(bytes).nextBytes(message);
    open = new CountDownLatch(connections);
  }

  /**
   * Prints messages per second, median and 99th percentile in milliseconds, the number of messages,
   * and that of connections that failed.
   *
   * @param args port, path, bytes of a message, connections, seconds
   * @throws InterruptedException never
   */
  public static void main(String[] args) throws InterruptedException {
    int connections = Integer.parseInt(args[3]);
    double seconds = Double.parseDouble(args[4]);
    LoadMain load =
        new LoadMain(Integer.parseInt(args[0]), args[1], Integer.parseInt(args[2]), connections);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Thread thread = new Thread(load::talk);
      threads.add(thread);
      thread.start();
    }
    load.open.await();
    load.end = System.nanoTime() + (long) (seconds * 1e9);
    load.begin.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    System.out.printf(
        Locale.ROOT,
        "%.1f %.3f %.3f %d %d%n",
        load.millis.size() / seconds,
        load.millis.isEmpty() ? 0 : Numbers.quantile(load.millis, 0.5),
        load.millis.isEmpty() ? 0 : Numbers.quantile(load.millis, 0.99),
        load.millis.size(),
        load.errors);
  }

  private void talk() {
    List<Double> mine = new ArrayList<>();
    boolean failed = true;
    boolean opened = false;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        DataInputStream in =
            new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 17))) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(20_000);
      upgrade(socket, in);
      opened = true;
      open.countDown();
      begin.await();
      byte[] frame = Frames.frame(message, true);
      for (long now = System.nanoTime(); now < end; now = System.nanoTime()) {
        socket.getOutputStream().write(frame);
        if (!Arrays.equals(Frames.read(in), message)) {
          throw new IOException("another message came back");
        }
        mine.add((System.nanoTime() - now) / 1e6);
      }
      failed = false;
    } catch (IOException e) {
      System.err.println(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (!opened) {
        open.countDown();
      }
      add(mine, failed);
    }
  }

  private void upgrade(Socket socket, DataInputStream in) throws IOException {
    String request =
        "GET "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(ISO_8859_1));
    String head = Frames.head(in);
    if (!head.startsWith("HTTP/1.1 101 ")) {
      throw new IOException("no WebSocket: " + head);
    }
  }

  private synchronized void add(List<Double> mine, boolean failed) {
    millis.addAll(mine);
    errors += failed ? 1 : 0;
  }
}
