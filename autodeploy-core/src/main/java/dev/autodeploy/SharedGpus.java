package dev.autodeploy;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs and the other limits that deployments of an engine share, at a moment. Immutable.
 *
 * @param gpus each that the provider knows, or that an instance has; in the provider's order
 * @param waiting the deployments in line for room, first come first
 * @param host what all instances have together; null if the engine sets no limit to that
 */
public record SharedGpus(List<Gpu> gpus, List<Waiting> waiting, @Nullable Host host) {

  /**
   * The number of all instances together, and their memory.
   *
   * @param instances how many there are, those that are starting, asleep or being released included
   * @param maxInstances how many there may be, or 0 for any number
   * @param memoryBytes how much memory they may use, by the limits of their deployments
   * @param hostMemoryBytes how much of it there is for all, or 0 for any amount
   */
  public record Host(int instances, int maxInstances, long memoryBytes, long hostMemoryBytes) {}

  /**
   * A GPU.
   *
   * @param id its id
   * @param model its model, or an empty text
   * @param memoryBytes its memory, or 0 if that is not known
   * @param holders the instances that have it now
   * @param stays who had it in the last day as far as this engine saw, oldest first, at most 200
   * @param swaps how many of them followed a stay of another deployment
   */
  public record Gpu(
      String id,
      String model,
      long memoryBytes,
      List<Holder> holders,
      List<Stay> stays,
      int swaps) {

    /**
     * Copies the values.
     *
     * @param id its id
     * @param model its model, or an empty text
     * @param memoryBytes its memory, or 0 if that is not known
     * @param holders the instances that have it now
     * @param stays who had it in the last day as far as this engine saw, oldest first
     * @param swaps how many of them followed a stay of another deployment
     */
    public Gpu {
      holders = List.copyOf(holders);
      stays = List.copyOf(stays);
    }
  }

  /**
   * An instance that has a GPU.
   *
   * @param deployment its deployment
   * @param instanceId its id, or an empty text while it is not made yet
   * @param phase its phase
   * @param inFlight how many leases of it are open
   * @param memoryBytes how much of the GPU's memory it holds, or 0 if it has the GPU as a whole
   */
  public record Holder(
      String deployment, String instanceId, InstancePhase phase, int inFlight, long memoryBytes) {}

  /**
   * A time for which a deployment had a GPU.
   *
   * @param deployment the deployment
   * @param from since when
   * @param to until when, or null if it still has it
   */
  public record Stay(String deployment, Instant from, @Nullable Instant to) {}

  /**
   * A deployment in line.
   *
   * @param deployment the deployment
   * @param place for what it waits, and who has that
   */
  public record Waiting(String deployment, PlaceInLine place) {}

  /**
   * Copies the values.
   *
   * @param gpus each that the provider knows, or that an instance has
   * @param waiting the deployments in line for room, first come first
   * @param host what all instances have together; null if the engine sets no limit to that
   */
  public SharedGpus {
    gpus = List.copyOf(gpus);
    waiting = List.copyOf(waiting);
  }
}
