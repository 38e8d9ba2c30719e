package dev.autodeploy.internal.deployment;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.decision.HostShare;
import dev.autodeploy.internal.decision.Instance;
import dev.autodeploy.internal.decision.Room;
import dev.autodeploy.internal.ledger.OpenEntry;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Takes instances over that one deployment did not start itself. Decides nothing. */
final class Adoption {
  private final EngineServices services;
  private final DeploymentController controller;
  private final DeploymentMachine machine;
  private final Rooms rooms;

  Adoption(
      EngineServices services,
      DeploymentController controller,
      DeploymentMachine machine,
      Rooms rooms) {
    this.services = services;
    this.controller = controller;
    this.machine = machine;
    this.rooms = rooms;
  }

  /** Adopts an instance of an earlier process, or releases it if it does not fit. */
  void adopt(ProviderInstance found, OpenEntry entry, Duration hold) {
    Room room = room(found, entry);
    controller.decide(
        () -> {
          long now = controller.now();
          Instance instance = restored(now, found, entry, room);
          instance.holdUntil(now + Durations.nanos(hold));
          if (machine.fits(found)) {
            machine.adopt(now, instance);
          } else {
            machine.reap(now, instance);
          }
        });
  }

  /** Releases an instance that nobody here asked for; returns whether it does. */
  boolean reap(ProviderInstance found, OpenEntry entry) {
    Room room = room(found, entry);
    boolean reaped =
        controller.decide(
            () -> {
              long now = controller.now();
              Instance instance = restored(now, found, entry, room);
              boolean done = machine.reap(now, instance);
              if (!done) {
                controller.dropped(instance);
              }
              return done;
            });
    if (!reaped && room != null) {
      rooms.forget(controller); // nothing is left of it that would do that later
    }
    return reaped;
  }

  private @Nullable Room room(ProviderInstance found, OpenEntry entry) {
    GpuRequest gpu = entry.started().gpu();
    return gpu.isNone() && !rooms.limitHost()
        ? null
        : rooms.found(controller, found, gpu, HostShare.memoryOf(controller.spec()));
  }

  private Instance restored(
      long now, ProviderInstance found, OpenEntry entry, @Nullable Room room) {
    RestoredInstance restored =
        RestoredInstance.of(found, entry, room, machine.spec(), now, services.clock().instant());
    controller.adopted(restored.running());
    controller.accounts().reopen(restored.running(), entry, restored.foundEndedAt(), now);
    return restored.running().instance();
  }
}
