package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes containers. One that has ended for good but cannot be deleted, as something on the
 * daemon's host keeps its files, holds nothing but disk space: it loses its name, so that its slot
 * can be used again, and is deleted when that is possible.
 */
final class ContainerRemover {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerRemover.class);
  private static final String RENAMED_PREFIX = "autodeploy-dead-";
  private static final int ID_LENGTH = 12;
  private static final int REMOVAL_LOOKS = 20;
  private static final long REMOVAL_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final DaemonClient client;

  ContainerRemover(DaemonClient client) {
    this.client = client;
  }

  /**
   * Removes a container by force; succeeds if the container is already gone, or cannot be deleted
   * and was renamed.
   */
  void remove(String container) {
    try {
      client.remove(container);
    } catch (DockerDaemonException e) {
      if (!wasRenamed(container, e)) {
        throw e;
      }
      LOG.warn(
          "Docker cannot delete {}, which has ended and holds nothing but disk space; trying again"
              + " later: {}",
          container,
          e.detail());
    }
  }

  /**
   * Tries again to delete the renamed containers, also those of an earlier process of this owner.
   */
  void removeLeftovers(String owner) {
    for (Container container : client.list(Map.of(Labels.MANAGED, "true", Labels.OWNER, owner))) {
      if (Labels.of(container) == null && isRenamed(container)) {
        try {
          client.remove(container.getId());
        } catch (DockerDaemonException e) {
          LOG.debug("Docker still cannot delete {}: {}", container.getId(), e.detail());
        }
      }
    }
  }

  private boolean wasRenamed(String container, DockerDaemonException failure) {
    if (failure.problem().unreachable() && failure.problem() != DockerProblem.NO_ANSWER) {
      return false;
    }
    try {
      if (failure.problem() == DockerProblem.NO_ANSWER) {
        awaitEndOfRemoval(container);
      }
      return renameUndeletable(container);
    } catch (DockerDaemonException e) {
      failure.addSuppressed(e);
      return false;
    }
  }

  /** A daemon tries to delete for some seconds, which may be longer than a call lasts. */
  private void awaitEndOfRemoval(String container) {
    for (int i = 0; i < REMOVAL_LOOKS; i++) {
      InspectContainerResponse inspected = client.find(container);
      if (inspected == null || !new ContainerState(inspected).isBeingRemoved()) {
        return;
      }
      LockSupport.parkNanos(REMOVAL_PAUSE_NANOS);
    }
  }

  private boolean renameUndeletable(String container) {
    InspectContainerResponse inspected = client.find(container);
    if (inspected == null) {
      return true;
    }
    if (!new ContainerState(inspected).isDead()) {
      return false;
    }
    String id = inspected.getId();
    client.rename(id, renamed(id));
    return true;
  }

  /** Returns whether a container has lost its name, as it cannot be deleted. */
  static boolean isRenamed(Container container) {
    String[] names = container.getNames();
    return names != null && List.of(names).contains("/" + renamed(container.getId()));
  }

  private static String renamed(String id) {
    return RENAMED_PREFIX + id.substring(0, Math.min(ID_LENGTH, id.length()));
  }
}
