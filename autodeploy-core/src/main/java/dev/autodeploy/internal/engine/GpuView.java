package dev.autodeploy.internal.engine;

import static java.util.Comparator.comparingInt;

import dev.autodeploy.InstancePhase;
import dev.autodeploy.PlaceInLine;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.SharedGpus.Holder;
import dev.autodeploy.SharedGpus.Stay;
import dev.autodeploy.SharedGpus.Waiting;
import dev.autodeploy.internal.decision.HostShare;
import dev.autodeploy.internal.decision.Party.Occupant;
import dev.autodeploy.internal.decision.Room;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.spi.ProviderCapacity;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Puts together what is shown of the GPUs. */
final class GpuView {
  private final Map<Long, DeploymentController> controllers;
  private final Map<Long, Occupant> occupants = new HashMap<>();

  /**
   * Makes one.
   *
   * @param controllers the deployments that have room or wait for some, by their number
   */
  GpuView(Map<Long, DeploymentController> controllers) {
    this.controllers = controllers;
    controllers.values().stream()
        .flatMap(controller -> controller.rooms().occupants().stream())
        .forEach(occupant -> occupants.put(occupant.room(), occupant));
  }

  SharedGpus of(
      ProviderCapacity capacity,
      HostShare limit,
      Collection<Room> rooms,
      Function<String, List<Stay>> history) {
    Map<String, ProviderCapacity.Gpu> known = new LinkedHashMap<>();
    List<ProviderCapacity.Gpu> listed = capacity.gpus();
    if (listed != null) {
      listed.forEach(gpu -> known.put(gpu.id(), gpu));
    }
    rooms.stream()
        .flatMap(room -> room.gpus().stream())
        .forEach(id -> known.putIfAbsent(id, ProviderCapacity.Gpu.named(id)));
    List<SharedGpus.Gpu> gpus = new ArrayList<>();
    for (ProviderCapacity.Gpu gpu : known.values()) {
      List<Stay> stays = history.apply(gpu.id());
      List<Holder> holders =
          rooms.stream().filter(room -> room.gpus().contains(gpu.id())).map(this::holder).toList();
      gpus.add(
          new SharedGpus.Gpu(
              gpu.id(), gpu.model(), gpu.memoryBytes(), holders, stays, GpuHistory.swaps(stays)));
    }
    return new SharedGpus(gpus, waiting(), limit.isLimited() ? host(limit, rooms) : null);
  }

  private static SharedGpus.Host host(HostShare limit, Collection<Room> rooms) {
    return new SharedGpus.Host(
        rooms.size(),
        limit.maxInstances(),
        rooms.stream().mapToLong(Room::hostBytes).sum(),
        limit.hostMemoryBytes());
  }

  private Holder holder(Room room) {
    DeploymentController controller = controllers.get(room.party());
    String deployment = controller == null ? "" : controller.name();
    Occupant occupant = occupants.get(room.id());
    long memory = room.asleep() ? room.keptBytes() : room.request().memoryBytes();
    return occupant == null
        ? new Holder(deployment, "", InstancePhase.STARTING, 0, memory)
        : new Holder(
            deployment, occupant.instanceId(), occupant.phase(), occupant.inFlight(), memory);
  }

  private List<Waiting> waiting() {
    List<Waiting> waiting = new ArrayList<>();
    for (DeploymentController controller : controllers.values()) {
      PlaceInLine place = controller.deployment().status().waitsFor();
      if (place != null) {
        waiting.add(new Waiting(controller.name(), place));
      }
    }
    waiting.sort(
        comparingInt((Waiting it) -> it.place().place()).thenComparing(Waiting::deployment));
    return waiting;
  }
}
