package dev.autodeploy.benchmarks.ledger;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.CostKey;
import dev.autodeploy.CostLine;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Money;
import dev.autodeploy.benchmarks.server.GatedProvider;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Takes a ledger of millions of intervals over, opens it, and asks for the costs of single months:
 * ten years of ten deployments, two GPU models and five callers.
 */
public final class LedgerMain {
  private static final int DEPLOYMENTS = 10;
  private static final int YEARS = 10;
  private static final LocalDate FIRST = LocalDate.of(2016, 1, 1);
  private static final Instant BEGIN = Instant.parse("2016-01-01T00:00:00Z");
  private static final List<String> ZONES = List.of("UTC", "Europe/Berlin", "Asia/Kolkata");
  private static final List<CostKey[]> QUESTIONS =
      List.of(
          new CostKey[] {},
          new CostKey[] {CostKey.DEPLOYMENT},
          new CostKey[] {CostKey.DEPLOYMENT, CostKey.DAY},
          new CostKey[] {CostKey.HOUR},
          new CostKey[] {CostKey.CALLER, CostKey.WEEK},
          new CostKey[] {CostKey.GPU_MODEL, CostKey.DEPLOYMENT});

  private LedgerMain() {}

  /**
   * Measures.
   *
   * @param arguments how many intervals, by default a million
   * @throws Exception if a file fails
   */
  public static void main(String[] arguments) throws Exception {
    List<Integer> sizes =
        arguments.length == 0
            ? List.of(1_000_000)
            : Stream.of(arguments).map(Integer::valueOf).toList();
    for (int size : sizes) {
      measure(size);
    }
  }

  private static void measure(int size) throws Exception {
    Path directory = Files.createTempDirectory("ledger-benchmark");
    try {
      try (AutoDeploy engine = engine(directory)) {
        for (int i = 0; i < DEPLOYMENTS; i++) {
          engine.deploy(
              DeploymentSpec.builder("service-" + i)
                  .port(80)
                  .pricePerHour(Money.of("0.49", "USD"))
                  .build());
        }
      }
      write(directory.resolve("ledger.jsonl"), size);
      long begun = System.nanoTime();
      engine(directory).close();
      System.out.printf(
          "%,d intervals: taken over in %.1f s, %,d MB on disk%n",
          size, seconds(begun), bytes(directory) >> 20);
      long before = usedHeap();
      begun = System.nanoTime();
      try (AutoDeploy engine = engine(directory)) {
        System.out.printf(
            "opened in %.2f s, heap %.1f MB%n", seconds(begun), (usedHeap() - before) / 1e6);
        ask(engine, new Random(1), 60); // warms up
        for (String zone : ZONES) {
          System.out.println(zone + ": " + ask(engine, zone));
        }
        System.out.printf("heap after the questions %.1f MB%n", (usedHeap() - before) / 1e6);
      }
    } finally {
      delete(directory);
    }
  }

  private static AutoDeploy engine(Path directory) {
    return AutoDeploy.builder()
        .provider(new GatedProvider(URI.create("http://127.0.0.1:9")))
        .stateDirectory(directory)
        .releaseOnShutdown(false)
        .build();
  }

  private static void ask(AutoDeploy engine, Random random, int times) {
    for (int i = 0; i < times; i++) {
      ask(engine, random.nextInt(12 * YEARS), ZoneId.of("UTC"), QUESTIONS.get(i % 6));
    }
  }

  private static String ask(AutoDeploy engine, String zone) {
    List<Double> millis = new ArrayList<>();
    Random random = new Random(2);
    for (int i = 0; i < 120; i++) {
      long begun = System.nanoTime();
      ask(engine, random.nextInt(12 * YEARS), ZoneId.of(zone), QUESTIONS.get(i % QUESTIONS.size()));
      millis.add(seconds(begun) * 1000);
    }
    Collections.sort(millis);
    return String.format(
        "a month in %.0f ms (median), %.0f ms (p95), %.0f ms (longest)",
        millis.get(millis.size() / 2), millis.get(millis.size() * 95 / 100), millis.get(119));
  }

  private static List<CostLine> ask(AutoDeploy engine, int month, ZoneId zone, CostKey[] keys) {
    Instant from = FIRST.plusMonths(month).atStartOfDay(zone).toInstant();
    Instant to = FIRST.plusMonths(month + 1).atStartOfDay(zone).toInstant();
    return engine.costs(from, to).in(zone).by(keys);
  }

  /** Writes a ledger as earlier versions did, whose lines have no numbers. */
  private static void write(Path file, int size) throws IOException {
    Random random = new Random(0);
    long apart = Duration.ofDays(365 * YEARS).toMillis() / size;
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int i = 0; i < size; i++) {
        Instant start = BEGIN.plusMillis(apart * i);
        Instant ready = start.plusMillis(20_000 + random.nextInt(40_000));
        int busy = 1 + random.nextInt(300);
        Instant end = ready.plusSeconds(300 + busy);
        int caller = random.nextInt(5);
        String model = random.nextBoolean() ? "A100" : "H100";
        out.write(
            String.format(
                "{\"type\":\"released\",\"deployment\":\"service-%d\",\"instance\":\"service-%d-%d\","
                    + "\"gpu\":{\"count\":1},\"startRequestedAt\":\"%s\",\"readyAt\":\"%s\","
                    + "\"releaseRequestedAt\":\"%s\",\"endedAt\":\"%s\",\"busy\":\"PT%dS\","
                    + "\"billing\":{\"caller\":\"team-%d\",\"busyBy\":{\"team-%d\":\"PT%dS\"},"
                    + "\"gpuModel\":\"%s\",\"gpus\":1,\"charges\":[{\"from\":\"%s\","
                    + "\"amount\":\"0.0%d\",\"currency\":\"USD\"}]}}\n",
                i % DEPLOYMENTS,
                i % DEPLOYMENTS,
                i,
                start,
                ready,
                end,
                end.plusSeconds(2),
                busy,
                caller,
                caller,
                busy,
                model,
                start,
                40_000 + busy * 13));
      }
    }
  }

  private static long usedHeap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static double seconds(long begun) {
    return (System.nanoTime() - begun) / 1e9;
  }

  private static long bytes(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }
}
