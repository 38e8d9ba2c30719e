package dev.autodeploy.testing.world;

import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.StartRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The check that no more is on a GPU than fits. */
public final class GpuUse {
  private GpuUse() {}

  /**
   * Returns those that have a GPU of a request on which it does not fit as well.
   *
   * @param others the instances that exist
   * @return their ids; empty if it fits
   */
  public static List<String> inTheWay(
      StartRequest request, Collection<SimulatedMachine> others, ProviderCapacity capacity) {
    List<String> inTheWay = new ArrayList<>();
    for (String gpu : request.gpus()) {
      long needed = request.spec().gpu().memoryBytes();
      boolean whole = needed == 0;
      List<String> there = new ArrayList<>();
      for (SimulatedMachine other : others) {
        if (other.request.gpus().contains(gpu)) {
          there.add(other.request.instanceId());
          needed += other.request.spec().gpu().memoryBytes();
          whole |= other.request.spec().gpu().isWhole();
        }
      }
      if (!there.isEmpty() && (whole || needed > memory(gpu, capacity))) {
        inTheWay.addAll(there);
      }
    }
    return inTheWay;
  }

  private static long memory(String id, ProviderCapacity capacity) {
    List<ProviderCapacity.Gpu> gpus = capacity.gpus();
    return gpus == null
        ? 0
        : gpus.stream()
            .filter(gpu -> gpu.isKnownBy(id))
            .mapToLong(ProviderCapacity.Gpu::memoryBytes)
            .sum();
  }
}
