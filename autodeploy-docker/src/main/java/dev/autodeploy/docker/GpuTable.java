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
   * @param words who that is, for people
   */
  record Share(String instanceId, long memory, String words) {}

  private final Map<String, List<Share>> shares = new LinkedHashMap<>();

  /** Adds an instance of this owner. */
  void add(String instanceId, Collection<String> ids, long memory) {
    add(ids, new Share(instanceId, memory, "instance '" + instanceId + "'"));
  }

  /** Adds what a container holds; one of another owner is called by its name. */
  void add(Labels container, long memory, String owner) {
    if (container.owner().equals(owner)) {
      add(container.instanceId(), container.gpus(), memory);
      return;
    }
    String words =
        "container '"
            + container.name()
            + "', which is not ours: instance '"
            + container.instanceId()
            + "' of owner '"
            + container.owner()
            + "'";
    add(container.gpus(), new Share(container.instanceId(), memory, words));
  }

  private void add(Collection<String> ids, Share share) {
    for (String id : ids) {
      List<Share> all = shares.computeIfAbsent(id, key -> new ArrayList<>());
      if (all.stream().noneMatch(other -> other.instanceId().equals(share.instanceId()))) {
        all.add(share);
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
            all.forEach(share -> words.add("GPU '" + id + "' is held by " + share.words())));
    return String.join(", ", words);
  }
}
