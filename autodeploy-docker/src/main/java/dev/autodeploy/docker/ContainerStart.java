package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.command.InspectImageResponse;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One start of one instance, on one thread; {@link #cancel()} ends it from another. Its last word
 * is an instance that is up, or an error and nothing left behind that it knows of.
 */
final class ContainerStart {
  private static final Logger log = LoggerFactory.getLogger(ContainerStart.class);
  private static final int ATTEMPTS = 5;
  private static final Duration NAME_TIMEOUT = Duration.ofSeconds(5);

  private final Parts parts;
  private final StartRequest request;
  private final Instant startedAt = Instant.now();
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean cancelled;
  private volatile boolean unsettled;
  private volatile @Nullable AutoCloseable pull;

  /**
   * What starts have in common.
   *
   * @param lockId the id of this process' lock on the owner, empty without one
   */
  record Parts(
      DockerHost host,
      GpuInventory inventory,
      GpuAllocator gpus,
      ImagePuller puller,
      Removals removals,
      Shells shells,
      InstanceWatch watch,
      Supplier<String> lockId) {}

  ContainerStart(Parts parts, StartRequest request) {
    this.parts = parts;
    this.request = request;
  }

  /** Gives the start up; it ends with the call of the engine that it is in. */
  void cancel() {
    cancelled = true;
    endPull();
  }

  boolean awaitEnd(Duration timeout) throws InterruptedException {
    return finished.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Whether the engine may still make a container of which it could not tell. */
  boolean isUnsettled() {
    return unsettled;
  }

  ProviderInstance run() {
    try {
      return start();
    } catch (DockerEngineException e) {
      throw new InstanceStartException(String.valueOf(e.getMessage()), null, e);
    } catch (IllegalArgumentException e) {
      throw new InstanceStartException(String.valueOf(e.getMessage()), null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InstanceStartException("the start was interrupted", null, e);
    } finally {
      parts.gpus().free(request.instanceId());
      finished.countDown();
    }
  }

  private ProviderInstance start() throws InterruptedException {
    DeploymentSpec spec = request.spec();
    String image = image(spec);
    progress("looking for image", image);
    InspectImageResponse found = ensureImage(spec, image);
    for (int attempt = 1; ; attempt++) {
      checkNotCancelled();
      GpuGrant grant =
          parts
              .gpus()
              .reserve(
                  request.instanceId(),
                  spec.gpu(),
                  () ->
                      parts
                          .inventory()
                          .find(reference(image, found), request.owner(), request.instanceId()));
      String container = createdAndChecked(image, found, grant);
      if (container == null) {
        if (attempt == ATTEMPTS) {
          throw new InstanceStartException(
              "other processes took the GPUs of the Docker host " + ATTEMPTS + " times in a row");
        }
        continue;
      }
      try {
        return started(container, image, grant);
      } catch (RuntimeException e) {
        removeQuietly(container);
        throw e;
      }
    }
  }

  private InspectImageResponse ensureImage(DeploymentSpec spec, String image) {
    try {
      if (spec.snapshot() != null && Snapshots.isLocal(spec.snapshot())) {
        InspectImageResponse found = parts.host().client().findImage(image);
        if (found == null) {
          throw new InstanceStartException(
              "there is no snapshot '" + spec.snapshot() + "' on this Docker host");
        }
        return found;
      }
      return parts
          .puller()
          .ensure(
              image,
              p -> parts.watch().progress(request.instanceId(), p),
              running -> {
                pull = running;
                if (cancelled) {
                  endPull();
                }
              });
    } finally {
      pull = null;
    }
  }

  /** Returns the container, or null if another process was first with one of its GPUs. */
  private @Nullable String createdAndChecked(
      String image, InspectImageResponse found, GpuGrant grant) throws InterruptedException {
    progress("creating", image);
    boolean withHeartbeats =
        parts.host().settings().withHeartbeats() && parts.shells().mayBeIn(found);
    if (!withHeartbeats
        && request.spec().startCommand() != null
        && !parts.shells().mayBeIn(found)) {
      throw noShell(image);
    }
    String container = created(image, found, grant, withHeartbeats);
    try {
      boolean needsShell = withHeartbeats || request.spec().startCommand() != null;
      if (needsShell && !parts.shells().isIn(found, container)) {
        if (request.spec().startCommand() != null) {
          throw noShell(image);
        }
        parts.host().client().remove(container);
        log.warn(
            "Image {} has no shell: its containers run without heartbeats, so nothing ends them if"
                + " this process is killed and never returns",
            image);
        container = created(image, found, grant, false);
      }
      if (!grant.isNone() && parts.gpus().wasTakenBefore(grant, container)) {
        parts.host().client().remove(container);
        return null;
      }
      return container;
    } catch (InterruptedException | RuntimeException e) {
      removeQuietly(container);
      throw e;
    }
  }

  private static DockerEngineException noShell(String image) {
    return new DockerEngineException(DockerProblem.NO_SHELL, "starting " + image, "", null);
  }

  private String created(
      String image, InspectImageResponse found, GpuGrant grant, boolean withHeartbeats)
      throws InterruptedException {
    Labels labels =
        new Labels(
            Labels.containerName(request),
            request.owner(),
            request.deployment(),
            request.slot(),
            request.instanceId(),
            request.fingerprint(),
            grant.held(),
            ContainerPlan.port(request.spec()),
            startedAt,
            withHeartbeats,
            parts.lockId().get());
    ContainerPlan plan =
        new ContainerPlan(
            parts.host().settings(),
            request.spec(),
            labels,
            grant,
            found,
            parts.host().publishAddress());
    String doing = "creating " + labels.name() + " from " + image;
    String reference = reference(image, found);
    long deadline = System.nanoTime() + NAME_TIMEOUT.toNanos();
    while (true) {
      checkNotCancelled();
      try {
        return parts.host().client().create(doing, reference, plan::applyTo);
      } catch (DockerEngineException e) {
        if (e.problem().outcomeUnknown()) {
          unsettled = true;
        } else if (e.problem() != DockerProblem.NAME_TAKEN) {
          throw e;
        }
        InspectContainerResponse there = parts.host().client().find(labels.name());
        if (there != null && isOwn(there)) {
          unsettled = false;
          return there.getId();
        }
        if (there != null) {
          makeRoom(there, labels.name());
        } else if (e.problem().outcomeUnknown()) {
          throw e;
        }
        if (System.nanoTime() > deadline) {
          throw e;
        }
        // A name is taken a moment before its container can be seen, and a moment longer.
        Thread.sleep(50);
      }
    }
  }

  private boolean isOwn(InspectContainerResponse container) {
    Labels labels = new ContainerState(container).labels();
    return labels != null && labels.instanceId().equals(request.instanceId());
  }

  /** Removes what is left of an earlier instance of the slot; refuses to touch anything else. */
  private void makeRoom(InspectContainerResponse container, String name) {
    ContainerState state = new ContainerState(container);
    Labels labels = state.labels();
    if (labels == null || !labels.owner().equals(request.owner())) {
      throw new InstanceStartException(
          "the name "
              + name
              + " is taken by a container that is not ours; remove it with 'docker rm "
              + name
              + "', or use another owner");
    }
    boolean makerIsGone =
        !parts.lockId().get().isEmpty() && labels.lock().equals(parts.lockId().get());
    boolean hasEnded = !state.isRunning() && !state.wasNeverStarted();
    if (!makerIsGone && !hasEnded) {
      throw new InstanceStartException(
          "owner '"
              + request.owner()
              + "' is in use by another process on this Docker Engine: it started instance "
              + labels.instanceId()
              + " as "
              + name
              + "; end that process, or choose another owner");
    }
    log.info("Removing {} of the earlier instance {}", name, labels.instanceId());
    parts.removals().remove(container.getId());
  }

  private ProviderInstance started(String container, String image, GpuGrant grant) {
    Labels labels = new ContainerState(parts.host().client().inspect(container)).labels();
    if (labels == null) {
      throw new InstanceStartException("the container of " + image + " has lost its labels");
    }
    TrackedInstance tracked = parts.watch().track(labels, container);
    checkNotCancelled();
    progress("starting", image);
    String doing = "starting " + labels.name() + " from " + image;
    try {
      parts.host().client().start(doing, container);
    } catch (DockerEngineException e) {
      if (!e.problem().outcomeUnknown()) {
        throw e;
      }
      // The engine may have started it all the same; and if it has not, once more does no harm.
      parts.host().client().start(doing, container);
    }
    InspectContainerResponse inspected = parts.host().client().inspect(container);
    ContainerState state = new ContainerState(inspected);
    if (!state.isRunning()) {
      InstanceExit exit = parts.watch().exit(state, labels);
      throw new InstanceStartException(
          "the container ended before it was ready: " + exit.describe(), exit, null);
    }
    if (!grant.isNone() && !parts.host().engine().isPodman() && !shows(grant, inspected)) {
      throw new InstanceStartException(
          "Docker started the container without the GPUs " + grant + " that were asked for");
    }
    URI endpoint = state.endpoint(labels.port(), parts.host().publishHost());
    URI direct = state.direct(labels.port());
    if (endpoint == null) {
      throw new InstanceStartException(
          "Docker did not publish port " + labels.port() + " of the container");
    }
    checkNotCancelled();
    parts.watch().up(tracked, endpoint, direct);
    if (!grant.isNone()) {
      log.info("Instance {} got GPUs {}", request.instanceId(), grant);
    }
    return ProviderInstance.of(request, endpoint, startedAt);
  }

  private static boolean shows(GpuGrant grant, InspectContainerResponse inspected) {
    return inspected.getHostConfig() != null && grant.isShownOn(inspected.getHostConfig());
  }

  /** The image itself rather than its name, which can be given to another at any time. */
  private static String reference(String image, InspectImageResponse found) {
    return found.getId() == null ? image : found.getId();
  }

  private static String image(DeploymentSpec spec) {
    if (spec.snapshot() != null) {
      return Snapshots.image(spec.snapshot());
    }
    if (spec.image() == null) {
      throw new IllegalArgumentException(
          "deployment '" + spec.name() + "' needs an image or a snapshot to start from");
    }
    return spec.image();
  }

  private void checkNotCancelled() {
    if (cancelled) {
      throw new InstanceStartException("the start was given up");
    }
  }

  private void progress(String step, String detail) {
    parts.watch().progress(request.instanceId(), new StartProgress(step, detail, 0, 0));
  }

  private void endPull() {
    AutoCloseable running = pull;
    if (running != null) {
      try {
        running.close();
      } catch (Exception e) {
        log.debug("Ending a pull: {}", e.toString());
      }
    }
  }

  /** The engine releases a failed start once more, so a failure here is not the last word. */
  private void removeQuietly(String container) {
    parts.watch().untrack(request.instanceId());
    try {
      parts.removals().remove(container);
    } catch (DockerEngineException e) {
      log.debug("Removing {} after its start had failed: {}", container, e.toString());
    }
  }
}
