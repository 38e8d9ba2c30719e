package dev.autodeploy.docker;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One pull of one image, for all starts that wait for it. It continues when no start waits any
 * longer, so that the next one finds it further on, and ends by itself: when it makes no progress,
 * or after its own timeout.
 */
final class Pull {
  private final String doing;
  private final String image;
  private final DockerSettings.Pulling settings;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final List<Consumer<StartProgress>> waiting = new CopyOnWriteArrayList<>();
  private final long begunNanos = System.nanoTime();
  private volatile StartProgress latest;
  private volatile long lastNanos = begunNanos;
  private volatile @Nullable String overdue;
  private volatile @Nullable JsonLines running;
  private boolean givenUp; // guarded by this

  Pull(String image, DockerSettings.Pulling settings) {
    this.doing = "pulling " + image;
    this.image = image;
    this.settings = settings;
    this.latest = PullProgress.waiting(image); // it may take long until the registry answers
  }

  /** Completes when the pull has ended, with its failure if it failed. */
  CompletableFuture<Void> done() {
    return done;
  }

  /**
   * Tells somebody of the progress, from where it is now.
   *
   * @return false if the pull was given up just before
   */
  boolean join(Consumer<StartProgress> progress) {
    synchronized (this) {
      if (givenUp) {
        return false;
      }
      waiting.add(progress);
    }
    progress.accept(latest);
    return true;
  }

  void leave(Consumer<StartProgress> progress) {
    waiting.remove(progress);
  }

  /**
   * Ends the pull if nobody waits for it.
   *
   * @return whether it was given up, and nobody can join it any longer
   */
  boolean endIfAlone() {
    JsonLines reading = running;
    synchronized (this) {
      if (!waiting.isEmpty() || reading == null) {
        return false;
      }
      givenUp = true;
    }
    reading.close();
    return true;
  }

  /** Reads the daemon's answer to its end. */
  void run(JsonLines opened, ScheduledExecutorService timers) {
    running = opened;
    try (JsonLines lines = opened) {
      PullProgress progress = new PullProgress(doing, image, this::tell);
      long period = Math.max(1, settings.stallTimeout().toMillis() / 10);
      ScheduledFuture<?> timer =
          timers.scheduleWithFixedDelay(
              () -> check(lines, progress), period, period, TimeUnit.MILLISECONDS);
      try {
        lines.forEach(() -> {}, line -> read(progress, line));
      } finally {
        timer.cancel(false);
      }
      String late = overdue;
      if (late != null) {
        throw new DockerDaemonException(DockerProblem.PULL_STALLED, doing, late, null);
      }
      if (lines.isClosed()) {
        throw new DockerDaemonException(DockerProblem.OTHER, doing, "it was ended", null);
      }
      done.complete(null);
    } catch (RuntimeException e) {
      done.completeExceptionally(e);
    }
  }

  private void read(PullProgress progress, JsonNode line) {
    lastNanos = System.nanoTime();
    progress.accept(line);
  }

  /** Ends a pull that makes no progress or takes too long: the daemon itself waits for ever. */
  private void check(JsonLines lines, PullProgress progress) {
    long now = System.nanoTime();
    Duration timeout = settings.timeout();
    if (now - begunNanos > timeout.toNanos()) {
      overdue = "it has taken " + Durations.text(timeout) + " (pullTimeout)";
    } else if (!progress.isDownloaded() && now - lastNanos > settings.stallTimeout().toNanos()) {
      overdue =
          "nothing came for "
              + settings.stallTimeout().toSeconds()
              + " s (pullStallTimeout), last: "
              + progress.last();
    }
    if (overdue != null) {
      lines.close();
    }
  }

  private void tell(StartProgress progress) {
    latest = progress;
    waiting.forEach(each -> each.accept(progress));
  }
}
