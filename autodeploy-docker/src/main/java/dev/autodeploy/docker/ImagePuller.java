package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectImageResponse;
import dev.autodeploy.spi.StartProgress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Brings an image to the daemon's host, as far as the policy allows. */
final class ImagePuller {
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
      PullProgress pull = new PullProgress(doing, image, progress);
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
                + pull.last(),
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

  /** Encodes credentials as the daemon wants them. */
  static String header(String json) {
    return Base64.getUrlEncoder().encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
