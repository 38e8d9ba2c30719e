package dev.autodeploy.benchmarks.held;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.autodeploy.benchmarks.server.Jdks;
import dev.autodeploy.benchmarks.server.LinkServer;
import dev.autodeploy.benchmarks.server.Numbers;
import dev.autodeploy.benchmarks.server.ServerProcess;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The effect on warm callers of connections that begin a request and never finish its head: some
 * thousand that stay, and one client that opens new ones as fast as it can.
 */
public final class UnfinishedMain {
  private static final List<String> OPTIONS = List.of("-Xmx1g");
  private static final int CALLERS = 4;
  private static final int SECONDS = 8;
  private static final String REQUEST = "GET /d/app/1 HTTP/1.1\r\nHost: localhost\r\n";

  private UnfinishedMain() {}

  /**
   * Measures.
   *
   * @param arguments the JDKs to compare, by default the one that runs this
   * @throws Exception if a server fails
   */
  public static void main(String[] arguments) throws Exception {
    System.out.println(
        "| server | unfinished heads | requests/s | median | 99 % | longest | refused or timed out |");
    System.out.println("| --- | --- | --- | --- | --- | --- | --- |");
    for (Path jdk : Jdks.of(arguments)) {
      try (NumberInstance instance = new NumberInstance()) {
        measure(jdk, instance, 0, false);
        measure(jdk, instance, 2_100, false);
        measure(jdk, instance, 10_000, false);
        measure(jdk, instance, 0, true);
      }
    }
  }

  private static void measure(Path jdk, NumberInstance instance, int number, boolean flood)
      throws IOException, InterruptedException {
    try (ServerProcess server =
            ServerProcess.start(jdk, OPTIONS, LinkServer.class, instance.endpoint().toString());
        SlowHeads heads = new SlowHeads(server.port())) {
      callers(server.port(), 3); // loads all classes
      Flood opening = flood ? new Flood(server.port()) : null;
      Thread attacker = new Thread(opening != null ? opening : () -> openAll(heads, number));
      attacker.start();
      List<Caller> callers = callers(server.port(), SECONDS);
      attacker.interrupt();
      attacker.join();
      List<Double> times = new ArrayList<>();
      long failed = 0;
      for (Caller caller : callers) {
        times.addAll(caller.millis);
        failed += caller.failed;
      }
      System.out.printf(
          "| Java %s | %s | %.0f | %.2f ms | %.2f ms | %.0f ms | %d |%n",
          Jdks.version(jdk),
          opening == null
              ? String.valueOf(number)
              : opening.opened.get() / SECONDS + " new ones a second",
          (double) times.size() / SECONDS,
          Numbers.median(times),
          Numbers.quantile(times, 0.99),
          Numbers.quantile(times, 1),
          failed);
    }
  }

  private static void openAll(SlowHeads heads, int number) {
    try {
      heads.open(number);
    } catch (IOException e) {
      System.out.println("the attacker was stopped: " + e.getMessage());
    }
  }

  /** Half of the callers keep their connection, the others open one for each request. */
  private static List<Caller> callers(int port, int seconds) throws InterruptedException {
    List<Caller> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      callers.add(new Caller(port, seconds, i % 2 == 0));
    }
    callers.forEach(Thread::start);
    for (Caller caller : callers) {
      caller.join();
    }
    return callers;
  }

  /** Somebody with complete requests. */
  private static final class Caller extends Thread {
    final List<Double> millis = new ArrayList<>();
    long failed;
    private final int port;
    private final long end;
    private final boolean keeps;

    Caller(int port, int seconds, boolean keeps) {
      this.port = port;
      this.end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
      this.keeps = keeps;
    }

    @Override
    public void run() {
      Socket socket = null;
      while (System.nanoTime() < end) {
        long begun = System.nanoTime();
        try {
          if (socket == null) {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(10_000);
          }
          ask(socket);
          millis.add((System.nanoTime() - begun) / 1e6);
          if (!keeps) {
            socket.close();
            socket = null;
          }
          sleep(1);
        } catch (IOException e) {
          failed++;
          millis.add((System.nanoTime() - begun) / 1e6);
          socket = null;
        } catch (InterruptedException e) {
          return;
        }
      }
    }

    private void ask(Socket socket) throws IOException {
      String last = keeps ? "\r\n" : "Connection: close\r\n\r\n";
      socket.getOutputStream().write((REQUEST + last).getBytes(US_ASCII));
      InputStream in = new BufferedInputStream(socket.getInputStream());
      StringBuilder response = new StringBuilder();
      for (int c = in.read(); c >= 0; c = in.read()) {
        response.append((char) c);
        if (c == '\n' && response.indexOf("\r\n\r\n") > 0) {
          in.read(); // the body is one digit
          break;
        }
      }
      if (response.indexOf("HTTP/1.1 200") != 0) {
        throw new IOException("no answer: " + response);
      }
    }
  }

  /** Opens unfinished heads one after the other, without a pause, and keeps them. */
  private static final class Flood implements Runnable {
    private final int port;
    final AtomicLong opened = new AtomicLong();

    Flood(int port) {
      this.port = port;
    }

    @Override
    public void run() {
      List<Socket> sockets = new ArrayList<>();
      try {
        while (!Thread.interrupted()) {
          Socket socket =
              new Socket(
                  InetAddress.getLoopbackAddress(), port, InetAddress.getByName("127.0.0.6"), 0);
          socket.getOutputStream().write("GET / HT".getBytes(US_ASCII));
          sockets.add(socket);
          opened.incrementAndGet();
          if (sockets.size() > 8_000) {
            sockets.remove(0).close();
          }
        }
      } catch (IOException e) {
        System.out.println("the attacker was stopped: " + e.getMessage());
      } finally {
        for (Socket socket : sockets) {
          try {
            socket.close();
          } catch (IOException e) {
            // It is over anyway.
          }
        }
      }
    }
  }
}
