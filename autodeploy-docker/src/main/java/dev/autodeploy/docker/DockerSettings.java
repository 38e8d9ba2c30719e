package dev.autodeploy.docker;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a provider, by what they are about.
 *
 * @param callTimeout how long one call of the daemon may take, but for that which creates a
 *     container
 * @param publishAddress the address of the daemon's host at which ports are published, or null
 * @param pulling how images are pulled
 * @param gpus the GPUs of the daemon's host
 * @param containers how containers are made
 * @param rights the rights of containers
 */
record DockerSettings(
    Duration callTimeout,
    @Nullable String publishAddress,
    Pulling pulling,
    Gpus gpus,
    Containers containers,
    ContainerRights rights) {

  /**
   * The settings of pulling images.
   *
   * @param policy when they are pulled
   * @param timeout how long a pull may take
   * @param stallTimeout how long a pull may make no progress
   * @param credentials user and password by registry
   */
  record Pulling(
      PullPolicy policy,
      Duration timeout,
      Duration stallTimeout,
      Map<String, Credentials> credentials) {
    Pulling {
      credentials = Map.copyOf(credentials);
    }
  }

  /**
   * The credentials for a registry.
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
   * The GPUs of the daemon's host, and the memory of containers with GPUs.
   *
   * @param named the GPUs that may be given to instances, or empty to find out
   * @param access how containers get GPUs
   * @param sharedMemory the shared memory of containers with GPUs, in bytes
   * @param hostIpc whether containers share the host's memory segments
   */
  record Gpus(List<Gpu> named, GpuAccess access, long sharedMemory, boolean hostIpc) {
    Gpus {
      named = List.copyOf(named);
    }
  }

  /**
   * The settings of making containers.
   *
   * @param createTimeout how long it may take to make one
   * @param heartbeatTimeout how long a container runs without a heartbeat; zero for ever
   * @param init whether an init process is put into containers
   * @param ulimits limits of containers
   * @param network the network of containers, or null
   * @param instanceNetwork the name of the network that is made where none is set
   * @param user the user of containers, or null for the image's
   * @param dockerSocket whether a deployment may mount the daemon's own socket
   * @param keepResources whether what deployments need is held against being cleaned up
   * @param customizer the last word on how containers are made, or null
   */
  record Containers(
      Duration createTimeout,
      Duration heartbeatTimeout,
      boolean init,
      List<Limit> ulimits,
      @Nullable String network,
      String instanceNetwork,
      @Nullable String user,
      boolean dockerSocket,
      boolean keepResources,
      @Nullable ContainerCustomizer customizer) {
    Containers {
      ulimits = List.copyOf(ulimits);
    }

    boolean withHeartbeats() {
      return !heartbeatTimeout.isZero();
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
}
