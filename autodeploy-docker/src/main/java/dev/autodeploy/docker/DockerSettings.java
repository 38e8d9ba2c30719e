package dev.autodeploy.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a provider.
 *
 * @param callTimeout how long one call of the engine may take
 * @param pullPolicy when images are pulled
 * @param pullStallTimeout how long a pull may make no progress
 * @param registryCredentials user and password by registry
 * @param publishAddress the engine's host's address at which ports are published, or null
 * @param heartbeatTimeout how long a container runs without a heartbeat; zero for ever
 * @param init whether an init process is put into containers
 * @param gpus the GPUs of the engine's host, or empty to find out
 * @param gpuAccess how containers get GPUs
 * @param gpuSharedMemory the shared memory of containers with GPUs, in bytes
 * @param hostIpc whether containers share the host's memory segments
 * @param ulimits limits of containers
 * @param network the network of containers, or null
 * @param customizer the last word on how containers are made, or null
 */
record DockerSettings(
    Duration callTimeout,
    PullPolicy pullPolicy,
    Duration pullStallTimeout,
    Map<String, Credentials> registryCredentials,
    @Nullable String publishAddress,
    Duration heartbeatTimeout,
    boolean init,
    List<String> gpus,
    GpuAccess gpuAccess,
    long gpuSharedMemory,
    boolean hostIpc,
    List<Limit> ulimits,
    @Nullable String network,
    @Nullable UnaryOperator<CreateContainerCmd> customizer) {

  /**
   * What a registry is shown.
   *
   * @param user the user
   * @param password the password, which is never shown anywhere else
   */
  record Credentials(String user, String password) {
    @Override
    public String toString() {
      return user + ":***";
    }
  }

  /**
   * A limit of a container.
   *
   * @param name such as {@code memlock}
   * @param soft the limit in force
   * @param hard what it can be raised to
   */
  record Limit(String name, long soft, long hard) {}

  DockerSettings {
    registryCredentials = Map.copyOf(registryCredentials);
    gpus = List.copyOf(gpus);
    ulimits = List.copyOf(ulimits);
  }

  boolean withHeartbeats() {
    return !heartbeatTimeout.isZero();
  }
}
