package dev.autodeploy.internal.process;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.files.PrivateDirectory;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The instances of one owner as local processes. Thread-safe; all methods may block. */
public final class LocalProcessManager implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalProcessManager.class);
  private static final int MAX_REMEMBERED = 10_000;
  private static final Duration LOOK = Duration.ofMillis(100);
  private static final Duration CLEAN_UP = Duration.ofHours(1);

  private final ProcessSettings settings;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, LocalInstance> instances = new LinkedHashMap<>();

  /** Ids released recently; a late start of one of them is refused. */
  private final Map<String, Boolean> released =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  private volatile @Nullable Session session;
  private boolean closed;

  /**
   * The state of an open provider.
   *
   * @param context its owner and observer
   * @param owner the owner's directory
   * @param watcher the script beside each instance
   * @param maintenance the thread that maintains the instances
   * @param gpus the GPUs of this machine
   */
  private record Session(
      ProviderContext context,
      OwnerDirectory owner,
      Watcher watcher,
      MaintenanceThread maintenance,
      LocalGpus gpus) {}

  /**
   * Creates them; nothing happens yet.
   *
   * @param settings the settings
   */
  public LocalProcessManager(ProcessSettings settings) {
    this.settings = settings;
  }

  /**
   * Opens the provider for one owner: takes the owner's lock, and adopts what an earlier process
   * left behind.
   *
   * @param context the owner, and the receiver of what happens
   */
  public void open(ProviderContext context) {
    requireId("owner", context.owner());
    lock.lock();
    try {
      if (session != null || closed) {
        throw new IllegalStateException("a provider is opened once, by one engine");
      }
      session = openSession(context);
    } finally {
      lock.unlock();
    }
  }

  private Session openSession(ProviderContext context) {
    MaintenanceThread maintenance = new MaintenanceThread();
    OwnerDirectory owner = null;
    Session opened = null;
    try {
      PrivateDirectory registry = RegistryDirectory.open(settings.directory());
      owner = OwnerDirectory.take(registry, context.owner());
      Watcher watcher = Watcher.install(settings.shell(), registry);
      Session next =
          new Session(context, owner, watcher, maintenance, LocalGpus.find(settings.gpus()));
      new InstanceRecovery(owner.directory(), context.owner())
          .run(instances::put, (id, instance) -> lookSoon(next, id, instance));
      maintenance.scheduleAtInterval(CLEAN_UP, () -> cleanUp(next));
      opened = next;
      return next;
    } catch (IOException | UnsupportedOperationException e) {
      Path directory = settings.directory();
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          String.format(
              "local processes need another directory(...) of their provider than %s: %s",
              directory == null ? "the default one" : directory, e.getMessage()),
          e);
    } finally {
      if (opened == null) {
        maintenance.close();
        if (owner != null) {
          owner.giveUp();
        }
      }
    }
  }

  /**
   * Checks a specification.
   *
   * @param spec the specification
   */
  public void validate(DeploymentSpec spec) {
    LocalSpecCheck.check(spec);
    Session current = session;
    if (current != null) {
      current.gpus().check(spec);
    }
  }

  /**
   * Returns the GPUs of this machine.
   *
   * @return as far as they are known
   */
  public ProviderCapacity capacity() {
    Session current = session;
    return current == null ? ProviderCapacity.unknown() : current.gpus().capacity();
  }

  /**
   * Returns what an instance has lost of its GPUs.
   *
   * @param instance the instance
   * @return a sentence, or empty
   */
  public Optional<String> lost(ProviderInstance instance) {
    Session current = session;
    return current == null ? Optional.empty() : current.gpus().lost(instance.gpus());
  }

  /**
   * Starts an instance.
   *
   * @param request what to start
   * @return the instance
   * @throws InterruptedException if the thread is interrupted; nothing has been started then
   */
  public ProviderInstance start(StartRequest request) throws InterruptedException {
    String id = requireId("instanceId", request.instanceId());
    LocalSpecCheck.checkCommand(request.spec());
    Session current;
    LocalInstance instance;
    lock.lock();
    try {
      current = requireOpen();
      if (!request.owner().equals(current.context().owner())) {
        throw new IllegalArgumentException("this provider was opened by another owner");
      }
      current.gpus().check(request);
      if (released.containsKey(id)) {
        throw new InstanceStartException(
            "instance '" + id + "' was released before it was started");
      }
      if (instances.containsKey(id)) {
        throw new InstanceStartException("instance '" + id + "' has been started already");
      }
      InstanceFiles files = new InstanceFiles(current.owner().directory(), id);
      instance = new LocalInstance(files, port(request.spec()));
      instances.put(id, instance);
    } catch (IOException e) {
      throw new InstanceStartException("no free port could be found: " + e.getMessage(), null, e);
    } finally {
      lock.unlock();
    }
    Process watcher = start(id, instance, request, current);
    var unused =
        watcher
            .onExit()
            .thenRun(() -> current.maintenance().submit(() -> notice(current, id, instance)));
    return Objects.requireNonNull(instance.toInstance());
  }

  private Process start(String id, LocalInstance instance, StartRequest request, Session current)
      throws InterruptedException {
    boolean started = false;
    try {
      Process watcher = instance.start(request, current.watcher(), settings);
      started = true;
      return watcher;
    } finally {
      if (!started) {
        forget(id, instance);
      }
    }
  }

  private int port(DeploymentSpec spec) throws IOException {
    if (spec.port() != 0) {
      return spec.port();
    }
    Set<Integer> taken =
        instances.values().stream().map(LocalInstance::port).collect(Collectors.toSet());
    return FreePorts.pick(taken);
  }

  /**
   * Releases an instance.
   *
   * @param instanceId its id
   * @param grace how long it may take to end by itself
   * @throws IOException if it cannot be ended
   * @throws InterruptedException if the thread is interrupted; it may have ended or not
   */
  public void release(String instanceId, Duration grace) throws IOException, InterruptedException {
    requireId("instanceId", instanceId);
    LocalInstance instance;
    lock.lock();
    try {
      requireOpen();
      released.put(instanceId, true);
      instance = instances.get(instanceId);
    } finally {
      lock.unlock();
    }
    if (instance != null) {
      instance.release(grace);
      forget(instanceId, instance);
    }
  }

  /**
   * Lists instances.
   *
   * @param owner the owner of the instances
   * @return those that were not released
   */
  public List<ProviderInstance> list(String owner) {
    Session current;
    List<LocalInstance> all;
    lock.lock();
    try {
      current = requireOpen();
      all = List.copyOf(instances.values());
    } finally {
      lock.unlock();
    }
    if (!owner.equals(current.context().owner())) {
      return List.of();
    }
    return all.stream().map(LocalInstance::toInstance).filter(Objects::nonNull).toList();
  }

  /**
   * Reads the last lines of an instance.
   *
   * @param instanceId its id
   * @param lines how many
   * @return the lines, oldest first
   */
  public List<String> logs(String instanceId, int lines) {
    LocalInstance instance = get(instanceId);
    return instance == null ? List.of() : instance.log().tail(lines);
  }

  /**
   * Asks once whether an instance is ready.
   *
   * @param instance the instance
   * @param probe how to ask
   * @return whether it is
   * @throws IOException if it could not be asked, or another process answered
   * @throws InterruptedException if the thread is interrupted
   */
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    LocalInstance local = get(instance.instanceId());
    if (local == null) {
      throw new IOException("instance '" + instance.instanceId() + "' is not known");
    }
    ProbeTarget target =
        new ProbeTarget(
            Objects.requireNonNull(instance.endpoint(), "endpoint"),
            true,
            () ->
                CompletableFuture.completedFuture(
                    logs(instance.instanceId(), ProbeTarget.LOG_LINES)),
            local.logSearch());
    if (!local.isReady(probe, target)) {
      return false;
    }
    local.checkAnswer(settings.checkListener(), Probes.needsListener(probe));
    return true;
  }

  /**
   * Lets an instance outlive this process.
   *
   * @param instanceId its id
   * @throws IOException if its watcher cannot be told
   */
  public void detach(String instanceId) throws IOException {
    LocalInstance instance = get(instanceId);
    if (instance != null) {
      instance.detach(settings.detachTimeout());
    }
  }

  /**
   * Ends the use, and everything that was not left. An interrupt neither stops it nor is lost: what
   * is not ended now would run on.
   */
  @Override
  public void close() {
    Session current;
    List<LocalInstance> all;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      current = session;
      all = List.copyOf(instances.values());
    } finally {
      lock.unlock();
    }
    if (current == null) {
      return;
    }
    current.maintenance().close();
    boolean interrupted = Thread.interrupted();
    List<Throwable> failures = new ArrayList<>();
    for (LocalInstance instance : all) {
      if (!instance.isLeft()) {
        interrupted |= kill(instance, failures);
      }
    }
    try {
      current.owner().close();
    } catch (IOException e) {
      failures.add(e);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!failures.isEmpty()) {
      AutoDeployException failure =
          new AutoDeployException(
              ErrorCode.PROVIDER_FAILED,
              null,
              "not everything could be ended: " + failures.get(0).getMessage());
      failures.forEach(failure::addSuppressed);
      throw failure;
    }
  }

  /** Ends an instance by force; returns whether the thread was interrupted meanwhile. */
  private static boolean kill(LocalInstance instance, List<Throwable> failures) {
    boolean interrupted = false;
    while (true) {
      try {
        instance.kill();
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (IOException | RuntimeException | Error e) {
        failures.add(e); // the others are ended all the same
        return interrupted;
      }
    }
  }

  private static void notice(Session current, String id, LocalInstance instance) {
    InstanceExit exit = instance.noticeExit();
    if (exit != null) {
      current.context().observer().exited(id, exit);
    }
  }

  /** Looks whether an instance has ended that is not this process's child. */
  private void look(Session current, String id, LocalInstance instance) {
    try {
      notice(current, id, instance);
    } finally {
      if (instance.exit() == null && get(id) == instance) {
        lookSoon(current, id, instance);
      }
    }
  }

  private void lookSoon(Session current, String id, LocalInstance instance) {
    current.maintenance().schedule(LOOK, () -> look(current, id, instance));
  }

  private static void cleanUp(Session current) {
    OwnerDirectory owner = current.owner();
    try {
      owner.refresh();
      RegistryCleanup.refresh(owner.registry(), owner.directory());
      RegistryCleanup.forget(owner.registry(), Instant.now());
    } catch (IOException | UncheckedIOException e) {
      LOG.debug(
          "The registry {} changed while it was scanned: {}",
          owner.registry().path(),
          e.toString());
    }
  }

  private @Nullable LocalInstance get(String id) {
    lock.lock();
    try {
      return instances.get(id);
    } finally {
      lock.unlock();
    }
  }

  private void forget(String id, LocalInstance instance) {
    lock.lock();
    try {
      instances.remove(id, instance);
    } finally {
      lock.unlock();
    }
  }

  private Session requireOpen() {
    Session current = session;
    if (current == null || closed) {
      throw new IllegalStateException("the provider is not open");
    }
    return current;
  }

  private static String requireId(String what, String id) {
    if (!id.matches(RegistryDirectory.ID)) {
      throw new IllegalArgumentException(
          what + " must be 1 to 80 of a-z, 0-9 and '-', but was '" + id + "'");
    }
    return id;
  }
}
