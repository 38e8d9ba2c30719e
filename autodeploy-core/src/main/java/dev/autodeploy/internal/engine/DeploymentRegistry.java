package dev.autodeploy.internal.engine;

import static java.util.Comparator.comparingLong;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.deployment.BusyDeployments;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.StartProgress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The deployments of one engine: those that the host has declared, which are stored, and those of
 * which only instances are left. Reads need no lock, since every request reads here; writes hold
 * the engine's lock.
 */
final class DeploymentRegistry implements BusyDeployments {
  private static final Comparator<DeploymentController> BY_NUMBER =
      comparingLong(DeploymentController::number);

  /** The number of names in the message that there is no deployment of a name. */
  private static final int NAMES_SHOWN = 20;

  private final Map<String, DeploymentController> declared = new ConcurrentHashMap<>();

  /** The same in the order in which they were made; guarded by itself. */
  private final List<DeploymentController> inOrder = new ArrayList<>();

  /** A copy of {@link #inOrder}, or null since that has changed. */
  private volatile @Nullable List<DeploymentController> listed;

  /** The same as their users see them, or null since they have changed. */
  private volatile @Nullable List<Deployment> deployments;

  /** The deployments that need maintenance, such as those with an instance. */
  private final Set<DeploymentController> busy = new ConcurrentSkipListSet<>(BY_NUMBER);

  /** The deployments that are not declared, and of which instances are left. */
  private final Map<String, DeploymentController> undeclared = new ConcurrentHashMap<>();

  // Finding.

  @Nullable DeploymentController find(String name) {
    return declared.get(name);
  }

  /** Returns a deployment that is declared, or says which are. */
  DeploymentController existing(String name) {
    DeploymentController controller = find(name);
    if (controller == null) {
      throw new AutoDeployException(
          ErrorCode.DEPLOYMENT_NOT_FOUND,
          name,
          "there is no deployment '" + name + "'; there are " + names());
    }
    return controller;
  }

  @Nullable DeploymentController undeclared(String name) {
    return undeclared.get(name);
  }

  private String names() {
    List<DeploymentController> all = declared();
    String shown =
        all.stream()
            .limit(NAMES_SHOWN)
            .map(DeploymentController::name)
            .collect(Collectors.joining(", "));
    int more = all.size() - NAMES_SHOWN;
    return "[" + shown + (more > 0 ? ", and " + more + " more" : "") + "]";
  }

  /** Returns all that are declared, in the order in which they were made. */
  List<DeploymentController> declared() {
    List<DeploymentController> all = listed;
    if (all == null) {
      synchronized (inOrder) {
        all = List.copyOf(inOrder);
        listed = all;
      }
    }
    return all;
  }

  /** Returns all that are declared, as their users see them. */
  List<Deployment> deployments() {
    List<Deployment> all = deployments;
    if (all == null) {
      synchronized (inOrder) {
        all = inOrder.stream().map(DeploymentController::deployment).toList();
        deployments = all;
      }
    }
    return all;
  }

  /** Returns the deployments that need maintenance, in order. */
  List<DeploymentController> busy() {
    return List.copyOf(busy);
  }

  /** Returns those that are not declared as well. */
  List<DeploymentController> all() {
    // In this order: one that is being declared is in the second before it leaves the first.
    Set<DeploymentController> all = new LinkedHashSet<>(undeclared.values());
    all.addAll(declared());
    return List.copyOf(all);
  }

  /** Returns the declared deployment of a name and the one that is not, as far as there are any. */
  List<DeploymentController> named(String name) {
    return Stream.of(declared.get(name), undeclared.get(name)).filter(Objects::nonNull).toList();
  }

  /** Returns the deployment that has an instance, or null. */
  @Nullable DeploymentController holder(String instanceId) {
    for (DeploymentController controller : busy) {
      if (controller.holds(instanceId)) {
        return controller;
      }
    }
    return null;
  }

  /** An instance has ended by itself. One that no deployment has is left alone. */
  void exited(String instanceId, InstanceExit exit) {
    DeploymentController holder = holder(instanceId);
    if (holder != null) {
      holder.exited(instanceId, exit);
    }
  }

  /** A start makes progress. */
  void progress(String instanceId, StartProgress progress) {
    DeploymentController holder = holder(instanceId);
    if (holder != null) {
      holder.progress(instanceId, progress);
    }
  }

  // Changing.

  /** Adds one that is declared. */
  void add(DeploymentController controller) {
    synchronized (inOrder) {
      DeploymentController before = declared.put(controller.name(), controller);
      if (before != null) {
        dropFromOrder(before);
      }
      inOrder.add(-1 - Collections.binarySearch(inOrder, controller, BY_NUMBER), controller);
      listed = null;
      deployments = null;
    }
    undeclared.remove(controller.name());
  }

  /** Removes one that was declared; returns whether it was still there. */
  boolean remove(DeploymentController controller) {
    synchronized (inOrder) {
      boolean removed = declared.remove(controller.name(), controller);
      if (removed) {
        dropFromOrder(controller);
        listed = null;
        deployments = null;
      }
      return removed;
    }
  }

  private void dropFromOrder(DeploymentController controller) {
    inOrder.remove(Collections.binarySearch(inOrder, controller, BY_NUMBER));
  }

  @Override
  public void busy(DeploymentController controller, boolean isBusy) {
    if (isBusy) {
      busy.add(controller);
    } else {
      busy.remove(controller);
    }
  }

  void addUndeclared(DeploymentController controller) {
    undeclared.put(controller.name(), controller);
  }

  /** May be called without the lock. */
  void removeUndeclared(DeploymentController controller) {
    undeclared.remove(controller.name(), controller);
  }
}
