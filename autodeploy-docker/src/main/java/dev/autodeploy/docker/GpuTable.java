package dev.autodeploy.docker;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The instances that hold the GPUs of the daemon's host, at a moment. */
final class GpuTable {

  /**
   * A part of a GPU, or all of it.
   *
   * @param instanceId who has it
   * @param memory how much memory; 0 for the whole GPU
   */
  record Share(String instanceId, long memory) {}

  private final Map<String, List<Share>> shares = new LinkedHashMap<>();

  void add(String instanceId, Collection<String> ids, long memory) {
    for (String id : ids) {
      List<Share> all = shares.computeIfAbsent(id, key -> new ArrayList<>());
      if (all.stream().noneMatch(share -> share.instanceId().equals(instanceId))) {
        all.add(new Share(instanceId, memory));
      }
    }
  }

  /** Returns whether so much memory of a GPU is free; 0 for the whole GPU. */
  boolean isFree(Gpu gpu, long memory) {
    return isFree(gpu.id(), gpu.memoryBytes(), memory);
  }

  /** Returns whether a GPU of which only the id is known is free. */
  boolean isFree(String id) {
    return isFree(id, 0, 0);
  }

  private boolean isFree(String id, long of, long memory) {
    List<Share> all = new ArrayList<>(shares.getOrDefault(id, List.of()));
    all.addAll(shares.getOrDefault(GpuGrant.ALL, List.of()));
    if (id.equals(GpuGrant.ALL)) {
      shares.values().forEach(all::addAll);
    }
    return all.isEmpty() || fits(of, memory, all.stream().map(Share::memory).toList());
  }

  /** Returns whether one more share fits on a GPU of so much memory, 0 if that is not known. */
  static boolean fits(long of, long memory, List<Long> others) {
    return of > 0
        && memory > 0
        && others.stream().allMatch(other -> other > 0)
        && others.stream().mapToLong(Long::longValue).sum() + memory <= of;
  }

  /** Returns the first holder of each GPU. */
  Map<String, String> holders() {
    Map<String, String> holders = new LinkedHashMap<>();
    shares.forEach((id, all) -> holders.put(id, all.get(0).instanceId()));
    return holders;
  }

  /** Returns who holds what, in words. */
  String describe() {
    List<String> words = new ArrayList<>();
    shares.forEach(
        (id, all) ->
            all.forEach(
                share ->
                    words.add(
                        "GPU '" + id + "' is held by instance '" + share.instanceId() + "'")));
    return String.join(", ", words);
  }
}
