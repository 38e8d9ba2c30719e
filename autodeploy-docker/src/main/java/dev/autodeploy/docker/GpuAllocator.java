package dev.autodeploy.docker;

import com.github.dockerjava.api.model.Container;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.text.ByteSize;
import dev.autodeploy.spi.InstanceStartException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives GPUs to instances. The daemon itself would give the first ones to everybody. The table of
 * who holds what is on the containers themselves, so it is the same for all processes and survives
 * each of them; only what is between the decision and the container is kept here.
 */
final class GpuAllocator {
  private static final Duration RIVAL_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration FORGOTTEN = Duration.ofMinutes(2);

  private final DaemonClient client;
  private final GpuInventory inventory;
  private final Duration clockSkew;
  private final ReentrantLock lock = new ReentrantLock();

  /**
   * The instances of this process that sleep and have left their GPUs to others, and how much
   * memory each keeps there.
   */
  private final Map<String, Long> asleep = new ConcurrentHashMap<>();

  private final Map<String, GpuGrant> reserved = new HashMap<>();

  GpuAllocator(DaemonClient client, GpuInventory inventory, Duration clockSkew) {
    this.client = client;
    this.inventory = inventory;
    this.clockSkew = clockSkew;
  }

  /**
   * Chooses GPUs that nobody holds and keeps them for the instance until {@link #free}.
   *
   * @param owner whose instance it is
   * @param find finds out what the host has; asked only if that matters
   */
  GpuGrant reserve(
      String owner, String instanceId, GpuRequest request, Supplier<@Nullable List<Gpu>> find)
      throws InterruptedException {
    if (request.isNone()) {
      return GpuGrant.none();
    }
    GpuAccess access = inventory.access();
    List<Gpu> gpus = access == GpuAccess.AMD_DEVICES ? null : find.get();
    long deadline = System.nanoTime() + RIVAL_TIMEOUT.toNanos();
    while (true) {
      try {
        return reserveNow(access, owner, instanceId, request, gpus);
      } catch (InstanceStartException e) {
        boolean soon = holding().stream().anyMatch(GpuAllocator::isGoing);
        if (!soon || System.nanoTime() > deadline) {
          throw e;
        }
        Thread.sleep(50);
      }
    }
  }

  private GpuGrant reserveNow(
      GpuAccess access,
      String owner,
      String instanceId,
      GpuRequest request,
      @Nullable List<Gpu> gpus) {
    lock.lock();
    try {
      reserved.remove(instanceId); // what an earlier attempt kept must not be in its own way
      GpuTable holders = table(owner);
      GpuGrant grant =
          gpus == null
              ? unlisted(access, request, holders)
              : chosen(access, request, gpus, holders);
      reserved.put(instanceId, grant);
      return grant;
    } finally {
      lock.unlock();
    }
  }

  /** Frees the GPUs reserved for the start; from now on only the container's label counts. */
  void free(String instanceId) {
    lock.lock();
    try {
      reserved.remove(instanceId);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns whether another process took one of the GPUs at the same moment and is to have it.
   *
   * <p>Each asks after its container has been made, so at least one sees the other. Who sees a
   * container that has been started gives way. Of two that have not, the one that is earlier in an
   * order that both agree on stays, and the other gives way; but the other may have asked too early
   * to see the first, so the first waits until the other is gone, or has been started after all.
   */
  boolean wasTakenBefore(GpuGrant grant, String containerId) throws InterruptedException {
    long deadline = System.nanoTime() + RIVAL_TIMEOUT.toNanos();
    while (true) {
      List<Container> all = holding();
      Container own =
          all.stream().filter(c -> c.getId().equals(containerId)).findFirst().orElse(null);
      if (own == null) {
        return true;
      }
      List<Container> rivals =
          all.stream()
              .filter(c -> !c.getId().equals(containerId) && holdsAny(c, grant.held()))
              .toList();
      if (grant.held().stream().allMatch(id -> fits(id, grant, rivals))) {
        return false;
      }
      if (rivals.stream().anyMatch(c -> isUp(c) || (isCreated(c) && isBefore(c, own)))
          || System.nanoTime() > deadline) {
        return true;
      }
      Thread.sleep(20);
    }
  }

  /** The holders of GPUs: id to instance. */
  Map<String, String> holders() {
    return table("").holders();
  }

  private GpuTable table(String owner) {
    GpuTable table = new GpuTable();
    for (Container container : holding()) {
      Labels labels = Labels.of(container);
      if (labels != null) {
        table.add(labels, memory(labels), owner);
      }
    }
    lock.lock();
    try {
      reserved.forEach((instance, grant) -> table.add(instance, grant.held(), grant.memory()));
    } finally {
      lock.unlock();
    }
    return table;
  }

  /**
   * The containers that hold GPUs, or will when they are started. A dead one holds none, nor does
   * one that was made and then forgotten by a process that ended.
   */
  private List<Container> holding() {
    long forgotten = Instant.now().plus(clockSkew).minus(FORGOTTEN).getEpochSecond();
    return client.list(Map.of(Labels.MANAGED, "true")).stream()
        .filter(c -> !"exited".equals(c.getState()) && !"dead".equals(c.getState()))
        .filter(c -> !isCreated(c) || c.getCreated() > forgotten)
        .filter(c -> !keepsNothing(c))
        .toList();
  }

  private boolean keepsNothing(Container container) {
    Labels labels = asleep.isEmpty() ? null : Labels.of(container);
    return labels != null && asleep.getOrDefault(labels.instanceId(), -1L) == 0;
  }

  /** Returns the memory that an instance holds on each of its GPUs; 0 for all of it. */
  private long memory(Labels labels) {
    return asleep.getOrDefault(labels.instanceId(), labels.gpuMemory());
  }

  /** Notes that an instance sleeps: others may have the GPUs of its container but for a part. */
  void sleeps(String instanceId, long keptBytes) {
    asleep.put(instanceId, keptBytes);
  }

  void wakes(String instanceId) {
    asleep.remove(instanceId);
  }

  /** Neither just made nor on its way out. */
  private static boolean isUp(Container container) {
    return !isCreated(container) && !isGoing(container);
  }

  private static boolean isGoing(Container container) {
    return "removing".equals(container.getState());
  }

  private static boolean isCreated(Container container) {
    return "created".equals(container.getState());
  }

  private static boolean holdsAny(Container container, List<String> ids) {
    Labels labels = Labels.of(container);
    return labels != null && ids.stream().anyMatch(id -> isIn(id, labels.gpus()));
  }

  private boolean fits(String id, GpuGrant grant, List<Container> rivals) {
    List<Long> others = new ArrayList<>();
    for (Container rival : rivals) {
      Labels labels = Labels.of(rival);
      if (labels != null && isIn(id, labels.gpus())) {
        others.add(memory(labels));
      }
    }
    return others.isEmpty() || GpuTable.fits(memoryOf(id), grant.memory(), others);
  }

  private long memoryOf(String id) {
    List<Gpu> known = inventory.known();
    return known == null
        ? 0
        : known.stream().filter(gpu -> gpu.isKnownBy(id)).mapToLong(Gpu::memoryBytes).sum();
  }

  private static boolean isBefore(Container a, Container b) {
    int byTime = Long.compare(a.getCreated(), b.getCreated());
    return byTime != 0 ? byTime < 0 : a.getId().compareTo(b.getId()) < 0;
  }

  private static boolean isIn(String id, List<String> ids) {
    return ids.contains(id)
        || ids.contains(GpuGrant.ALL)
        || (id.equals(GpuGrant.ALL) && !ids.isEmpty());
  }

  private static GpuGrant chosen(
      GpuAccess access, GpuRequest request, List<Gpu> gpus, GpuTable holders) {
    List<Gpu> fitting =
        gpus.stream()
            .filter(gpu -> request.model() == null || gpu.model().equalsIgnoreCase(request.model()))
            .filter(gpu -> request.isWhole() || gpu.memoryBytes() >= request.memoryBytes())
            .toList();
    if (request.ids().isEmpty()) {
      List<Gpu> free =
          fitting.stream().filter(gpu -> holders.isFree(gpu, request.memoryBytes())).toList();
      int wanted = request.count() == GpuRequest.ALL ? fitting.size() : request.count();
      if (fitting.size() < wanted || fitting.isEmpty()) {
        throw new InstanceStartException(
            "the Docker host has only "
                + fitting.size()
                + (request.model() == null ? " GPUs" : " GPUs of model '" + request.model() + "'")
                + (request.isWhole()
                    ? ""
                    : " with " + ByteSize.format(request.memoryBytes()) + " of memory")
                + ", but "
                + Math.max(1, wanted)
                + " are asked for: "
                + names(gpus));
      }
      if (free.size() < wanted) {
        throw noneFree(wanted, free.size(), holders);
      }
      List<String> ids = free.subList(0, wanted).stream().map(Gpu::id).toList();
      return new GpuGrant(access, ids, ids, request.memoryBytes());
    }
    List<String> asked = new ArrayList<>();
    List<String> held = new ArrayList<>();
    for (String id : request.ids()) {
      Gpu gpu =
          gpus.stream()
              .filter(g -> g.isKnownBy(id))
              .findFirst()
              .orElseThrow(
                  () ->
                      new InstanceStartException(
                          "the Docker host has no GPU '" + id + "'; it has: " + names(gpus)));
      if (!request.isWhole() && gpu.memoryBytes() < request.memoryBytes()) {
        throw new InstanceStartException(
            "GPU '"
                + id
                + "' has "
                + (gpu.memoryBytes() == 0
                    ? "memory of unknown size"
                    : ByteSize.format(gpu.memoryBytes()))
                + ", but "
                + ByteSize.format(request.memoryBytes())
                + " of it are asked for");
      }
      if (!holders.isFree(gpu, request.memoryBytes())) {
        throw noneFree(request.ids().size(), held.size(), holders);
      }
      asked.add(access == GpuAccess.CDI ? gpu.id() : id);
      held.add(gpu.id());
    }
    return new GpuGrant(access, asked, held, request.memoryBytes());
  }

  /** Without a list the ids that were asked for are taken at their word. */
  private static GpuGrant unlisted(GpuAccess access, GpuRequest request, GpuTable holders) {
    if (!request.ids().isEmpty() && access != GpuAccess.AMD_DEVICES) {
      if (!request.ids().stream().allMatch(holders::isFree)) {
        throw noneFree(request.ids().size(), 0, holders);
      }
      return new GpuGrant(access, request.ids(), request.ids());
    }
    boolean all = request.count() == GpuRequest.ALL && request.model() == null;
    if (!all) {
      throw new InstanceStartException(
          access == GpuAccess.AMD_DEVICES
              ? "AMD's device nodes give an instance all GPUs or none: ask for GpuRequest.all(), or"
                  + " use CDI"
              : "it cannot be told which GPUs the Docker host has, because the image has no"
                  + " nvidia-smi and nothing was discovered by CDI: name them with"
                  + " DockerInstanceProvider.builder().gpus(\"0\", \"1\"), or ask for GPUs by id");
    }
    if (!holders.isFree(GpuGrant.ALL)) {
      throw noneFree(1, 0, holders);
    }
    return new GpuGrant(access, List.of(), List.of(GpuGrant.ALL));
  }

  private static InstanceStartException noneFree(int wanted, int free, GpuTable holders) {
    return InstanceStartException.noRoom(
        "no GPU free: "
            + wanted
            + " wanted, "
            + free
            + " free; "
            + holders.describe()
            + "; release one of these, end what is not ours, or lower maxInstances");
  }

  private static String names(List<Gpu> gpus) {
    return gpus.isEmpty()
        ? "none"
        : String.join(", ", gpus.stream().map(g -> (g.id() + " " + g.model()).strip()).toList());
  }
}
