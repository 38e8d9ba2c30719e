package dev.autodeploy.console;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentStatus;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The deployments that have to be looked at: those of which an event told, those that have
 * something going on, whose counts change without events, and in turns a few of the others. So a
 * look costs as much among a hundred thousand deployments on standby as among a few. {@link #told}
 * is thread-safe; the others are called under one lock.
 */
final class Attention {
  /** The number of other deployments that are looked at in one turn. */
  static final int TURN = 200;

  private final AutoDeploy autoDeploy;
  private final Set<String> told = ConcurrentHashMap.newKeySet();
  private final Set<String> busy = new HashSet<>();
  private int next;

  /**
   * The deployments of one look.
   *
   * @param expected those that may have changed
   * @param inTurn others
   * @param gone the names of those that an event told of and that are no longer there
   */
  record Look(List<Deployment> expected, List<Deployment> inTurn, Set<String> gone) {}

  Attention(AutoDeploy autoDeploy) {
    this.autoDeploy = autoDeploy;
  }

  /** An event of a deployment has come. */
  void told(String deployment) {
    told.add(deployment);
  }

  /** Returns those to look at now. */
  Look look(boolean withTurn) {
    Set<String> names = new HashSet<>(busy);
    for (String name : List.copyOf(told)) {
      told.remove(name); // before it is looked at, or what comes meanwhile would be missed
      names.add(name);
    }
    Map<String, Deployment> expected = new LinkedHashMap<>();
    Set<String> gone = new HashSet<>();
    for (String name : names) {
      autoDeploy
          .find(name)
          .ifPresentOrElse(found -> expected.put(name, found), () -> gone.add(name));
    }
    busy.removeAll(gone);
    return new Look(
        List.copyOf(expected.values()), withTurn ? turn(expected.keySet()) : List.of(), gone);
  }

  private List<Deployment> turn(Set<String> but) {
    List<Deployment> all = autoDeploy.deployments();
    List<Deployment> turn = new ArrayList<>();
    for (int i = Math.min(TURN, all.size()); i > 0; i--) {
      next = next < all.size() ? next : 0;
      Deployment deployment = all.get(next++);
      if (!but.contains(deployment.name())) {
        turn.add(deployment);
      }
    }
    return turn;
  }

  /** Notes how a deployment is, which decides whether the next look is at it again. */
  void seen(String deployment, DeploymentStatus status) {
    if (status.instances().isEmpty() && status.pending() == 0 && status.backoffUntil() == null) {
      busy.remove(deployment);
    } else {
      busy.add(deployment);
    }
  }
}
