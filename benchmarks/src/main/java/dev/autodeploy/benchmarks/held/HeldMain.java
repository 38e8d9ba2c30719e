package dev.autodeploy.benchmarks.held;

import dev.autodeploy.benchmarks.server.BareServer;
import dev.autodeploy.benchmarks.server.Jdks;
import dev.autodeploy.benchmarks.server.LinkServer;
import dev.autodeploy.benchmarks.server.Numbers;
import dev.autodeploy.benchmarks.server.ServerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Holds 10,000 requests on one start, with the link and with the bare JDK server, and shows what a
 * held request costs, and when 1,000 clients that hang up are noticed; then once more among 1,000
 * connections that never finish their head.
 */
public final class HeldMain {
  private static final int REQUESTS = 10_000;
  private static final int SLOW = 1_000;
  private static final int LEAVING = 1_000;
  private static final List<String> OPTIONS = List.of("-Xmx1g");

  private HeldMain() {}

  /**
   * Measures.
   *
   * @param arguments the JDKs to compare, by default the one that runs this
   * @throws Exception if a server fails
   */
  public static void main(String[] arguments) throws Exception {
    System.out.println(
        "| server | right answers | all held after | heap per held request | RSS growth | threads"
            + " | first / median / last answer after the start | 1,000 leave, noticed after |");
    System.out.println("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (Path jdk : Jdks.of(arguments)) {
      String java = "Java " + Jdks.version(jdk);
      boolean virtual = Integer.parseInt(Jdks.version(jdk).replaceAll("\\D.*", "")) >= 24;
      measure(java + ", bare", jdk, 0, BareServer.class);
      if (virtual) {
        measure(java + ", bare, virtual threads", jdk, 0, BareServer.class, "virtual");
      }
      try (NumberInstance instance = new NumberInstance()) {
        String endpoint = instance.endpoint().toString();
        for (String front : List.of("jdk", "netty")) {
          String link = java + ", link on " + front;
          measure(link, jdk, 0, LinkServer.class, endpoint, front);
          measure(link + ", " + SLOW + " slow heads", jdk, SLOW, LinkServer.class, endpoint, front);
        }
      }
    }
  }

  private static void measure(String name, Path jdk, int slow, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    try (ServerProcess server = ServerProcess.start(jdk, OPTIONS, main, arguments);
        SlowHeads slowHeads = new SlowHeads(server.port())) {
      slowHeads.open(slow);
      for (int i = 0; i < 5; i++) {
        warmUp(server);
      }
      long heapBefore = server.ask("heap");
      double rssBefore = server.memory("VmRSS");
      server.ask("hold");
      long begun = System.nanoTime();
      try (HeldClients clients = new HeldClients(server.port(), REQUESTS)) {
        awaitHeld(server, REQUESTS);
        final double heldAfter = (System.nanoTime() - begun) / 1e9;
        final long threads = server.ask("threads");
        final double heap = server.ask("heap") - heapBefore;
        final double rss = server.memory("VmRSS") - rssBefore;
        double noticed = main == LinkServer.class ? leave(server, clients) : Double.NaN;
        long started = System.nanoTime();
        server.ask("release");
        clients.await();
        List<Double> after = clients.answeredAfter(started);
        System.out.printf(
            "| %s | %d | %.1f s | %.2f KB | %.0f MB | %d | %.0f / %.0f / %.0f ms | %s |%n",
            name,
            clients.right(),
            heldAfter,
            heap / REQUESTS / 1024,
            rss,
            threads,
            Numbers.quantile(after, 0),
            Numbers.median(after),
            Numbers.quantile(after, 1),
            Double.isNaN(noticed) ? "" : Math.round(noticed) + " ms");
      }
    }
  }

  /** Lets clients hang up, and returns after how many milliseconds none of them is held. */
  private static double leave(ServerProcess server, HeldClients clients)
      throws IOException, InterruptedException {
    clients.leave(LEAVING);
    long left = System.nanoTime();
    while (server.ask("held") > REQUESTS - LEAVING) {
      if (System.nanoTime() - left > 60_000_000_000L) {
        throw new IOException("those who left are still held: " + server.ask("held"));
      }
      Thread.sleep(1);
    }
    return (System.nanoTime() - left) / 1e6;
  }

  /** Loads all classes, on the same way. */
  private static void warmUp(ServerProcess server) throws IOException, InterruptedException {
    server.ask("hold");
    try (HeldClients clients = new HeldClients(server.port(), 200)) {
      awaitHeld(server, 200);
      server.ask("release");
      clients.await();
    }
    server.ask("standby");
  }

  private static void awaitHeld(ServerProcess server, int number)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + 120_000_000_000L;
    while (server.ask("held") < number) {
      if (System.nanoTime() > deadline) {
        throw new IOException("held only " + server.ask("held") + " of " + number);
      }
      Thread.sleep(20);
    }
  }
}
