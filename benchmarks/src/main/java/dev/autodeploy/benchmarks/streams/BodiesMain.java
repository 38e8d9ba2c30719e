package dev.autodeploy.benchmarks.streams;

import dev.autodeploy.benchmarks.server.Jdks;
import dev.autodeploy.benchmarks.server.LinkServer;
import dev.autodeploy.benchmarks.server.ServerProcess;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;

/** Sends 4 GiB down and up through a link whose JVM has 64 MB of heap, and checks every byte. */
public final class BodiesMain {
  private static final String UP = "POST /d/app/body HTTP/1.1\r\nHost: localhost\r\n";

  private BodiesMain() {}

  /**
   * Measures.
   *
   * @param arguments the JDKs to compare, by default the one that runs this
   * @throws IOException if a server fails
   */
  public static void main(String[] arguments) throws IOException {
    System.out.println("| link on | body | content | rate | peak memory of the process |");
    System.out.println("| --- | --- | --- | --- | --- |");
    try (StreamInstance instance = new StreamInstance()) {
      for (Path jdk : Jdks.of(arguments)) {
        String java = "Java " + Jdks.version(jdk);
        try (ServerProcess server =
            ServerProcess.start(
                jdk, List.of("-Xmx64m"), LinkServer.class, instance.endpoint().toString())) {
          measure(java, "down, with a length", server, socket -> down(socket, "body"));
          measure(java, "down, in chunks", server, socket -> down(socket, "chunked"));
          measure(
              java,
              "up, with a length",
              server,
              socket -> {
                Wire.write(
                    socket.getOutputStream(), UP + "Content-Length: " + Body.LENGTH + "\r\n\r\n");
                Body.write(socket.getOutputStream());
                return answer(socket);
              });
          measure(
              java,
              "up, in chunks",
              server,
              socket -> {
                OutputStream out = socket.getOutputStream();
                Wire.write(out, UP + "Transfer-Encoding: chunked\r\n\r\n");
                Body.writeChunks(out);
                return answer(socket);
              });
        }
      }
    }
  }

  private static void measure(String java, String name, ServerProcess server, Transfer transfer)
      throws IOException {
    server.resetHighWater();
    long begun = System.nanoTime();
    String result;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      result = transfer.run(socket);
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    System.out.printf(
        "| %s | %s | %s | %.0f MB/s | %.0f MB |%n",
        java, name, result, Body.LENGTH / 1e6 / seconds, server.memory("VmHWM"));
  }

  private static String down(Socket socket, String path) throws IOException {
    Wire.write(
        socket.getOutputStream(), "GET /d/app/" + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    InputStream in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
    String head = Wire.answer(in);
    Body check = new Body();
    if (head.contains("transfer-encoding: chunked")) {
      check.readChunks(in);
    } else {
      check.read(in, Body.LENGTH);
    }
    return check.result();
  }

  /** The instance has checked the body and says what it found. */
  private static String answer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    String head = Wire.answer(in);
    int length = Integer.parseInt(head.replaceAll("(?s).*content-length: (\\d+).*", "$1"));
    return new String(in.readNBytes(length), java.nio.charset.StandardCharsets.US_ASCII);
  }

  /** One body on its way. */
  private interface Transfer {
    /**
     * Sends it.
     *
     * @param socket a connection of its own
     * @return what the other side found
     * @throws IOException if it broke
     */
    String run(Socket socket) throws IOException;
  }
}
