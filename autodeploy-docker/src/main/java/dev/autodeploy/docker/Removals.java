package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes containers. One that has ended for good but cannot be deleted, as something on the
 * engine's host keeps its files, holds nothing but disk space: it loses its name, so that its slot
 * can be used again, and is deleted when that is possible.
 */
final class Removals {
  private static final Logger log = LoggerFactory.getLogger(Removals.class);
  private static final String ASIDE = "autodeploy-dead-";
  private static final int ID_LENGTH = 12;
  private static final int REMOVAL_LOOKS = 20;
  private static final long REMOVAL_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final EngineClient client;

  Removals(EngineClient client) {
    this.client = client;
  }

  /** Removes a container by force; a gone one is a success, and so is one that is set aside. */
  void remove(String container) {
    try {
      client.remove(container);
    } catch (DockerEngineException e) {
      if (!isSetAside(container, e)) {
        throw e;
      }
      log.warn(
          "Docker cannot delete {}, which has ended and holds nothing but disk space; trying again"
              + " later: {}",
          container,
          e.detail());
    }
  }

  /** Tries again to delete what was set aside, also by an earlier process of this owner. */
  void removeLeftovers(String owner) {
    for (Container container : client.list(Map.of(Labels.MANAGED, "true", Labels.OWNER, owner))) {
      if (Labels.of(container) == null && isAside(container)) {
        try {
          client.remove(container.getId());
        } catch (DockerEngineException e) {
          log.debug("Docker still cannot delete {}: {}", container.getId(), e.detail());
        }
      }
    }
  }

  private boolean isSetAside(String container, DockerEngineException failure) {
    if (failure.problem().unreachable() && failure.problem() != DockerProblem.NO_ANSWER) {
      return false;
    }
    try {
      if (failure.problem() == DockerProblem.NO_ANSWER) {
        awaitEndOfRemoval(container);
      }
      return setAside(container);
    } catch (DockerEngineException e) {
      failure.addSuppressed(e);
      return false;
    }
  }

  /** An engine tries to delete for some seconds, which may be longer than a call lasts. */
  private void awaitEndOfRemoval(String container) {
    for (int i = 0; i < REMOVAL_LOOKS; i++) {
      InspectContainerResponse inspected = client.find(container);
      if (inspected == null || !new ContainerState(inspected).isBeingRemoved()) {
        return;
      }
      LockSupport.parkNanos(REMOVAL_PAUSE_NANOS);
    }
  }

  private boolean setAside(String container) {
    InspectContainerResponse inspected = client.find(container);
    if (inspected == null) {
      return true;
    }
    if (!new ContainerState(inspected).isDead()) {
      return false;
    }
    String id = inspected.getId();
    client.rename(id, ASIDE + id.substring(0, Math.min(ID_LENGTH, id.length())));
    return true;
  }

  private static boolean isAside(Container container) {
    String[] names = container.getNames();
    return names != null && Arrays.stream(names).anyMatch(name -> name.startsWith("/" + ASIDE));
  }
}
