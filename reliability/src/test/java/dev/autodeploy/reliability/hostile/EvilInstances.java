package dev.autodeploy.reliability.hostile;

import com.sun.net.httpserver.HttpServer;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An instance: a process that a deployment's own command has started. */
@SuppressWarnings("StringConcatToTextBlock") // the lines of a response end with CR and LF
final class EvilInstances {
  private static final String ROLE = "instance";
  private static final String EXPRESSION = "(.*x){25}$";
  private static final String BAIT = "x".repeat(40) + "!";
  private static final String ESCAPES = "\u001b[2J\u001b]0;owned\u0007forged\u009b31m";
  private static final Pattern ACTS = Pattern.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]");
  private static final String FORGED =
      "HTTP/1.1 200 OK\r\nDeploy-Route-Target: i-forged\r\nAutoDeploy-Status: forged\r\n"
          + "Service-Worker-Allowed: /\r\nClear-Site-Data: \"*\"\r\n"
          + "Content-Length: 6\r\n\r\nserved";
  private static final List<String> OWN =
      List.of("i-forged", "autodeploy-status: forged", "service-worker-allowed", "clear-site-data");

  private EvilInstances() {}

  static void addTo(Map<String, Attack> attacks) {
    attacks.put(
        "forged-headers",
        new Attack(
            ROLE,
            "forges the link's own headers, and those that rule over an origin",
            ground -> forged(Wire.get(plain(ground, FORGED), "/", Victim.LIMIT)),
            ground ->
                forged(
                    Wire.get(
                        Victim.start(ground, FORGED).warm().proxy.port(),
                        "/d/app/",
                        Victim.LIMIT))));
    attacks.put(
        "escapes",
        new Attack(
            ROLE,
            "terminal escapes, in its output and as it fails to start",
            EvilInstances::printed,
            EvilInstances::escapes));
    attacks.put(
        "endless-expression",
        new Attack(
            ROLE,
            "a line on which the probe's expression would burn a core for hours",
            EvilInstances::burningThread,
            EvilInstances::burningProbe));
    attacks.put(
        "endless-log",
        new Attack(
            ROLE,
            "writes to its log as fast as it can",
            EvilInstances::noiseToAFile,
            EvilInstances::noise));
    attacks.put(
        "probe-elsewhere",
        new Attack(
            ROLE,
            "dead, with a probe's path `//host/` that another server answers",
            ground -> probed(ground, EvilInstances::naiveProbe),
            ground -> probed(ground, EvilInstances::probe)));
  }

  private static int plain(Ground ground, String answer) throws Exception {
    int port = Ground.freePort();
    Path file = Victim.answer(ground, answer);
    Process server =
        ground.keep(
            new ProcessBuilder(
                    "sh", "-c", "exec " + EvilServer.command("127.0.0.1", "" + port, file))
                .redirectErrorStream(true)
                .start());
    if (!"listening".equals(server.inputReader().readLine())) {
      throw new AssertionError("the stand-in does not listen");
    }
    return port;
  }

  private static @Nullable String forged(String response) {
    if (!response.endsWith("served")) {
      throw new AssertionError("no answer of the instance: " + response);
    }
    String head = response.toLowerCase(java.util.Locale.ROOT);
    List<String> came = OWN.stream().filter(head::contains).toList();
    return came.isEmpty() ? null : "the caller got " + came;
  }

  private static @Nullable String acts(String text) {
    return ACTS.matcher(text).find() ? "escapes in " + text.replace('\u001b', '?') : null;
  }

  /** As a host that passes on what its child prints would show it. */
  private static @Nullable String printed(Ground ground) throws Exception {
    String bytes = Victim.answer(ground, ESCAPES + "\n").toString();
    Process process = new ProcessBuilder("cat", bytes).start();
    return acts(
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.ISO_8859_1));
  }

  /** In the answer, the status, the log and the events; the logger's lines are looked at later. */
  private static @Nullable String escapes(Ground ground) throws Exception {
    StringBuilder all = new StringBuilder();
    Path bytes = Victim.answer(ground, ESCAPES + "\n");
    Victim victim =
        Victim.start(
            ground,
            Victim.spec()
                .startCommand("cat '" + bytes + "'; cat '" + bytes + "' >&2; exit 3")
                .build(),
            proxy -> {});
    victim.engine.addListener(
        event -> {
          synchronized (all) {
            all.append(event).append('\n');
          }
        });
    all.append(Wire.get(victim.proxy.port(), "/d/app/", Victim.LIMIT).replace("\r\n", "\n"));
    all.append(Wire.get(victim.proxy.port(), "/-/status", Victim.LIMIT).replace("\r\n", "\n"));
    all.append(victim.app.status());
    Ground.pause(Duration.ofMillis(200));
    synchronized (all) {
      if (!all.toString().contains("forged")) {
        throw new AssertionError("nothing of the instance came through: " + all);
      }
      return acts(all.toString());
    }
  }

  private static @Nullable String burningThread(Ground ground) throws Exception {
    CharSequence bait = new Interruptible();
    Thread thread =
        new Thread(
            () -> {
              try {
                Pattern.compile(EXPRESSION).matcher(bait).find();
              } catch (IllegalStateException e) {
                // The round is over.
              }
            },
            "autodeploy-stand-in");
    thread.start();
    ground.keep(thread::interrupt);
    return burns();
  }

  private static @Nullable String burningProbe(Ground ground) throws Exception {
    AutoDeploy engine = ground.engine();
    Path printed = ground.directory().resolve("printed");
    Deployment app =
        engine.deploy(
            Victim.spec()
                .minInstances(1)
                .readiness(ReadinessProbe.logLine(EXPRESSION))
                .startTimeout(Duration.ofSeconds(5))
                .startCommand("echo " + BAIT + "; touch '" + printed + "'; exec sleep 60")
                .build());
    if (!Ground.within(Duration.ofSeconds(10), () -> Files.exists(printed))) {
      throw new AssertionError("the instance did not print its line");
    }
    Ground.pause(Duration.ofSeconds(1));
    app.releaseNow();
    engine.remove("app");
    return burns();
  }

  /** A thread of the library that is busy for most of two seconds. */
  private static @Nullable String burns() throws InterruptedException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Map<Long, Long> before = new java.util.HashMap<>();
    for (long id : threads.getAllThreadIds()) {
      before.put(id, threads.getThreadCpuTime(id));
    }
    Ground.pause(Duration.ofSeconds(2));
    for (long id : threads.getAllThreadIds()) {
      ThreadInfo info = threads.getThreadInfo(id);
      long took = threads.getThreadCpuTime(id) - before.getOrDefault(id, 0L);
      if (info != null
          && info.getThreadName().startsWith("autodeploy-")
          && took > TimeUnit.MILLISECONDS.toNanos(300)) {
        return info.getThreadName() + " was busy for " + took / 1_000_000 + " ms of 2 s";
      }
    }
    return null;
  }

  private static @Nullable String noiseToAFile(Ground ground) throws Exception {
    Path log = ground.directory().resolve("log");
    ground.keep(new ProcessBuilder("yes", BAIT).redirectOutput(log.toFile()).start());
    return largest(ground.directory());
  }

  private static @Nullable String noise(Ground ground) throws Exception {
    Victim victim =
        Victim.start(
            ground,
            Victim.spec().startCommand("exec yes " + BAIT).minInstances(1).build(),
            proxy -> {});
    if (!Ground.within(Duration.ofSeconds(10), () -> !victim.app.status().instances().isEmpty())) {
      throw new AssertionError("no instance was started");
    }
    String broke = largest(ground.directory().resolve("registry"));
    String id = victim.app.status().instances().get(0).id();
    if (victim.app.logs(id, 10).get(10, TimeUnit.SECONDS).isEmpty()) {
      throw new AssertionError("the instance wrote nothing");
    }
    return broke;
  }

  private static @Nullable String largest(Path directory) throws Exception {
    long largest = 0;
    for (int i = 0; i < 40; i++) {
      Ground.pause(Duration.ofMillis(50));
      try (Stream<Path> files = Files.walk(directory)) {
        largest = Math.max(largest, files.mapToLong(file -> file.toFile().length()).sum());
      } catch (java.io.UncheckedIOException e) {
        // A file has gone meanwhile.
      }
    }
    return largest > 16 << 20 ? "%d MiB of log in two seconds".formatted(largest >> 20) : null;
  }

  /** Asks a dead instance with a path that names another server. */
  @FunctionalInterface
  private interface Probe {
    void of(Ground ground, String path) throws Exception;
  }

  private static @Nullable String probed(Ground ground, Probe probe) throws Exception {
    AtomicInteger hits = new AtomicInteger();
    HttpServer other = ground.plainServer(2);
    other.createContext(
        "/",
        exchange -> {
          hits.incrementAndGet();
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    probe.of(ground, "//127.0.0.1:" + other.getAddress().getPort() + "/");
    return hits.get() == 0 ? null : "the probe asked another server, %s times".formatted(hits);
  }

  private static void naiveProbe(Ground ground, String path) throws IOException {
    URI target = URI.create("http://127.0.0.1:1/").resolve(path);
    HttpURLConnection connection = (HttpURLConnection) target.toURL().openConnection();
    connection.getResponseCode();
  }

  private static void probe(Ground ground, String path) throws Exception {
    try {
      Victim victim =
          Victim.start(
              ground,
              Victim.spec()
                  .readiness(ReadinessProbe.http(path))
                  .startTimeout(Duration.ofSeconds(2))
                  .startCommand("exec sleep 60")
                  .build(),
              proxy -> {});
      String got = Wire.get(victim.proxy.port(), "/d/app/", Victim.LIMIT);
      if (!got.startsWith("HTTP/1.1 50")) {
        throw new AssertionError("a dead instance was ready: " + got);
      }
    } catch (IllegalArgumentException e) {
      System.out.println("  refused: " + e.getMessage());
    }
  }

  /** A text that ends a search when its thread is interrupted. */
  private static final class Interruptible implements CharSequence {
    @Override
    public int length() {
      return BAIT.length();
    }

    @Override
    public char charAt(int index) {
      if (Thread.currentThread().isInterrupted()) {
        throw new IllegalStateException("interrupted");
      }
      return BAIT.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return BAIT.subSequence(start, end);
    }
  }
}
