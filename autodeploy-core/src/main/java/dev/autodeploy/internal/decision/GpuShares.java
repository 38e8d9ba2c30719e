package dev.autodeploy.internal.decision;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.decision.RoomTable.Ease;
import dev.autodeploy.internal.decision.RoomTable.Holding;
import dev.autodeploy.spi.ProviderCapacity;
import java.util.ArrayList;
import java.util.List;

/**
 * The instances on one GPU, and who of them is in the way of one more. If that one wants the GPU as
 * a whole, they all are; else
 *
 * <ol>
 *   <li>whoever has the GPU as a whole;
 *   <li>whoever starts there, until it is ready: starts on a GPU run one after the other, since
 *       servers that measure the free memory while another one loads take the wrong amount;
 *   <li>as many of the others as have to go for the sum to fit, those first that go most easily.
 * </ol>
 */
final class GpuShares {
  private final RoomTable table;
  private final ProviderCapacity.Gpu gpu;
  private final List<Holding> others;
  private long left;

  GpuShares(RoomTable table, ProviderCapacity.Gpu gpu, List<Holding> others) {
    this.table = table;
    this.gpu = gpu;
    this.others = others;
  }

  /** Returns the memory that is left when those in the way have gone and the new one is there. */
  long left() {
    return left;
  }

  /** Returns who is in the way of an instance with this request. */
  List<Holding> inTheWay(GpuRequest request, long party, long startBy) {
    if (request.isWhole()) {
      left = 0;
      return others.size() < 2 ? others : go(ids(others), party, startBy, Long.MIN_VALUE);
    }
    List<Holding> inTheWay = new ArrayList<>();
    List<Holding> ready = new ArrayList<>();
    long taken = 0;
    for (Holding holding : others) {
      long held = RoomTable.held(holding, gpu.memoryBytes());
      taken += held;
      if (holding.ease() == Ease.STARTING) { // (2)
        inTheWay.add(holding);
      } else {
        ready.add(holding);
      }
    }
    inTheWay.addAll(
        go(ids(ready), party, startBy, gpu.memoryBytes() - taken - request.memoryBytes()));
    return inTheWay;
  }

  private static List<Long> ids(List<Holding> holdings) {
    return new ArrayList<>(holdings.stream().map(holding -> holding.room().id()).toList());
  }

  /** Returns who has to go for the memory that is left not to be negative (1, 3). */
  private List<Holding> go(List<Long> rooms, long party, long startBy, long leftNow) {
    List<Holding> go = new ArrayList<>();
    List<Holding> picked = new ArrayList<>();
    left = leftNow;
    while (left < 0 && !rooms.isEmpty()) {
      // Seen anew each time: of a deployment no more go than may.
      Holding next =
          table.holdings(party, startBy, room -> rooms.contains(room.id())).stream()
              .min(Holding.byEase())
              .orElseThrow();
      rooms.remove(next.room().id());
      go.add(next);
      left += RoomTable.held(next, gpu.memoryBytes());
      if (table.pick(next)) {
        picked.add(next);
      }
    }
    picked.forEach(table::drop);
    for (Holding holding : List.copyOf(go)) { // a small one need not go if a large one has to
      long held = RoomTable.held(holding, gpu.memoryBytes());
      if (left >= held) {
        go.remove(holding);
        left -= held;
      }
    }
    return go;
  }
}
