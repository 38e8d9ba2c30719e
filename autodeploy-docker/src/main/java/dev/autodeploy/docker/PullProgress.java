package dev.autodeploy.docker;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartProgress.PartState;
import dev.autodeploy.spi.StartProgress.Phase;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The progress of one pull, layer by layer and as a whole. Not thread-safe but where marked. */
final class PullProgress implements Consumer<JsonNode> {
  private static final String PULLING = "pulling";
  private static final String UNPACKING = "unpacking";
  private static final long REPORT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** The layers that are counted; Docker itself allows an image 127. */
  private static final int MAX_LAYERS = 256;

  private static final int MAX_TEXT = 200;

  private final String doing;
  private final String image;
  private final Consumer<StartProgress> progress;
  private final Map<String, Layer> layers = new LinkedHashMap<>();
  private long reportedNanos = System.nanoTime() - REPORT_NANOS;
  private String reportedStep = "";
  private volatile boolean downloaded;
  private volatile String last = "";

  /** A layer as it was last reported. */
  private record Layer(PartState state, long current, long total) {
    static final Layer WAITING = new Layer(PartState.WAITING, 0, 0);

    Layer to(PartState next) {
      return new Layer(next, next == PartState.DONE ? total : 0, total);
    }

    long downloaded() {
      return state == PartState.DOWNLOADING ? Math.min(current, total) : isHere() ? total : 0;
    }

    long unpacked() {
      return state == PartState.UNPACKING || state == PartState.DONE ? Math.min(current, total) : 0;
    }

    boolean isHere() {
      return state == PartState.UNPACKING || state == PartState.DONE;
    }
  }

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

  /** Returns the progress of a pull of which nothing is heard yet. */
  static StartProgress waiting(String image) {
    return new StartProgress(PULLING, image + ", waiting for its registry", 0, 0, Phase.PREPARING);
  }

  /** Returns what was last said of the pull. Thread-safe. */
  String last() {
    return last;
  }

  /**
   * Returns whether all layers are there: from then on it is unpacked, which may take long in
   * silence. Thread-safe.
   */
  boolean isDownloaded() {
    return downloaded;
  }

  @Override
  public void accept(JsonNode line) {
    String error = line.path("errorDetail").path("message").asText(line.path("error").asText(""));
    if (!error.isEmpty()) {
      throw DockerDaemonException.answered(doing, error);
    }
    String status = text(line, "status");
    String id = text(line, "id");
    last = id.isEmpty() ? status : id + " " + status;
    Layer layer = layers.getOrDefault(id, Layer.WAITING);
    switch (status) {
      case "Pulling fs layer", "Waiting" -> note(id, Layer.WAITING);
      case "Downloading" -> note(id, amount(PartState.DOWNLOADING, line));
      case "Extracting" -> note(id, amount(PartState.UNPACKING, line));
      case "Download complete" -> note(id, layer.to(PartState.UNPACKING));
      case "Pull complete", "Already exists" -> note(id, layer.to(PartState.DONE));
      default -> {}
    }
    downloaded = !layers.isEmpty() && layers.values().stream().allMatch(Layer::isHere);
    report(status.startsWith("Status:") ? status.substring("Status:".length()).strip() : null);
  }

  private void report(@Nullable String end) {
    String step = downloaded ? UNPACKING : PULLING;
    boolean due = System.nanoTime() - reportedNanos >= REPORT_NANOS;
    // Unpacking may go on in silence: that it has begun must not wait for the next line.
    if (end == null && !due && step.equals(reportedStep)) {
      return;
    }
    reportedNanos = System.nanoTime();
    reportedStep = step;
    long total = sum(Layer::total);
    long current = sum(downloaded ? Layer::unpacked : Layer::downloaded);
    List<StartProgress.Part> parts =
        layers.entrySet().stream()
            .map(
                e ->
                    new StartProgress.Part(
                        e.getKey(),
                        e.getValue().state(),
                        e.getValue().current(),
                        e.getValue().total()))
            .toList();
    String detail = end == null ? detail(current, total) : end;
    progress.accept(new StartProgress(step, detail, current, total, Phase.PREPARING, parts));
  }

  private String detail(long current, long total) {
    if (layers.isEmpty()) {
      return image + ", " + last;
    }
    long done =
        layers.values().stream()
            .filter(layer -> downloaded ? layer.state() == PartState.DONE : layer.isHere())
            .count();
    String bytes = total == 0 ? "" : ", " + megabytes(current) + " of " + megabytes(total) + " MB";
    return image + bytes + ", " + done + " of " + layers.size() + " layers";
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / 1e6);
  }

  /** A text that a registry may have written, which can be of any length. */
  private static String text(JsonNode line, String field) {
    String text = line.path(field).asText("");
    return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "…";
  }

  private void note(String id, Layer layer) {
    if (layers.size() < MAX_LAYERS || layers.containsKey(id)) {
      layers.put(id, layer);
    }
  }

  private static Layer amount(PartState state, JsonNode line) {
    JsonNode detail = line.path("progressDetail");
    return new Layer(
        state,
        Math.max(0, detail.path("current").asLong()),
        Math.max(0, detail.path("total").asLong()));
  }

  private long sum(ToLongFunction<Layer> which) {
    long sum = 0;
    for (Layer layer : layers.values()) {
      long amount = which.applyAsLong(layer);
      sum = amount > Long.MAX_VALUE - sum ? Long.MAX_VALUE : sum + amount;
    }
    return sum;
  }
}
