package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Collection;
import java.util.List;

/**
 * The pods that a ReplicaSet takes when it gets fewer replicas, as far as that is laid down: first
 * those without a node, then those that are pending, then those that are not ready; among equals
 * those of a lower deletion cost, which we can set with the right to patch pods. What comes after
 * that is not to be relied on.
 */
final class ScaleDown {
  private ScaleDown() {}

  /**
   * Returns the pods that would go although they have to stay; empty if the others go.
   *
   * @param staying the pods that have to stay
   * @param going the others
   * @param chosen whether the others have a lower deletion cost
   */
  static List<Pod> endangered(Collection<Pod> staying, Collection<Pod> going, boolean chosen) {
    int best = going.stream().mapToInt(ScaleDown::rank).max().orElse(-1);
    return staying.stream().filter(pod -> chosen ? rank(pod) < best : rank(pod) <= best).toList();
  }

  /** The lower, the sooner it goes. */
  private static int rank(Pod pod) {
    PodState state = new PodState(pod);
    if (state.node().isEmpty()) {
      return 0;
    }
    return switch (state.phase()) {
      case "", "Pending" -> 1;
      case "Unknown" -> 2;
      default -> state.isReady() ? 4 : 3;
    };
  }
}
