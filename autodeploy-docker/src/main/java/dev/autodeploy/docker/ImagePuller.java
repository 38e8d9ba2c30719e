package dev.autodeploy.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.dockerjava.api.command.InspectImageResponse;
import dev.autodeploy.spi.StartProgress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Brings an image to the daemon's host, as far as the policy allows. */
final class ImagePuller {
  private static final long REPORT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final DaemonClient client;
  private final DockerSettings settings;
  private final ScheduledExecutorService timers;
  private final RegistryLogins logins;

  ImagePuller(
      DaemonClient client,
      DockerSettings settings,
      ScheduledExecutorService timers,
      RegistryLogins logins) {
    this.client = client;
    this.settings = settings;
    this.timers = timers;
    this.logins = logins;
  }

  /**
   * Makes sure that an image is there.
   *
   * @param image its reference
   * @param progress told how far the pull is
   * @param running told the pull, so that somebody else can end it
   */
  InspectImageResponse ensure(
      String image, Consumer<StartProgress> progress, Consumer<AutoCloseable> running) {
    InspectImageResponse found = client.findImage(image);
    boolean pinned = image.contains("@sha256:");
    boolean local = image.startsWith("sha256:");
    boolean wanted =
        found == null
            ? settings.pulling().policy() != PullPolicy.NEVER && !local
            : settings.pulling().policy() == PullPolicy.ALWAYS && !pinned && !local;
    if (wanted) {
      pull(image, progress, running);
      found = client.findImage(image);
    }
    if (found == null) {
      throw new DockerEngineException(
          DockerProblem.IMAGE_MISSING, "looking for image " + image, "", null);
    }
    return found;
  }

  private void pull(
      String image, Consumer<StartProgress> progress, Consumer<AutoCloseable> running) {
    ImageName name = ImageName.parse(image);
    String doing = "pulling " + image;
    String path =
        "/images/create?fromImage="
            + DaemonClient.encode(name.repository())
            + "&tag="
            + DaemonClient.encode(name.tagOrDigest());
    try (JsonLines lines = client.stream(doing, "POST", path, logins.header(name.registry()))) {
      running.accept(lines);
      Pull pull = new Pull(doing, image, progress);
      Stall stall = new Stall(lines, settings.pulling().stallTimeout());
      try {
        lines.forEach(
            () -> {},
            line -> {
              stall.alive();
              pull.accept(line);
            });
      } finally {
        stall.end();
      }
      if (stall.fired) {
        throw new DockerEngineException(
            DockerProblem.PULL_STALLED,
            doing,
            "nothing came for "
                + settings.pulling().stallTimeout().toSeconds()
                + " s, last: "
                + pull.last,
            null);
      }
      if (lines.isClosed()) {
        throw new DockerEngineException(
            DockerProblem.OTHER, doing, "the start was cancelled", null);
      }
    }
  }

  /** Ends a pull that makes no progress: the daemon itself would wait for ever. */
  private final class Stall {
    private final JsonLines lines;
    private final Duration limit;
    private volatile long lastNanos = System.nanoTime();
    private volatile boolean fired;
    private final ScheduledFuture<?> timer;

    Stall(JsonLines lines, Duration limit) {
      this.lines = lines;
      this.limit = limit;
      long period = Math.max(1, limit.toMillis() / 10);
      timer = timers.scheduleWithFixedDelay(this::check, period, period, TimeUnit.MILLISECONDS);
    }

    void alive() {
      lastNanos = System.nanoTime();
    }

    void end() {
      timer.cancel(false);
    }

    private void check() {
      if (System.nanoTime() - lastNanos > limit.toNanos()) {
        fired = true;
        lines.close();
      }
    }
  }

  /** Adds up what the layers report. */
  private static final class Pull implements Consumer<JsonNode> {
    private final String doing;
    private final String image;
    private final Consumer<StartProgress> progress;
    private final Map<String, long[]> downloads = new HashMap<>();
    private final Map<String, long[]> extractions = new HashMap<>();
    private long reportedNanos = System.nanoTime() - REPORT_NANOS;
    private volatile String last = "";

    Pull(String doing, String image, Consumer<StartProgress> progress) {
      this.doing = doing;
      this.image = image;
      this.progress = progress;
    }

    @Override
    public void accept(JsonNode line) {
      String error = line.path("errorDetail").path("message").asText(line.path("error").asText(""));
      if (!error.isEmpty()) {
        throw DockerEngineException.answered(doing, error);
      }
      String status = line.path("status").asText("");
      String layer = line.path("id").asText("");
      last = layer.isEmpty() ? status : layer + " " + status;
      switch (status) {
        case "Downloading" -> downloads.put(layer, amounts(line));
        case "Extracting" -> extractions.put(layer, amounts(line));
        case "Download complete" -> done(downloads, layer);
        case "Pull complete" -> done(extractions, layer);
        default -> {}
      }
      report(status);
    }

    private void report(String status) {
      boolean over = status.startsWith("Status:");
      if (!over && System.nanoTime() - reportedNanos < REPORT_NANOS) {
        return;
      }
      reportedNanos = System.nanoTime();
      boolean extracting = !extractions.isEmpty() && sum(downloads, 0) >= sum(downloads, 1);
      Map<String, long[]> amounts = extracting ? extractions : downloads;
      String detail = over ? status.substring("Status:".length()).strip() : image + ", " + last;
      progress.accept(
          new StartProgress(
              extracting ? "extracting" : "pulling", detail, sum(amounts, 0), sum(amounts, 1)));
    }

    private static long[] amounts(JsonNode line) {
      JsonNode detail = line.path("progressDetail");
      return new long[] {detail.path("current").asLong(), detail.path("total").asLong()};
    }

    private static void done(Map<String, long[]> amounts, String layer) {
      long @Nullable [] amount = amounts.get(layer);
      if (amount != null) {
        amount[0] = amount[1];
      }
    }

    private static long sum(Map<String, long[]> amounts, int which) {
      return amounts.values().stream().mapToLong(amount -> amount[which]).sum();
    }
  }

  /** Encodes credentials as the daemon wants them. */
  static String header(String json) {
    return Base64.getUrlEncoder().encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
