package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.process.LocalProcessManager;
import dev.autodeploy.internal.process.ProcessSettings;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs instances as local processes: the provider for machines without Docker. Thread-safe. It
 * needs {@code /bin/sh} and the standard Unix utilities, as on Linux and macOS.
 *
 * <p>An instance is the deployment's start command, run by {@code /bin/sh -c} in the {@linkplain
 * Builder#workingDirectory working directory}, without input. Its environment is this process's
 * ({@linkplain Builder#inheritEnvironment or a part of it}) with the deployment's on top, and
 * {@code PORT}: the deployment's port, or with port 0 a free one for each instance. Explicit GPU
 * ids become {@code CUDA_VISIBLE_DEVICES}, {@code HIP_VISIBLE_DEVICES} and {@code
 * NVIDIA_VISIBLE_DEVICES}, and so does a number of GPUs where those of this machine are {@linkplain
 * Builder#gpus known}: each is given to one instance at a time. Image, snapshot, mounts and shared
 * memory are ignored, so that one specification can serve containers and local processes.
 *
 * <p>Release means the whole process tree. On Linux that includes processes that left their parent
 * and their session, as daemons do, unless they also cleared their environment, by a secret in
 * which they are recognised ({@code AUTODEPLOY_TREE}); elsewhere it is what descends from the
 * command. An instance ends with its command: what the command left running is asked to end then,
 * and ended by force after the deployment's release grace period.
 *
 * <p>If this process is killed, a watcher beside each instance notices within a second and waits 2
 * seconds for a process of the same owner that takes the instance over; after {@link #detach} it
 * waits {@linkplain Builder#detachTimeout 2 minutes}. Then it asks the instance to end, and ends it
 * by force 3 seconds later. An instance that ended meanwhile is listed with its exit code and the
 * time of its end until it is released. Processes are recognised by id and start time.
 *
 * <p>The output of an instance is kept in the {@linkplain Builder#directory directory} until it is
 * released, at most 10 MiB of it, for this user only; at most the last 1000 lines of 2000
 * characters can be read.
 */
public final class LocalProcessProvider implements InstanceProvider {
  private final LocalProcessManager processes;

  private LocalProcessProvider(ProcessSettings settings) {
    processes = new LocalProcessManager(settings);
  }

  /**
   * Returns a provider with default settings.
   *
   * @return the provider
   */
  public static LocalProcessProvider create() {
    return builder().build();
  }

  /**
   * Returns a builder for a provider.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public String name() {
    return "process";
  }

  @Override
  public void open(ProviderContext context) {
    processes.open(requireNonNull(context, "context"));
  }

  /** Refuses a deployment without a start command, or with a fixed port for several instances. */
  @Override
  public void validate(DeploymentSpec spec) {
    processes.validate(requireNonNull(spec, "spec"));
  }

  /** Returns the GPUs that were configured, or those that nvidia-smi has listed. */
  @Override
  public boolean sharesGpusOfSleepers() {
    return true;
  }

  @Override
  public ProviderCapacity capacity() {
    return processes.capacity();
  }

  /** Returns whether a GPU of an instance has gone from nvidia-smi's list. */
  @Override
  public CompletionStage<Optional<String>> check(ProviderInstance instance) {
    return CompletableFuture.completedFuture(processes.lost(requireNonNull(instance, "instance")));
  }

  /** Starts an instance; blocks for some milliseconds. */
  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    requireNonNull(request, "request");
    return stage(() -> processes.start(request));
  }

  /** Releases an instance; blocks until it is gone, up to the grace period and a little longer. */
  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    requireNonNull(instanceId, "instanceId");
    requireNonNull(grace, "grace");
    return stage(
        () -> {
          processes.release(instanceId, grace);
          return null;
        });
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    requireNonNull(owner, "owner");
    return stage(() -> processes.list(owner));
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    requireNonNull(instanceId, "instanceId");
    return stage(() -> processes.logs(instanceId, lines));
  }

  /**
   * Asks once whether an instance is ready. Where it can be told, the answer counts only if the
   * instance listens on its port itself; see {@link Builder#checkListener}.
   */
  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    return processes.isReady(requireNonNull(instance, "instance"), requireNonNull(probe, "probe"));
  }

  /**
   * Detaches an instance: it lives without an engine for {@linkplain Builder#detachTimeout some
   * time}.
   */
  @Override
  public CompletionStage<Void> detach(String instanceId) {
    requireNonNull(instanceId, "instanceId");
    return stage(
        () -> {
          processes.detach(instanceId);
          return null;
        });
  }

  /** Closes the provider. Instances that were neither released nor detached are ended by force. */
  @Override
  public void close() {
    processes.close();
  }

  private interface Action<T> {
    @Nullable T run() throws Exception;
  }

  @SuppressWarnings("NullAway") // a stage of Void has nothing but null
  private static <T> CompletionStage<T> stage(Action<T> action) {
    try {
      return CompletableFuture.completedFuture(action.run());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return CompletableFuture.failedFuture(e);
    } catch (Exception e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Collects the settings of a provider. Not thread-safe. Every setter checks its value. */
  public static final class Builder {
    private @Nullable Path directory = ProcessSettings.DEFAULT.directory();
    private Path workingDirectory = ProcessSettings.DEFAULT.workingDirectory();
    private Duration detachTimeout = ProcessSettings.DEFAULT.detachTimeout();
    private boolean checkListener = ProcessSettings.DEFAULT.checkListener();
    private boolean inheritEnvironment = ProcessSettings.DEFAULT.inheritEnvironment();
    private @Nullable String user = ProcessSettings.DEFAULT.user();

    private @Nullable List<ProviderCapacity.Gpu> gpus = ProcessSettings.DEFAULT.gpus();

    private Builder() {}

    /**
     * Names the GPUs of this machine that may be given to instances, as {@code
     * CUDA_VISIBLE_DEVICES} takes them; none for a machine without. Each is given to one instance
     * at a time. Default: those that {@code nvidia-smi} lists when the engine starts; where there
     * is no such program nothing is known, and all instances see all GPUs.
     *
     * @param ids such as {@code "0", "1"}
     * @return this
     */
    public Builder gpus(String... ids) {
      for (String id : ids) {
        if (id.isBlank() || id.contains(",")) {
          throw new IllegalArgumentException("'" + id + "' is not the id of a GPU");
        }
      }
      if (Stream.of(ids).distinct().count() != ids.length) {
        throw new IllegalArgumentException("the GPUs must be distinct, but were " + List.of(ids));
      }
      gpus = Stream.of(ids).map(ProviderCapacity.Gpu::named).toList();
      return this;
    }

    /**
     * Names one more GPU of this machine that may be given to instances, with the facts that else
     * {@code nvidia-smi} tells: prices go by its model, and {@link GpuRequest#memory} by its
     * memory.
     *
     * @param id its id, as {@code CUDA_VISIBLE_DEVICES} takes it
     * @param model its model, such as {@code NVIDIA L4}
     * @param memory its memory, such as {@code 24GiB}
     * @return this
     */
    public Builder gpu(String id, String model, String memory) {
      List<ProviderCapacity.Gpu> all = new ArrayList<>(gpus == null ? List.of() : gpus);
      if (id.isBlank() || id.contains(",") || all.stream().anyMatch(it -> it.id().equals(id))) {
        throw new IllegalArgumentException(
            "'" + id + "' is not the id of a GPU, or is named already");
      }
      all.add(ProviderCapacity.Gpu.of(id, model, memory));
      gpus = List.copyOf(all);
      return this;
    }

    /**
     * Sets where instances are registered and their output is kept. The next process finds them
     * there, so it must not be cleared in between, as temporary directories are, and it has to be
     * on this machine. Engines that do not share it do not see each other's instances, nor whether
     * they have one owner. It is made if needed, for this user only; one that exists has to be
     * empty or one of these, no link, and such that no other user can write or replace it. Default:
     * one below {@code .local/state/autodeploy} in the user's home directory.
     *
     * @param value a directory
     * @return this
     */
    public Builder directory(Path value) {
      directory = requireNonNull(value, "directory").toAbsolutePath();
      return this;
    }

    /**
     * Sets where start commands run. Default: this process's working directory.
     *
     * @param value a directory, which must exist when an instance starts
     * @return this
     */
    public Builder workingDirectory(Path value) {
      workingDirectory = requireNonNull(value, "workingDirectory").toAbsolutePath();
      return this;
    }

    /**
     * Sets how long an instance that was {@linkplain LocalProcessProvider#detach detached} waits
     * for the next process to take it over before it ends. Default: 2 minutes.
     *
     * @param value 1 second to 24 hours; a fraction of a second does not count
     * @return this
     */
    public Builder detachTimeout(Duration value) {
      detachTimeout =
          Arguments.inRange("detachTimeout", value, Duration.ofSeconds(1), Duration.ofHours(24));
      return this;
    }

    /**
     * Sets whether an instance is ready only if the processes that it started hold its port: on
     * Linux, where {@code /proc} tells; elsewhere nothing is checked. Otherwise another process
     * that happens to serve the port, or another user's that waits for it, would be taken for the
     * instance and get its requests. An unknown owner counts as a foreign one, but an instance that
     * nobody listens for is ready by a line of its log. Switch it off if the start command lets a
     * service that runs already, or a container, listen for it. Default: true.
     *
     * @param value whether to check
     * @return this
     */
    public Builder checkListener(boolean value) {
      checkListener = value;
      return this;
    }

    /**
     * Sets whether instances get the whole environment of this process, with the secrets in it.
     * Otherwise they get what programs need to run ({@code PATH}, {@code LD_LIBRARY_PATH}, {@code
     * HOME}, {@code USER}, {@code LOGNAME}, {@code SHELL}, {@code TMPDIR}, {@code TZ}, {@code
     * LANG}, {@code LANGUAGE} and {@code LC_*}) and what their deployment sets. Default: true.
     *
     * @param value whether they get all of it
     * @return this
     */
    public Builder inheritEnvironment(boolean value) {
      inheritEnvironment = value;
      return this;
    }

    /**
     * Sets as which user instances run, with that user's groups and home directory, and without
     * this process's capabilities. This process has to be root for it, on Linux, with {@code
     * setpriv}. Default: the user of this process.
     *
     * @param name the user's name, or number
     * @return this
     */
    public Builder user(String name) {
      if (!name.matches("[a-z_][a-z0-9_-]{0,31}|[0-9]{1,10}")) {
        throw new IllegalArgumentException("'" + name + "' is not the name of a user");
      }
      user = name;
      return this;
    }

    /**
     * Returns the provider.
     *
     * @return the provider
     * @throws IllegalArgumentException if a {@link #user} is set and this process may not become
     *     another one
     */
    public LocalProcessProvider build() {
      if (user != null && !ProcessSettings.canSwitchUsers()) {
        throw new IllegalArgumentException(
            "local processes cannot run as user '"
                + user
                + "': that needs Linux, root and the program setpriv (util-linux)");
      }
      return new LocalProcessProvider(
          new ProcessSettings(
              directory,
              workingDirectory,
              detachTimeout,
              checkListener,
              inheritEnvironment,
              user,
              gpus,
              ProcessSettings.DEFAULT.shell()));
    }
  }
}
