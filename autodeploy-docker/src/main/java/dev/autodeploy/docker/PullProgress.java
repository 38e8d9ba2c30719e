package dev.autodeploy.docker;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.spi.StartProgress;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The progress of one pull, summed up over the layers that report it. Not thread-safe. */
final class PullProgress implements Consumer<JsonNode> {
  private static final long REPORT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** The layers that are counted; Docker itself allows an image 127. */
  private static final int MAX_LAYERS = 256;

  private static final int MAX_TEXT = 200;

  private final String doing;
  private final String image;
  private final Consumer<StartProgress> progress;
  private final Map<String, long[]> downloads = new HashMap<>();
  private final Map<String, long[]> extractions = new HashMap<>();
  private long reportedNanos = System.nanoTime() - REPORT_NANOS;
  private final Set<String> missing = ConcurrentHashMap.newKeySet();
  private volatile boolean complete;
  private volatile String last = "";

  /**
   * Begins with nothing.
   *
   * @param doing what is being done, for errors
   * @param image the image's name
   * @param progress told from time to time how far the pull is
   */
  PullProgress(String doing, String image, Consumer<StartProgress> progress) {
    this.doing = doing;
    this.image = image;
    this.progress = progress;
  }

  /** Returns what was last said of the pull. */
  String last() {
    return last;
  }

  /**
   * Returns whether all layers are there: from then on it is unpacked, which may take long in
   * silence.
   */
  boolean isDownloaded() {
    return complete && missing.isEmpty();
  }

  @Override
  public void accept(JsonNode line) {
    String error = line.path("errorDetail").path("message").asText(line.path("error").asText(""));
    if (!error.isEmpty()) {
      throw DockerEngineException.answered(doing, error);
    }
    String status = text(line, "status");
    String layer = text(line, "id");
    last = layer.isEmpty() ? status : layer + " " + status;
    switch (status) {
      case "Pulling fs layer" -> note(missing, layer);
      case "Downloading" -> count(downloads, layer, line);
      case "Extracting" -> count(extractions, layer, line);
      case "Download complete" -> {
        missing.remove(layer);
        complete = true;
        done(downloads, layer);
      }
      case "Pull complete" -> {
        missing.remove(layer);
        done(extractions, layer);
      }
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
    long total = sum(amounts, 1);
    progress.accept(
        new StartProgress(
            extracting ? "extracting" : "pulling",
            detail,
            Math.min(sum(amounts, 0), total),
            total,
            true));
  }

  /** A text that a registry may have written, which can be of any length. */
  private static String text(JsonNode line, String field) {
    String text = line.path(field).asText("");
    return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "…";
  }

  private static void note(Set<String> layers, String layer) {
    if (layers.size() < MAX_LAYERS) {
      layers.add(layer);
    }
  }

  private static void count(Map<String, long[]> amounts, String layer, JsonNode line) {
    if (amounts.size() < MAX_LAYERS || amounts.containsKey(layer)) {
      JsonNode detail = line.path("progressDetail");
      amounts.put(
          layer,
          new long[] {
            Math.max(0, detail.path("current").asLong()), Math.max(0, detail.path("total").asLong())
          });
    }
  }

  private static void done(Map<String, long[]> amounts, String layer) {
    long @Nullable [] amount = amounts.get(layer);
    if (amount != null) {
      amount[0] = amount[1];
    }
  }

  private static long sum(Map<String, long[]> amounts, int which) {
    long sum = 0;
    for (long[] amount : amounts.values()) {
      sum = amount[which] > Long.MAX_VALUE - sum ? Long.MAX_VALUE : sum + amount[which];
    }
    return sum;
  }
}
