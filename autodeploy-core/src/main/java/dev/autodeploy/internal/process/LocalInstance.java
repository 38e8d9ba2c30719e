package dev.autodeploy.internal.process;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.LogSearch;
import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One instance, from its start to its release. Thread-safe. */
final class LocalInstance {
  private static final Logger LOG = LoggerFactory.getLogger(LocalInstance.class);

  /**
   * The time that instances live on when their host is gone, in case that it comes back at once.
   */
  static final Duration WITHOUT_HOST = Duration.ofSeconds(2);

  private static final Duration MAX_GRACE = Duration.ofDays(1);
  private static final int EXIT_LINES = 50;

  /**
   * The variables without which programs do not run as usual, and the mark of an outer instance.
   */
  private static final Pattern NEEDED =
      Pattern.compile(
          "PATH|LD_LIBRARY_PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_[A-Z]+"
              + "|AUTODEPLOY_TREE");

  private static final long FIRST_LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LOOK_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final InstanceFiles files;
  private final AtomicLong nextLook = new AtomicLong();
  private volatile String portAdvice = "";
  private volatile @Nullable WrittenLines written;
  private final int port;

  /** Held while it is started, and while it is ended. */
  private final ReentrantLock lock = new ReentrantLock();

  /** From when on it is ended by force; a later release with less grace moves it forward. */
  private final AtomicLong killAt = new AtomicLong(System.nanoTime() + Long.MAX_VALUE / 2);

  private volatile @Nullable InstanceRecord record;
  private volatile @Nullable InstanceExit exit;
  private volatile boolean released;
  private volatile boolean left;
  private boolean gone;

  /** Makes one that is to be started. */
  LocalInstance(InstanceFiles files, int port) {
    this.files = files;
    this.port = port;
  }

  /** Makes one that was found. */
  LocalInstance(InstanceFiles files, InstanceRecord record) {
    this(files, record.port());
    this.record = record;
  }

  int port() {
    return port;
  }

  LogFile log() {
    return files.log();
  }

  boolean isLeft() {
    return left;
  }

  @Nullable InstanceExit exit() {
    return exit;
  }

  /** Returns it as the engine sees it, or null if it has not come into being. */
  @Nullable ProviderInstance toInstance() {
    InstanceRecord current = record;
    return current == null ? null : current.toInstance(exit);
  }

  /** Starts it. Returns the watcher's process. */
  Process start(StartRequest request, Watcher watcher, ProcessSettings settings)
      throws InterruptedException {
    DeploymentSpec spec = request.spec();
    lock.lockInterruptibly();
    try {
      if (released) {
        throw new InstanceStartException("the instance was released before it was started");
      }
      Path directory = workingDirectory(spec, settings);
      if (!Files.isDirectory(directory)) {
        throw new InstanceStartException("the working directory " + directory + " does not exist");
      }
      checkPort(spec);
      return run(request, watcher, settings);
    } catch (IOException e) {
      throw new InstanceStartException(
          "no process could be started for deployment '" + spec.name() + "': " + e.getMessage(),
          null,
          e);
    } finally {
      lock.unlock();
    }
  }

  private Process run(StartRequest request, Watcher watcher, ProcessSettings settings)
      throws IOException {
    DeploymentSpec spec = request.spec();
    Instant startedAt = Instant.now();
    boolean started = false;
    @Nullable Process process = null;
    String groupName = Confinement.groupName(request.owner(), request.instanceId());
    @Nullable Cgroups groups = Cgroups.areNeeded(spec) ? Cgroups.create(groupName, spec) : null;
    try {
      files.create();
      String command =
          Confinement.wrap(
              requireNonNull(spec.startCommand(), "startCommand"), groups, settings.user());
      ProcessBuilder builder =
          new ProcessBuilder(watcher.commandLine(files, command, spec.releaseGrace()))
              .directory(workingDirectory(spec, settings).toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(files.log().path().toFile()));
      if (!settings.inheritEnvironment()) {
        builder.environment().keySet().removeIf(name -> !NEEDED.matcher(name).matches());
      }
      List<String> gpus = request.gpus().isEmpty() ? spec.gpu().ids() : request.gpus();
      setEnvironment(builder.environment(), spec, gpus);
      process = builder.start();
      ProcessId id = ProcessId.of(process.pid());
      if (id == null) {
        throw new IOException("the shell ended at once: " + String.join(" ", log().tail(3)));
      }
      InstanceRecord written =
          new InstanceRecord(
              request.owner(),
              request.instanceId(),
              request.deployment(),
              request.slot(),
              request.fingerprint(),
              port,
              gpus,
              request.epoch(),
              startedAt,
              ProcFs.BOOT_ID,
              id);
      files.writeKeepAlive(ProcessId.current(), WITHOUT_HOST);
      files.writeRecord(written);
      try (OutputStream toWatcher = process.getOutputStream()) {
        toWatcher.write("go\n".getBytes(StandardCharsets.US_ASCII));
      }
      record = written;
      started = true;
      return process;
    } finally {
      if (!started) {
        if (process != null) {
          process.destroyForcibly(); // nothing has run yet
        }
        if (groups != null) {
          groups.remove();
        }
        files.delete();
      }
    }
  }

  private static Path workingDirectory(DeploymentSpec spec, ProcessSettings settings) {
    return spec.workingDirectory() == null
        ? settings.workingDirectory()
        : Path.of(spec.workingDirectory());
  }

  private void setEnvironment(
      Map<String, String> environment, DeploymentSpec spec, List<String> gpus) {
    if (!gpus.isEmpty()) {
      String ids = String.join(",", gpus);
      environment.put("CUDA_VISIBLE_DEVICES", ids);
      environment.put("NVIDIA_VISIBLE_DEVICES", ids);
      // Not ROCR_VISIBLE_DEVICES as well: HIP would count within what that leaves.
      environment.put("HIP_VISIBLE_DEVICES", ids);
    }
    environment.putAll(spec.environment());
    environment.put("PORT", String.valueOf(port));
  }

  private void checkPort(DeploymentSpec spec) throws IOException {
    if (FreePorts.isFree(port)) {
      return;
    }
    throw new InstanceStartException(
        "port "
            + port
            + " of deployment '"
            + spec.name()
            + "' is already in use by "
            + (ProcFs.isAvailable() ? PortListeners.of(port).describe() : "another process")
            + ": end that one, or give the deployment another port, or port 0 for a free one");
  }

  /**
   * Takes over an instance that an earlier host left behind.
   *
   * @return whether it runs; otherwise it has ended, and none of its processes is left
   */
  boolean adopt() throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      files.writeKeepAlive(ProcessId.current(), WITHOUT_HOST);
      boolean runs = isAlive() && files.exit() == null;
      if (runs && !files.isEnding()) {
        return true;
      }
      killAt.set(System.nanoTime());
      tree().end(killAt::get);
      if (runs) {
        files.recordEnd();
      }
      noteExit(null);
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether the instance's watcher lives. */
  boolean isAlive() {
    InstanceRecord current = record;
    return current != null && current.boot().equals(ProcFs.BOOT_ID) && current.watcher().isAlive();
  }

  /**
   * Looks whether it has ended, and how.
   *
   * @return the exit if it has ended by itself and this is the first time that this is seen
   */
  @Nullable InstanceExit noticeExit() {
    if (released || exit != null || (isAlive() && files.exit() == null)) {
      return null;
    }
    return noteExit(Instant.now());
  }

  private InstanceExit noteExit(@Nullable Instant atTheLatest) {
    InstanceFiles.Exit written = files.exit();
    Integer code = written == null ? null : written.code();
    String message = null;
    if (files.isEnding()) {
      message = "its host process was gone, so it was ended";
    } else if (!files.hasRun()) {
      message = "its host process ended before the command could run";
    } else if (code == null) {
      message = "its watcher was ended from outside";
    } else if (code > 128) {
      message = "signal " + (code - 128);
    }
    List<String> tail;
    try {
      tail = files.log().tail(EXIT_LINES);
    } catch (UncheckedIOException e) { // it has ended all the same
      tail = List.of(String.valueOf(e.getMessage()));
    }
    Instant at = written == null ? atTheLatest : written.at();
    InstanceExit noted = new InstanceExit(code, groups().wasOutOfMemory(), tail, message, at);
    exit = noted;
    return noted;
  }

  /**
   * Refuses an answer that was not the instance's own.
   *
   * @param listener whether it has to be its own process that listens on its port
   * @param needed whether it is not ready as long as nobody does
   * @throws IOException if it has ended, or its port is not its own, or that cannot be told
   */
  void checkAnswer(boolean listener, boolean needed) throws IOException {
    if (exit != null || !isAlive()) {
      throw new IOException("the instance has ended");
    }
    if (!listener || !ProcFs.isAvailable()) {
      return;
    }
    PortListeners listeners = PortListeners.of(port);
    if (!listeners.isEmpty()) {
      listeners.requireHeldBy(tree().find().command());
    } else if (needed) {
      throw new IOException("nothing listens on port " + port + " of this machine any longer");
    }
  }

  /**
   * Returns on which ports its processes listen in place of its own, as advice, or an empty text.
   * Looks now and then only, and not at once: it takes a walk through all processes.
   */
  private String portAdvice() {
    long now = System.nanoTime();
    long due = nextLook.get();
    if (due == 0) {
      nextLook.compareAndSet(0, now + FIRST_LOOK_NANOS);
    } else if (now - due >= 0 && nextLook.compareAndSet(due, now + LOOK_PAUSE_NANOS)) {
      portAdvice = findPortAdvice();
    }
    return portAdvice;
  }

  private String findPortAdvice() {
    if (!ProcFs.isAvailable()) {
      return "";
    }
    try {
      Set<Integer> ports = PortListeners.heldBy(tree().find().command());
      if (ports.isEmpty() || ports.contains(port)) {
        return "";
      }
      return "the service listens on port "
          + ports.stream().map(String::valueOf).collect(Collectors.joining(", "))
          + ", not on "
          + port
          + ": have it listen on the port in its environment variable PORT, or change the"
          + " deployment's port";
    } catch (IOException e) {
      LOG.debug("Looking for the ports of {}: {}", files.directory(), e.toString());
      return "";
    }
  }

  /** Asks a probe once; where it says no, and the ports are the reason, that is told. */
  boolean isReady(ReadinessProbe probe, ProbeTarget target)
      throws IOException, InterruptedException {
    IOException failure = null;
    try {
      if (probe.isReady(target)) {
        return true;
      }
    } catch (IOException e) {
      failure = e;
    }
    String advice = Probes.needsListener(probe) ? portAdvice() : "";
    if (!advice.isEmpty()) {
      throw new IOException(
          failure == null ? advice : failure.getMessage() + "; " + advice, failure);
    }
    if (failure != null) {
      throw failure;
    }
    return false;
  }

  /** Returns the search in what it has written; the same one each time. */
  LogSearch logSearch() {
    WrittenLines search = written;
    if (search == null) {
      search = new WrittenLines(log());
      written = search;
    }
    return search;
  }

  /** Lets it live on without this process for some time. */
  void detach(Duration time) throws IOException {
    files.writeKeepAliveWithoutHost(time);
    left = true;
  }

  /** Ends all its processes and forgets it. */
  void release(Duration grace) throws IOException, InterruptedException {
    released = true;
    end(grace, true);
  }

  /** Ends all its processes by force; it stays registered, as one that has ended. */
  void kill() throws IOException, InterruptedException {
    released = true;
    end(Duration.ZERO, false);
  }

  private void end(Duration grace, boolean forget) throws IOException, InterruptedException {
    Duration limited = grace.compareTo(MAX_GRACE) > 0 ? MAX_GRACE : grace;
    long at = System.nanoTime() + limited.toNanos();
    killAt.accumulateAndGet(at, (was, is) -> is - was < 0 ? is : was);
    lock.lockInterruptibly();
    try {
      if (record == null || gone) {
        return;
      }
      // Also if something has cleared the files away: the processes are there all the same.
      if (forget) {
        files.markReleasing();
        tree().end(killAt::get);
        gone = true;
        delete();
      } else {
        tree().end(killAt::get);
        files.recordEnd();
      }
    } finally {
      lock.unlock();
    }
  }

  private Cgroups groups() {
    InstanceRecord current = requireNonNull(record, "record");
    return Cgroups.find(Confinement.groupName(current.owner(), current.instanceId()));
  }

  /** Forgets it as far as its directory can be deleted: its processes are gone in any case. */
  private void delete() {
    IOException inTheWay = groups().remove();
    if (inTheWay != null) {
      LOG.debug("A control group stays: {}", inTheWay.toString());
    }
    try {
      files.delete();
    } catch (IOException e) {
      LOG.warn(
          "{} cannot be deleted, and its instance, which has ended, will be found again: {}",
          files.directory(),
          e.toString());
    }
  }

  private ProcessTree tree() {
    InstanceRecord current = record;
    boolean valid = current != null && current.boot().equals(ProcFs.BOOT_ID);
    return new ProcessTree(files, valid && current != null ? current.watcher() : null);
  }
}
