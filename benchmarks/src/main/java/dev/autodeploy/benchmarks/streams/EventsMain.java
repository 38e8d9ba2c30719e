package dev.autodeploy.benchmarks.streams;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures how long a server-sent event is on its way, straight and through a link, in turns. */
public final class EventsMain {
  static final int EVENTS = 200;
  private static final int ROUNDS = 7;

  private EventsMain() {}

  /**
   * Measures.
   *
   * @param arguments the JDKs to compare, by default the one that runs this
   * @throws IOException if a server fails
   */
  public static void main(String[] arguments) throws IOException {
    Map<String, Integer> ports = new LinkedHashMap<>();
    List<ServerProcess> servers = new ArrayList<>();
    try (StreamInstance instance = new StreamInstance()) {
      ports.put("direct", instance.endpoint().getPort());
      for (Path jdk : Jdks.of(arguments)) {
        ServerProcess server =
            ServerProcess.start(
                jdk, List.of("-Xmx512m"), LinkServer.class, instance.endpoint().toString());
        servers.add(server);
        ports.put("link, Java " + Jdks.version(jdk), server.port());
      }
      Map<String, List<Double>> delays = new LinkedHashMap<>();
      for (int round = -1; round < ROUNDS; round++) {
        for (Map.Entry<String, Integer> way : ports.entrySet()) {
          List<Double> measured = events(way.getValue());
          if (round >= 0) {
            delays.computeIfAbsent(way.getKey(), name -> new ArrayList<>()).addAll(measured);
          }
        }
      }
      System.out.println("| way | events | median | 90 % | 99 % |");
      System.out.println("| --- | --- | --- | --- | --- |");
      delays.forEach(
          (name, all) ->
              System.out.printf(
                  "| %s | %d | %.2f ms | %.2f ms | %.2f ms |%n",
                  name,
                  all.size(),
                  Numbers.median(all),
                  Numbers.quantile(all, 0.9),
                  Numbers.quantile(all, 0.99)));
    } finally {
      for (ServerProcess server : servers) {
        server.close();
      }
    }
  }

  /** Returns the delay of each event in milliseconds. */
  private static List<Double> events(int port) throws IOException {
    List<Double> delays = new ArrayList<>();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      Wire.write(socket.getOutputStream(), "GET /d/app/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      InputStream in = new BufferedInputStream(socket.getInputStream());
      Wire.answer(in);
      while (delays.size() < EVENTS) {
        String line = Wire.line(in);
        if (line.startsWith("data: ")) {
          delays.add((System.nanoTime() - Long.parseLong(line.substring(6))) / 1e6);
        }
      }
    }
    return delays;
  }
}
