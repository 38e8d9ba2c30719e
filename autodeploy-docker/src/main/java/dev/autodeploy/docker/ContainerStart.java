package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.command.InspectImageResponse;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartRequest;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The start of one instance, on one thread; {@link #cancel()} ends it from another. Ends with a
 * running instance, or with an error after cleaning up.
 */
final class ContainerStart {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerStart.class);
  private static final String CREATING = "creating";
  private static final int ATTEMPTS = 5;

  /** The codes by which a shell says that it could not execute, or did not find, a command. */
  private static final int NOT_EXECUTABLE = 126;

  private static final int NOT_FOUND = 127;

  private static final Duration NAME_TIMEOUT = Duration.ofSeconds(5);

  private final ContainerServices services;
  private final StartRequest request;
  private final Instant startedAt = Instant.now();
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean cancelled;
  private volatile boolean outcomeUnknown;
  private final CompletableFuture<Void> cancellation = new CompletableFuture<>();
  private final ReentrantLock progressLock = new ReentrantLock();
  private boolean prepared;
  private long creationEnd;
  private volatile DaemonTransport.@Nullable Exchange creating;

  ContainerStart(ContainerServices services, StartRequest request) {
    this.services = services;
    this.request = request;
  }

  /**
   * Cancels the start; it ends with the call to the daemon that is under way. That which creates
   * the container has no longer for it than any other.
   */
  void cancel() {
    cancelled = true;
    cancellation.complete(null);
    new CompletableFuture<@Nullable Void>()
        .completeOnTimeout(
            null, services.host().settings().callTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .thenRun(this::endCreation);
  }

  private void endCreation() {
    DaemonTransport.Exchange underWay = creating;
    if (underWay != null) {
      underWay.close();
    }
  }

  boolean awaitEnd(Duration timeout) throws InterruptedException {
    return finished.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Returns whether the daemon may still create a container although the call failed. */
  boolean isOutcomeUnknown() {
    return outcomeUnknown;
  }

  ProviderInstance run() {
    try {
      return start();
    } catch (DockerDaemonException e) {
      throw new InstanceStartException(String.valueOf(e.getMessage()), exit(e), e);
    } catch (IllegalArgumentException e) {
      throw new InstanceStartException(String.valueOf(e.getMessage()), null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InstanceStartException("the start was interrupted", null, e);
    } finally {
      services.gpus().free(request.instanceId());
      finished.countDown();
    }
  }

  /**
   * Returns how an instance ended whose daemon failed to start it; null if it never was one. The
   * same fault is an end of the container itself where something else starts the command in it, an
   * init process or the script of heartbeats.
   */
  private static @Nullable InstanceExit exit(DockerDaemonException error) {
    return switch (error.problem()) {
      case NO_SUCH_CONTAINER -> InstanceExit.unknown("its container was removed by somebody else");
      case COMMAND_NOT_FOUND -> new InstanceExit(NOT_FOUND, false, List.of(), error.detail(), null);
      case COMMAND_NOT_EXECUTABLE ->
          new InstanceExit(NOT_EXECUTABLE, false, List.of(), error.detail(), null);
      default -> null;
    };
  }

  private ProviderInstance start() throws InterruptedException {
    DeploymentSpec spec = request.spec();
    String image = image(spec);
    creating("looking for image", image);
    InspectImageResponse found = ensureImage(spec, image);
    creating(CREATING, image);
    creationEnd = System.nanoTime() + createTimeout().toNanos();
    for (int attempt = 1; ; attempt++) {
      checkNotCancelled();
      GpuGrant grant =
          services
              .gpus()
              .reserve(
                  request.owner(),
                  request.instanceId(),
                  request.gpus().isEmpty()
                      ? spec.gpu()
                      : new GpuRequest(0, request.gpus(), null, spec.gpu().memoryBytes()),
                  () ->
                      services
                          .inventory()
                          .find(reference(image, found), request.owner(), request.instanceId()));
      String container;
      try {
        container = createdAndChecked(image, found, grant);
      } catch (DockerDaemonException e) {
        if (attempt < ATTEMPTS && hasLostItsNetwork(e)) {
          services.gpus().free(request.instanceId());
          continue;
        }
        throw e;
      }
      if (container == null) {
        if (attempt == ATTEMPTS) {
          throw InstanceStartException.noRoom(
              "other processes took the GPUs of the Docker host " + ATTEMPTS + " times in a row");
        }
        continue;
      }
      try {
        return started(container, image, grant);
      } catch (RuntimeException e) {
        removeQuietly(container);
        if (attempt < ATTEMPTS
            && e instanceof DockerDaemonException failure
            && hasLostItsNetwork(failure)) {
          services.gpus().free(request.instanceId());
          continue;
        }
        throw e;
      }
    }
  }

  /** Returns whether a prune took the network that was made for the container. */
  private boolean hasLostItsNetwork(DockerDaemonException failure) {
    return failure.problem() == DockerProblem.NETWORK_UNKNOWN && services.network().isOwn();
  }

  private InspectImageResponse ensureImage(DeploymentSpec spec, String image)
      throws InterruptedException {
    if (spec.snapshot() != null && Snapshots.isLocal(spec.snapshot())) {
      InspectImageResponse found = services.host().client().findImage(image);
      if (found == null) {
        throw new InstanceStartException(
            "there is no snapshot '" + spec.snapshot() + "' on this Docker host");
      }
      return found;
    }
    try {
      return services.puller().ensure(image, this::report, cancellation);
    } catch (DockerDaemonException e) {
      checkNotCancelled();
      throw e;
    }
  }

  /** Returns the container, or null if another process was first with one of its GPUs. */
  private @Nullable String createdAndChecked(
      String image, InspectImageResponse found, GpuGrant grant) throws InterruptedException {
    boolean withHeartbeats =
        services.host().settings().containers().withHeartbeats()
            && services.shells().mayHaveShell(found);
    if (!withHeartbeats
        && request.spec().startCommand() != null
        && !services.shells().mayHaveShell(found)) {
      throw noShell(image);
    }
    boolean processOne = services.habits().insists(found);
    String container = created(image, found, grant, heartbeat(withHeartbeats, processOne));
    try {
      boolean needsShell = withHeartbeats || request.spec().startCommand() != null;
      if (needsShell && !services.shells().hasShell(found, container)) {
        if (request.spec().startCommand() != null) {
          throw noShell(image);
        }
        services.host().client().remove(container);
        LOG.warn(
            "Image {} has no shell: its containers run without heartbeats, so nothing ends them if"
                + " this process is killed and never returns",
            image);
        container = created(image, found, grant, Heartbeat.NONE);
      } else if (request.spec().startCommand() == null
          && !processOne
          && services.habits().insists(found, container)) {
        services.host().client().remove(container);
        container = created(image, found, grant, heartbeat(withHeartbeats, true));
      }
      if (!grant.isNone() && services.gpus().wasTakenBefore(grant, container)) {
        services.host().client().remove(container);
        return null;
      }
      return container;
    } catch (InterruptedException | RuntimeException e) {
      removeQuietly(container);
      throw e;
    }
  }

  private static Heartbeat heartbeat(boolean with, boolean processOne) {
    return !with ? Heartbeat.NONE : processOne ? Heartbeat.WATCHER : Heartbeat.WRAPPER;
  }

  private static DockerDaemonException noShell(String image) {
    return new DockerDaemonException(DockerProblem.NO_SHELL, "starting " + image, "", null);
  }

  private String created(
      String image, InspectImageResponse found, GpuGrant grant, Heartbeat heartbeat)
      throws InterruptedException {
    int port = HostPorts.choose(services.host(), request.spec());
    Labels labels =
        new Labels(
            Labels.containerName(request),
            request.owner(),
            request.deployment(),
            request.slot(),
            request.instanceId(),
            request.fingerprint(),
            grant.held(),
            grant.memory(),
            port,
            startedAt,
            heartbeat,
            services.lockId().get(),
            request.epoch());
    ContainerCreation creation =
        new ContainerCreation(
            services.host(),
            request.spec(),
            labels,
            grant,
            found,
            services.network().find(),
            services.habits().insists(found));
    String doing = "creating " + labels.name() + " from " + image;
    String reference = reference(image, found);
    long deadline = System.nanoTime() + NAME_TIMEOUT.toNanos();
    while (true) {
      checkNotCancelled();
      try {
        return services
            .host()
            .client()
            .create(doing, reference, creation::applyTo, timeLeft(doing), each -> creating = each);
      } catch (DockerDaemonException e) {
        if (e.problem().outcomeUnknown()) {
          outcomeUnknown = true;
        } else if (e.problem() != DockerProblem.NAME_TAKEN) {
          throw e;
        }
        InspectContainerResponse there = services.host().client().find(labels.name());
        if (there != null && isOwn(there)) {
          outcomeUnknown = false;
          return there.getId();
        }
        if (there != null) {
          makeRoom(there, labels.name());
        } else if (e.problem().outcomeUnknown()) {
          checkNotCancelled();
          throw System.nanoTime() < creationEnd ? e : notCreated(doing);
        }
        if (System.nanoTime() > deadline) {
          throw e;
        }
        // A name is taken a moment before its container can be seen, and a moment longer.
        Thread.sleep(50);
      }
    }
  }

  /** Returns how long the container may still take to be made. */
  private Duration timeLeft(String doing) {
    long left = creationEnd - System.nanoTime();
    if (left <= 0) {
      throw notCreated(doing);
    }
    return Duration.ofNanos(Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
  }

  private DockerDaemonException notCreated(String doing) {
    return new DockerDaemonException(
        DockerProblem.NO_ANSWER,
        doing,
        "it was not made within " + Durations.text(createTimeout()) + " (createTimeout)",
        null);
  }

  private Duration createTimeout() {
    return services.host().settings().containers().createTimeout();
  }

  private boolean isOwn(InspectContainerResponse container) {
    Labels labels = new ContainerState(container).labels();
    return labels != null && labels.isOf(request.owner(), request.instanceId());
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
        !services.lockId().get().isEmpty() && labels.lock().equals(services.lockId().get());
    boolean hasEnded = !state.isRunning() && !state.wasNeverStarted();
    if (!makerIsGone && !hasEnded) {
      throw new InstanceStartException(
          "owner '"
              + request.owner()
              + "' is in use by another process on this Docker daemon: it started instance '"
              + labels.instanceId()
              + "' as "
              + name
              + "; end that process, or choose another owner");
    }
    LOG.info("Removing {} of the earlier instance '{}'", name, labels.instanceId());
    services.remover().remove(container.getId());
  }

  private ProviderInstance started(String container, String image, GpuGrant grant) {
    Labels labels = new ContainerState(services.host().client().inspect(container)).labels();
    if (labels == null) {
      throw new InstanceStartException("the container of " + image + " has lost its labels");
    }
    TrackedInstance tracked = services.watch().track(labels, container);
    tracked.own();
    checkNotCancelled();
    progress("starting", image);
    String doing = "starting " + labels.name() + " from " + image;
    try {
      services.host().client().start(doing, container);
    } catch (DockerDaemonException e) {
      if (!e.problem().outcomeUnknown()) {
        throw e;
      }
      // The daemon may have started the container although the call failed; a second call does no
      // harm.
      services.host().client().start(doing, container);
    }
    InspectContainerResponse inspected = services.host().client().inspect(container);
    ContainerState state = new ContainerState(inspected);
    if (!state.isRunning()) {
      InstanceExit exit = services.watch().exit(state, labels);
      throw new InstanceStartException(
          "the container ended before it was ready: " + exit.describe(),
          state.wasNeverStarted() ? null : exit,
          null);
    }
    if (!grant.isNone() && !services.host().daemon().isPodman() && !shows(grant, inspected)) {
      throw new InstanceStartException(
          "Docker started the container without the GPUs " + grant + " that were asked for");
    }
    URI endpoint = services.host().endpoint(state, labels.port());
    URI direct = services.host().direct(state, labels.port());
    if (endpoint == null) {
      throw new InstanceStartException(
          "Docker did not say where port "
              + labels.port()
              + " of the container is reached; instances are reached "
              + services.host().reach());
    }
    checkNotCancelled();
    services.watch().up(tracked, endpoint, direct);
    if (!grant.isNone()) {
      LOG.info("Instance {} got GPUs {}", request.instanceId(), grant);
    }
    return ProviderInstance.builder(request, startedAt)
        .endpoint(endpoint)
        .gpus(GpuGrant.ids(grant.held()))
        .build();
  }

  private static boolean shows(GpuGrant grant, InspectContainerResponse inspected) {
    return inspected.getHostConfig() != null && grant.isShownOn(inspected.getHostConfig());
  }

  /** The image itself rather than its name, which can be given to another at any time. */
  private static String reference(String image, InspectImageResponse found) {
    return found.getId() == null ? image : found.getId();
  }

  static String image(DeploymentSpec spec) {
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
      throw new InstanceStartException("the start was cancelled");
    }
  }

  /** Reports progress; that of the pull, on another thread, not after the start has gone on. */
  private void report(StartProgress progress) {
    progressLock.lock();
    try {
      prepared |= progress.step().equals(CREATING);
      if (!prepared || !progress.preparing()) {
        services.watch().progress(request.instanceId(), progress);
      }
    } finally {
      progressLock.unlock();
    }
  }

  /** Reports a step before the container runs. */
  private void creating(String step, String detail) {
    report(new StartProgress(step, detail, 0, 0, StartProgress.Phase.CREATING));
  }

  private void progress(String step, String detail) {
    report(new StartProgress(step, detail, 0, 0));
  }

  /**
   * Removes what a failed start left; on failure the engine, which releases it too, tries again.
   */
  private void removeQuietly(String container) {
    services.watch().untrack(request.instanceId());
    try {
      services.remover().remove(container);
    } catch (DockerDaemonException e) {
      LOG.debug("Removing {} after its start had failed: {}", container, e.toString());
    }
  }
}
