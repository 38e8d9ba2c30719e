package dev.autodeploy.internal.deployment;

import dev.autodeploy.internal.decision.ArbiterEffect;
import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.decision.Party;
import dev.autodeploy.internal.decision.RoomWait;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One deployment among those that share room: what it is told, and how it is seen. */
public final class DeploymentRooms {
  private final DeploymentController controller;
  private final DeploymentMachine machine;
  private final long origin;

  /**
   * Makes one.
   *
   * @param origin the moment of the ticker at which the deployment's time line begins
   */
  DeploymentRooms(DeploymentController controller, DeploymentMachine machine, long origin) {
    this.controller = controller;
    this.machine = machine;
    this.origin = origin;
  }

  /** There is room for one instance. */
  public void given(ArbiterEffect.Give give) {
    controller.decide(() -> machine.rooms().given(controller.now(), give.room(), give.wake()));
  }

  /** An instance is asked to go. */
  public void makeRoom(ArbiterEffect.MakeRoom make) {
    controller.decide(
        () ->
            machine
                .rooms()
                .makeRoom(
                    controller.now(), make.room(), make.busyToo(), make.forWhom(), make.sleep()));
  }

  /** Returns its instances that take up room. */
  public List<Party.Occupant> occupants() {
    return controller.read(() -> machine.rooms().occupants(origin));
  }

  /** The deployment waits for room, or no longer. */
  public void waits(@Nullable RoomWait what) {
    controller.decide(() -> machine.rooms().waits(controller.now(), what));
  }

  /** Returns the deployment as it is now, and has the arbiter look when that changes. */
  public Party watch() {
    return controller.read(() -> machine.rooms().watch(controller.number(), origin));
  }

  /** Nobody waits for room any longer. */
  public void unwatch() {
    controller.read(
        () -> {
          machine.rooms().unwatched();
          return machine;
        });
  }
}
