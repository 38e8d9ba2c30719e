package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectImageResponse;
import dev.autodeploy.spi.StartProgress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/**
 * Brings images to the daemon's host, as far as the policy allows. An image is pulled once at a
 * time, however many starts wait for it, and also when none waits any longer. Thread-safe.
 */
final class ImagePuller {
  private final DaemonClient client;
  private final DockerSettings.Pulling settings;
  private final DockerThreads threads;
  private final RegistryLogins logins;
  private final Map<String, Pull> pulls = new ConcurrentHashMap<>();

  ImagePuller(
      DaemonClient client,
      DockerSettings.Pulling settings,
      DockerThreads threads,
      RegistryLogins logins) {
    this.client = client;
    this.settings = settings;
    this.threads = threads;
    this.logins = logins;
  }

  /**
   * Makes sure that an image is there.
   *
   * @param image its reference
   * @param progress told how far the pull is
   * @param cancelled ends the wait when it completes; the pull continues
   */
  InspectImageResponse ensure(
      String image, Consumer<StartProgress> progress, CompletableFuture<Void> cancelled)
      throws InterruptedException {
    InspectImageResponse found = client.findImage(image);
    boolean pinned = image.contains("@sha256:");
    boolean local = image.startsWith("sha256:");
    boolean wanted =
        found == null
            ? settings.policy() != PullPolicy.NEVER && !local
            : settings.policy() == PullPolicy.ALWAYS && !pinned && !local;
    if (wanted) {
      await(joined(image, progress), progress, cancelled);
      found = client.findImage(image);
    }
    if (found == null) {
      throw new DockerDaemonException(
          DockerProblem.IMAGE_MISSING, "looking for image " + image, "", null);
    }
    return found;
  }

  /**
   * Fetches an image ahead.
   *
   * @param image its reference
   * @param progress told how far the pull is
   * @param cancelled gives the pull up when it completes, unless somebody else waits for it
   * @return whether it had to be fetched
   */
  boolean fetch(String image, Consumer<StartProgress> progress, CompletableFuture<Void> cancelled)
      throws InterruptedException {
    InspectImageResponse before = client.findImage(image);
    InspectImageResponse after;
    try {
      after = ensure(image, progress, cancelled);
    } finally {
      Pull pull = pulls.get(image);
      if (cancelled.isDone() && pull != null && pull.endIfAlone()) {
        pulls.remove(image, pull);
      }
    }
    return before == null || !String.valueOf(before.getId()).equals(after.getId());
  }

  /** Returns the pull of an image, joined: a new one if there is none, or the last was given up. */
  private Pull joined(String image, Consumer<StartProgress> progress) {
    while (true) {
      Pull pull = pulls.computeIfAbsent(image, this::begin);
      if (pull.join(progress)) {
        return pull;
      }
      pulls.remove(image, pull);
    }
  }

  private static void await(
      Pull pull, Consumer<StartProgress> progress, CompletableFuture<Void> cancelled)
      throws InterruptedException {
    try {
      CompletableFuture.anyOf(pull.done(), cancelled).get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw DockerDaemonException.of("pulling", cause);
    } finally {
      pull.leave(progress);
    }
  }

  private Pull begin(String image) {
    Pull pull = new Pull(image, settings);
    pull.done().whenComplete((ok, error) -> pulls.remove(image, pull));
    threads
        .workers()
        .execute(
            () -> {
              try {
                pull.run(open(image), threads.timers());
              } catch (RuntimeException e) {
                pull.done().completeExceptionally(e);
              }
            });
    return pull;
  }

  private JsonLines open(String image) {
    ImageName name = ImageName.parse(image);
    String path =
        "/images/create?fromImage="
            + DaemonClient.encode(name.repository())
            + "&tag="
            + DaemonClient.encode(name.tagOrDigest());
    return client.stream("pulling " + image, "POST", path, logins.header(name.registry()));
  }

  /** Encodes credentials as the daemon wants them. */
  static String header(String json) {
    return Base64.getUrlEncoder().encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
