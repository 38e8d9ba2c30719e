import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Starts the application, asks what its user would, and ends it by SIGTERM under load.
 *
 * <p>usage: Check JAVA DEMO.JAR DIRECTORY PORT
 */
public final class Check {
  private static final int CLIENTS = 20;

  private final Path directory;
  private final int port;
  private final HttpClient http = HttpClient.newHttpClient();

  private final AtomicInteger served = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final Set<String> answered = ConcurrentHashMap.newKeySet();
  private final Queue<String> broken = new ConcurrentLinkedQueue<>();
  private final Set<String> unheard = ConcurrentHashMap.newKeySet();

  private Check(Path directory, int port) {
    this.directory = directory;
    this.port = port;
  }

  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[2]).toAbsolutePath();
    Files.deleteIfExists(directory.resolve("seen"));
    ProcessBuilder start =
        new ProcessBuilder(args[0], "-jar", args[1])
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile());
    start.environment().put("PORT_OF_THE_CHECK", args[3]);
    start.environment().put("CHECK", directory.toString());
    Process app = start.start();
    try {
      new Check(directory, Integer.parseInt(args[3])).run(app);
    } finally {
      app.destroyForcibly();
    }
    System.out.println("consumer ok");
  }

  private void run(Process app) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (!answers()) {
      if (!app.isAlive() || System.nanoTime() > deadline) {
        throw new IllegalStateException("the application did not start; see the log");
      }
      Thread.sleep(200);
    }
    // Nothing of this starts an instance.
    expect("/autodeploy/", "<!DOCTYPE html>");
    expect("/autodeploy/-/api/deployments", "\"breezyvoice\"");
    expect("/actuator/autodeploy", "\"STANDBY\"");
    expect("/actuator/health", "\"autodeploy\"");
    expect("/actuator/metrics/autodeploy.cold.starts", "\"value\":0.0");
    expect("/-/status", "\"STANDBY\"");

    HttpResponse<String> spoken =
        http.send(
            HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/d/breezyvoice/v1/audio/speech"))
                .timeout(Duration.ofMinutes(1))
                .POST(HttpRequest.BodyPublishers.ofString("hello"))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    check(spoken.body().equals("spoken: hello"), "the link answered " + spoken.body());
    expect("/actuator/metrics/autodeploy.cold.starts", "\"value\":1.0");
    expect("/actuator/autodeploy/breezyvoice", "\"RUNNING\"");

    terminateUnderLoad(app);
  }

  private boolean answers() {
    try {
      return get("/actuator/health").statusCode() == 200;
    } catch (IOException | InterruptedException e) {
      return false;
    }
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private void expect(String path, String text) throws Exception {
    HttpResponse<String> response = get(path);
    check(
        response.statusCode() == 200 && response.body().contains(text),
        path + " answered " + response.statusCode() + " " + response.body());
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise);
    }
  }

  private void terminateUnderLoad(Process app) throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
      int client = i;
      clients.submit(() -> load(client, stop));
    }
    Thread.sleep(3000);
    int before = served.get();
    app.destroy(); // SIGTERM
    check(app.waitFor(60, TimeUnit.SECONDS), "the application did not end within a minute");
    stop.set(true);
    clients.shutdown();
    check(clients.awaitTermination(60, TimeUnit.SECONDS), "a client still waits");

    // A request is lost if the application took it, and its client did not get an answer to it. What was in
    // the queue of a port that closes was taken by nobody.
    Set<String> lost = new HashSet<>(Files.readAllLines(directory.resolve("seen")));
    lost.remove("hello");
    lost.removeAll(answered);
    System.out.printf(
        "SIGTERM after %d requests: %d more served, %d told to come again, %d not taken, %d lost%n",
        before, served.get() - before, refused.get(), unheard.size(), lost.size());
    check(before > 50, "hardly any load");
    check(lost.isEmpty(), "lost: " + lost);
    check(unheard.size() <= 2 * CLIENTS, "not taken: " + unheard);
    check(broken.isEmpty(), "broken: " + broken);
    check(
        ProcessHandle.allProcesses()
            .noneMatch(
                one ->
                    one.info()
                        .commandLine()
                        .filter(line -> line.contains(directory + "/Voice.java"))
                        .isPresent()),
        "an instance has outlived the application");
  }

  private void load(int client, AtomicBoolean stop) {
    for (int i = 0; !stop.get(); i++) {
      String id = client + "-" + i;
      Socket socket;
      try {
        socket = new Socket("localhost", port);
      } catch (IOException e) {
        return; // the port is closed
      }
      String response = "";
      try (socket) {
        socket.setSoTimeout(60_000);
        String request =
            "POST /d/breezyvoice/v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Content-Length: " + id.length() + "\r\n\r\n" + id;
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        response =
            new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      } catch (IOException e) {
        // Nothing, or not all, has come.
      }
      if (response.startsWith("HTTP/1.1 200") && response.endsWith("spoken: " + id)) {
        served.incrementAndGet();
        answered.add(id);
      } else if (response.startsWith("HTTP/1.1 503")) {
        refused.incrementAndGet();
        answered.add(id);
      } else if (response.isEmpty()) {
        unheard.add(id);
      } else {
        broken.add(id + ": " + response);
      }
    }
  }
}
