package dev.autodeploy.internal.decision;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.decision.RoomTable.Ease;
import dev.autodeploy.internal.decision.RoomTable.Holding;
import dev.autodeploy.spi.ProviderCapacity;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

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
      return others.size() < 2 ? others : go(others, party, startBy, Long.MIN_VALUE);
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
    inTheWay.addAll(go(ready, party, startBy, gpu.memoryBytes() - taken - request.memoryBytes()));
    return inTheWay;
  }

  /** Returns who has to go for the memory that is left not to be negative (1, 3). */
  private List<Holding> go(List<Holding> of, long party, long startBy, long leftNow) {
    Set<Long> rooms = of.stream().map(holding -> holding.room().id()).collect(Collectors.toSet());
    List<Holding> go =
        table.clear(rooms, party, startBy, Holding.byEase(), some -> leftNow + held(some) >= 0);
    left = leftNow + held(go);
    return go;
  }

  private long held(List<Holding> holdings) {
    return holdings.stream().mapToLong(holding -> RoomTable.held(holding, gpu.memoryBytes())).sum();
  }
}
