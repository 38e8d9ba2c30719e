package dev.autodeploy.internal.deployment;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.decision.Room;
import dev.autodeploy.spi.ProviderInstance;
import java.util.List;

/** The room that the deployments of an engine share. Not to be called with a deployment's lock. */
public interface Rooms {

  /** A deployment wants room. */
  void want(DeploymentController who, Effect.Want want);

  /** Room is free: its instance is gone, or was never made. */
  void freed(Room room);

  /** The provider has no room for an instance to which room was given. */
  void noRoom(Room room, String message);

  /** The instance in a room has started. */
  void placed(Room room, List<String> gpus);

  /** The instance in a room sleeps; others may have what it does not keep. */
  void slumbers(Room room, long keptBytes);

  /** Something has changed while others wait for room. */
  void look();

  /** Returns whether all instances together are limited: then those without GPUs need room, too. */
  boolean limitHost();

  /**
   * Returns the room of an instance that was found, and takes it up for a deployment.
   *
   * @param hostBytes the memory of the host that counts for it
   */
  Room found(DeploymentController who, ProviderInstance instance, GpuRequest gpu, long hostBytes);

  /** Nothing is left of a deployment. */
  void forget(DeploymentController who);
}
