package dev.autodeploy.benchmarks.models;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.autodeploy.benchmarks.server.Jdks;
import dev.autodeploy.benchmarks.server.LinkServer;
import dev.autodeploy.benchmarks.server.Numbers;
import dev.autodeploy.benchmarks.server.ServerProcess;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Compares the address of all models with a link, by the CPU that the proxy spends on a request
 * with 100 B of JSON; then uploads 1 GB through each in a JVM that has 64 MB of heap.
 */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
public final class ModelsMain {
  private static final int CONNECTIONS = 8;
  private static final int REQUESTS = 20_000;
  private static final int WARM_UPS = 4;
  private static final int ROUNDS = 9;
  private static final long UPLOAD = 1_000_000_000;
  private static final int PIECE = 64 * 1024;
  private static final String PATH = "/v1/audio/transcriptions";

  private ModelsMain() {}

  /**
   * Measures.
   *
   * @param arguments the JDKs to compare, by default the one that runs this
   * @throws Exception if a server fails
   */
  public static void main(String[] arguments) throws Exception {
    try (AnsweringInstance instance = new AnsweringInstance()) {
      for (Path jdk : Jdks.of(arguments)) {
        String java = "Java " + Jdks.version(jdk);
        try (ServerProcess server =
            ServerProcess.start(
                jdk, List.of("-Xmx64m"), LinkServer.class, instance.endpoint().toString())) {
          cpu(java, server);
          for (String prefix : List.of("/d/app", "")) {
            server.resetHighWater();
            long begun = System.nanoTime();
            long arrived = upload(server.port(), prefix);
            System.out.printf(
                "%s, 1 GB to %s: %d bytes arrived, %.0f MB/s, peak memory of the process %.0f MB%n",
                java,
                prefix + PATH,
                arrived,
                UPLOAD / 1e6 / ((System.nanoTime() - begun) / 1e9),
                server.memory("VmHWM"));
          }
        }
      }
    }
  }

  private static void cpu(String java, ServerProcess server) throws Exception {
    List<Double> link = new ArrayList<>();
    List<Double> models = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    for (int i = -WARM_UPS; i < ROUNDS; i++) {
      double one = round(server, "/d/app");
      double other = round(server, "");
      if (i >= 0) {
        link.add(one);
        models.add(other);
        ratios.add(other / one);
      }
    }
    System.out.printf(
        "%s, 100 B: link %.1f us of CPU, models %.1f us, median of %d ratios %.2f%n",
        java, Numbers.median(link), Numbers.median(models), ROUNDS, Numbers.median(ratios));
  }

  /** Returns the CPU of the proxy for each request, in microseconds. */
  private static double round(ServerProcess server, String prefix) throws Exception {
    String body = "{\"model\":\"app\",\"input\":\"" + "x".repeat(74) + "\"}";
    byte[] request =
        ("POST "
                + prefix
                + "/v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: "
                + body.length()
                + "\r\n\r\n"
                + body)
            .getBytes(US_ASCII);
    AtomicInteger left = new AtomicInteger(REQUESTS);
    AtomicReference<Exception> failure = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    double begun = server.cpuMicros();
    for (int i = 0; i < CONNECTIONS; i++) {
      Thread thread =
          new Thread(
              () -> {
                try (Socket socket = connect(server.port())) {
                  InputStream in = new BufferedInputStream(socket.getInputStream());
                  while (left.getAndDecrement() > 0) {
                    socket.getOutputStream().write(request);
                    answer(in);
                  }
                } catch (IOException e) {
                  failure.set(e);
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    Exception failed = failure.get();
    if (failed != null) {
      throw failed;
    }
    return (server.cpuMicros() - begun) / REQUESTS;
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    return socket;
  }

  private static long upload(int port, String prefix) throws IOException {
    byte[] model =
        ("--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\napp\r\n--b\r\n"
                + "Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n")
            .getBytes(US_ASCII);
    byte[] end = "\r\n--b--\r\n".getBytes(US_ASCII);
    long length = model.length + UPLOAD + end.length;
    try (Socket socket = connect(port)) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST "
                  + prefix
                  + PATH
                  + " HTTP/1.1\r\nHost: localhost\r\n"
                  + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: "
                  + length
                  + "\r\n\r\n")
              .getBytes(US_ASCII));
      out.write(model);
      byte[] piece = new byte[PIECE];
      for (long left = UPLOAD; left > 0; left -= PIECE) {
        out.write(piece, 0, (int) Math.min(left, PIECE));
      }
      out.write(end);
      return Long.parseLong(answer(new BufferedInputStream(socket.getInputStream())));
    }
  }

  /** Reads an answer, which has to be good; returns its body. */
  private static String answer(InputStream in) throws IOException {
    String status = line(in);
    if (!status.startsWith("HTTP/1.1 200 ")) {
      throw new IOException("not the answer that was expected: " + status);
    }
    int length = 0;
    for (String field = line(in); !field.isEmpty(); field = line(in)) {
      if (field.regionMatches(true, 0, "content-length:", 0, 15)) {
        length = Integer.parseInt(field.substring(15).strip());
      }
    }
    return new String(in.readNBytes(length), US_ASCII);
  }

  static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("the connection ended");
      }
      if (b != '\r') {
        line.append((char) b);
      }
    }
    return line.toString();
  }
}
