package dev.autodeploy.spi;

import java.util.List;

/**
 * The images, snapshots and GPUs that a provider has to choose from. Immutable.
 *
 * @param images references of images that are at hand
 * @param snapshots the snapshots that were made
 * @param gpus the GPUs of the host
 */
public record ProviderCatalog(List<String> images, List<Snapshot> snapshots, List<Gpu> gpus) {

  /**
   * One GPU.
   *
   * @param id its id, as {@link dev.autodeploy.GpuRequest#ids} takes it
   * @param model its model, or an empty text
   * @param heldBy the instance that holds it, or an empty text
   */
  public record Gpu(String id, String model, String heldBy) {}

  /**
   * Checks the values.
   *
   * @param images references of images that are at hand
   * @param snapshots the snapshots that were made
   * @param gpus the GPUs of the host
   */
  public ProviderCatalog {
    images = List.copyOf(images);
    snapshots = List.copyOf(snapshots);
    gpus = List.copyOf(gpus);
  }

  /**
   * Returns the catalog without entries.
   *
   * @return empty lists
   */
  public static ProviderCatalog empty() {
    return new ProviderCatalog(List.of(), List.of(), List.of());
  }
}
