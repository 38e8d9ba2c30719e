package dev.autodeploy.internal.process;

import dev.autodeploy.spi.ProviderCapacity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a provider of local processes. Immutable.
 *
 * @param directory where instances are registered, or null for the default
 * @param workingDirectory where commands run
 * @param detachTimeout how long a detached instance waits for the next process
 * @param checkListener whether an instance is ready only if it listens itself
 * @param inheritEnvironment whether instances get this process's whole environment
 * @param user as whom commands run, or null for the user of this process
 * @param gpus the GPUs that instances may be given, or null to ask nvidia-smi
 * @param shell what runs the watchers
 */
public record ProcessSettings(
    @Nullable Path directory,
    Path workingDirectory,
    Duration detachTimeout,
    boolean checkListener,
    boolean inheritEnvironment,
    @Nullable String user,
    @Nullable List<ProviderCapacity.Gpu> gpus,
    List<String> shell) {

  /**
   * Returns whether this process can start others as another user.
   *
   * @return whether it is root and has the program for it
   */
  public static boolean canSwitchUsers() {
    return "root".equals(System.getProperty("user.name"))
        && Stream.of("/usr/bin/setpriv", "/bin/setpriv")
            .map(Path::of)
            .anyMatch(Files::isExecutable);
  }

  /** The settings unless something else is said. */
  public static final ProcessSettings DEFAULT =
      new ProcessSettings(
          null,
          Path.of("").toAbsolutePath(),
          Duration.ofMinutes(2),
          true,
          true,
          null,
          null,
          List.of("/bin/sh"));

  /**
   * Copies the values.
   *
   * @param directory where instances are registered, or null for the default
   * @param workingDirectory where commands run
   * @param detachTimeout how long a detached instance waits for the next process
   * @param checkListener whether an instance is ready only if it listens itself
   * @param inheritEnvironment whether instances get this process's whole environment
   * @param user as whom commands run, or null for the user of this process
   * @param gpus the GPUs that instances may be given, or null to ask nvidia-smi
   * @param shell what runs the watchers
   */
  public ProcessSettings {
    gpus = gpus == null ? null : List.copyOf(gpus);
    shell = List.copyOf(shell);
  }
}
