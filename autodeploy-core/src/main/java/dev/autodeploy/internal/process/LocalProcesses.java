package dev.autodeploy.internal.process;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The instances of one owner as local processes. Thread-safe; all methods may block. */
public final class LocalProcesses implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LocalProcesses.class);
  private static final String ID = "[a-z0-9-]{1,80}";
  private static final int MAX_REMEMBERED = 10_000;
  private static final Duration LOOK = Duration.ofMillis(100);
  private static final Duration LIMIT_LOGS = Duration.ofSeconds(1);
  private static final Duration KEEP_UP = Duration.ofHours(1);

  private final ProcessSettings settings;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, LocalInstance> instances = new LinkedHashMap<>();

  /** What must not start any more, the latest ones. */
  private final Map<String, Boolean> released =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  private @Nullable Use use;
  private boolean closed;

  /** What there is between opening and closing. */
  private record Use(ProviderContext context, OwnerLock owner, Watcher watcher, Worker worker) {}

  /**
   * Creates them; nothing happens yet.
   *
   * @param settings the settings
   */
  public LocalProcesses(ProcessSettings settings) {
    this.settings = settings;
  }

  /**
   * Begins the use: takes the owner's lock, and takes over what an earlier process left behind.
   *
   * @param context whose instances, and whom to tell
   */
  public void open(ProviderContext context) {
    requireId("owner", context.owner());
    lock.lock();
    try {
      if (use != null || closed) {
        throw new IllegalStateException("a provider is opened once, by one engine");
      }
      use = open(context, registry());
    } finally {
      lock.unlock();
    }
  }

  private Path registry() {
    Path configured = settings.directory();
    return configured == null ? RegistryDirectory.byDefault() : configured;
  }

  private Use open(ProviderContext context, Path directory) {
    Worker worker = new Worker();
    OwnerLock owner = null;
    Use opened = null;
    try {
      Path registry = RegistryDirectory.prepare(directory);
      owner = OwnerLock.take(registry, context.owner());
      Watcher watcher = Watcher.install(settings.shell(), registry);
      Use next = new Use(context, owner, watcher, worker);
      find(next);
      worker.every(LIMIT_LOGS, this::limitLogs);
      worker.every(KEEP_UP, () -> keepUp(next));
      opened = next;
      return next;
    } catch (IOException | UnsupportedOperationException e) {
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          "the directory "
              + directory
              + " cannot be used for local processes: "
              + e.getMessage()
              + "; give the provider another one",
          e);
    } finally {
      if (opened == null) {
        worker.close();
        if (owner != null) {
          owner.giveUp();
        }
      }
    }
  }

  private void find(Use opened) throws IOException {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(opened.owner().directory())) {
      for (Path path : found) {
        if (path.getFileName().toString().matches(ID)) {
          find(opened, path);
        }
      }
    }
  }

  private void find(Use opened, Path path) {
    InstanceFiles files = new InstanceFiles(path);
    String id = path.getFileName().toString();
    try {
      if (!files.hasRecord()) {
        endUnknown(files); // its start or its release was broken off
        return;
      }
      InstanceRecord record;
      try {
        record = files.readRecord();
        if (!record.instanceId().equals(id) || !record.owner().equals(opened.context().owner())) {
          throw new IOException("it is the record of instance " + record.instanceId());
        }
      } catch (IOException e) {
        log.warn(
            "The record of instance {} is damaged, its processes are ended: {}", id, e.toString());
        endUnknown(files);
        return;
      }
      LocalInstance instance = new LocalInstance(files, record);
      instances.put(id, instance);
      if (instance.adopt()) {
        lookSoon(opened, id, instance);
      }
    } catch (IOException e) {
      log.warn("Instance {} could not be taken over or ended: {}", id, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED, null, "interrupted while instances were taken over", e);
    }
  }

  private static void endUnknown(InstanceFiles files) throws IOException, InterruptedException {
    long now = System.nanoTime();
    new ProcessTree(files, null).end(() -> now);
    files.delete();
  }

  /**
   * Checks a specification.
   *
   * @param spec the specification
   */
  public void validate(DeploymentSpec spec) {
    String deployment = "deployment '" + spec.name() + "' ";
    if (spec.startCommand() == null) {
      throw new IllegalArgumentException(
          deployment + "needs a startCommand to run as a local process");
    }
    if (spec.port() != 0 && spec.maxInstances() > 1) {
      throw new IllegalArgumentException(
          deployment
              + "may have "
              + spec.maxInstances()
              + " instances, but only one process can listen on port "
              + spec.port()
              + ": set port(0), and let the service listen on the port in its environment variable"
              + " PORT");
    }
    if (!Files.isExecutable(Path.of("/bin/sh"))) {
      throw new IllegalArgumentException(
          deployment + "cannot run here: local processes need /bin/sh");
    }
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
    validate(request.spec());
    Use current;
    LocalInstance instance;
    lock.lock();
    try {
      current = requireUse();
      if (!request.owner().equals(current.context().owner())) {
        throw new IllegalArgumentException("this provider was opened by another owner");
      }
      if (released.containsKey(id)) {
        throw new InstanceStartException("instance " + id + " was released before it was started");
      }
      if (instances.containsKey(id)) {
        throw new InstanceStartException("instance " + id + " has been started already");
      }
      InstanceFiles files = new InstanceFiles(current.owner().directory().resolve(id));
      instance = new LocalInstance(files, port(request.spec()));
      instances.put(id, instance);
    } catch (IOException e) {
      throw new InstanceStartException("no free port could be found: " + e.getMessage(), null, e);
    } finally {
      lock.unlock();
    }
    Process watcher = start(id, instance, request, current);
    var unused =
        watcher.onExit().thenRun(() -> current.worker().soon(() -> notice(current, id, instance)));
    return Objects.requireNonNull(instance.toInstance());
  }

  private Process start(String id, LocalInstance instance, StartRequest request, Use current)
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
    return Ports.pick(taken);
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
      requireUse();
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
   * @param owner whose
   * @return those that were not released
   */
  public List<ProviderInstance> list(String owner) {
    Use current;
    List<LocalInstance> all;
    lock.lock();
    try {
      current = requireUse();
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
      throw new IOException("instance " + instance.instanceId() + " is not known");
    }
    ProbeTarget target =
        new ProbeTarget(
            Objects.requireNonNull(instance.endpoint(), "endpoint"),
            true,
            () ->
                CompletableFuture.completedFuture(
                    logs(instance.instanceId(), ProbeTarget.LOG_LINES)));
    if (!probe.isReady(target)) {
      return false;
    }
    local.checkAnswer(settings.checkListener());
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
    Use current;
    List<LocalInstance> all;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      current = use;
      all = List.copyOf(instances.values());
    } finally {
      lock.unlock();
    }
    if (current == null) {
      return;
    }
    current.worker().close();
    boolean interrupted = Thread.interrupted();
    List<Exception> failures = new ArrayList<>();
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
  private static boolean kill(LocalInstance instance, List<Exception> failures) {
    boolean interrupted = false;
    while (true) {
      try {
        instance.kill();
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (IOException e) {
        failures.add(e);
        return interrupted;
      }
    }
  }

  private static void notice(Use current, String id, LocalInstance instance) {
    InstanceExit exit = instance.noticeExit();
    if (exit != null) {
      current.context().observer().exited(id, exit);
    }
  }

  /** Looks whether an instance has ended that is not this process's child. */
  private void look(Use current, String id, LocalInstance instance) {
    try {
      notice(current, id, instance);
    } finally {
      if (instance.exit() == null && get(id) == instance) {
        lookSoon(current, id, instance);
      }
    }
  }

  private void lookSoon(Use current, String id, LocalInstance instance) {
    current.worker().later(LOOK, () -> look(current, id, instance));
  }

  private static void keepUp(Use current) {
    OwnerLock owner = current.owner();
    try {
      owner.refresh();
      Upkeep.refresh(owner.registry(), owner.directory());
      Upkeep.forget(owner.registry(), Instant.now());
    } catch (IOException | UncheckedIOException e) {
      log.debug("Files came and went in {}: {}", owner.registry(), e.toString());
    }
  }

  private void limitLogs() {
    List<LocalInstance> all;
    lock.lock();
    try {
      all = List.copyOf(instances.values());
    } finally {
      lock.unlock();
    }
    for (LocalInstance instance : all) {
      try {
        instance.log().limit();
      } catch (IOException | UncheckedIOException e) {
        log.warn("The log {} could not be cut: {}", instance.log().path(), e.toString());
      }
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

  private Use requireUse() {
    Use current = use;
    if (current == null || closed) {
      throw new IllegalStateException("the provider is not open");
    }
    return current;
  }

  private static String requireId(String what, String id) {
    if (!id.matches(ID)) {
      throw new IllegalArgumentException(
          what + " must be 1 to 80 of a-z, 0-9 and '-', but was '" + id + "'");
    }
    return id;
  }
}
