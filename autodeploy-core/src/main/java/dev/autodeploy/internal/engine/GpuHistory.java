package dev.autodeploy.internal.engine;

import dev.autodeploy.SharedGpus.Stay;
import dev.autodeploy.internal.decision.Room;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** The holders of each GPU in the last day, within bounds. Not thread-safe. */
final class GpuHistory {
  private static final Duration KEPT = Duration.ofDays(1);
  private static final int MOST = 200;

  /** One room on one GPU. */
  private static final class Open {
    final long room;
    final String deployment;
    final Instant from;
    @Nullable Instant to;

    Open(long room, String deployment, Instant from) {
      this.room = room;
      this.deployment = deployment;
      this.from = from;
    }
  }

  private final Map<String, Deque<Open>> stays = new HashMap<>();

  /**
   * Notes who has what now.
   *
   * @param rooms the rooms that are taken
   * @param names the deployment of a number
   */
  void see(Instant now, Collection<Room> rooms, LongFunction<String> names) {
    for (Map.Entry<String, Deque<Open>> entry : stays.entrySet()) {
      for (Open open : entry.getValue()) {
        if (open.to == null && rooms.stream().noneMatch(room -> has(room, open, entry.getKey()))) {
          open.to = now;
        }
      }
    }
    for (Room room : rooms) {
      for (String gpu : room.gpus()) {
        Deque<Open> all = stays.computeIfAbsent(gpu, id -> new ArrayDeque<>());
        if (all.stream().noneMatch(open -> open.to == null && has(room, open, gpu))) {
          all.add(new Open(room.id(), names.apply(room.party()), now));
        }
      }
    }
    stays.values().forEach(all -> prune(now, all));
  }

  private static boolean has(Room room, Open open, String gpu) {
    return room.id() == open.room && room.gpus().contains(gpu);
  }

  private static void prune(Instant now, Deque<Open> all) {
    Instant oldest = now.minus(KEPT);
    for (Iterator<Open> it = all.iterator(); it.hasNext(); ) {
      Open open = it.next();
      Instant to = open.to;
      if (to != null && (to.isBefore(oldest) || all.size() > MOST)) {
        it.remove();
      }
    }
  }

  /** Returns the GPUs that somebody had. */
  Set<String> gpus() {
    return stays.keySet();
  }

  /** Returns the stays on a GPU, oldest first. */
  List<Stay> of(String gpu) {
    return stays.getOrDefault(gpu, new ArrayDeque<>()).stream()
        .map(open -> new Stay(open.deployment, open.from, open.to))
        .toList();
  }

  /** Returns how many of these followed one of another deployment. */
  static int swaps(List<Stay> stays) {
    int swaps = 0;
    for (int i = 1; i < stays.size(); i++) {
      if (!stays.get(i).deployment().equals(stays.get(i - 1).deployment())) {
        swaps++;
      }
    }
    return swaps;
  }
}
