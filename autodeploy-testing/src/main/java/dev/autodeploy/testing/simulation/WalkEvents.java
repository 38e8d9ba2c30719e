package dev.autodeploy.testing.simulation;

import dev.autodeploy.ReleaseReason;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.testing.world.SimulatedMachine;

/**
 * The events of one deployment, as the provider and the listeners see them: the book is kept of it,
 * and it is checked.
 */
final class WalkEvents {
  private final Walk walk;
  private final WalkBook book;
  private final WalkRefusals refusals;
  private int scaleOuts;

  WalkEvents(WalkBook book, WalkRefusals refusals) {
    this.walk = book.walk;
    this.book = book;
    this.refusals = refusals;
  }

  /** The provider is asked to release an instance. */
  void releasing(SimulatedMachine machine) {
    String id = machine.request.instanceId();
    WalkInstance instance = book.instance(id);
    // Once it was asked for it is repeated until it is verified, whatever was declared since.
    boolean repeated = instance.releaseAsked;
    instance.releaseAsked = true;
    boolean allowed =
        instance.open == 0
            || repeated
            || instance.forced
            || book.mayCut()
            || book.engine.process.isClosing()
            || machine.exitedAt != SimulatedMachine.NEVER;
    walk.check(
        allowed,
        () ->
            "an instance with an open lease is not released, but " + id + " with " + instance.open);
  }

  void told(DeploymentEvent event) {
    refusals.told(event);
    if (event instanceof DeploymentEvent.InstanceStarting e) {
      toldStarting(e);
    } else if (event instanceof DeploymentEvent.InstanceReady e) {
      if (!book.instance(e.instanceId()).adopted) {
        started(e);
      }
      toldReady(e.instanceId());
    } else if (event instanceof DeploymentEvent.InstanceAdopted e) {
      toldReady(e.instanceId());
    } else if (event instanceof DeploymentEvent.InstanceStartFailed) {
      walk.startFailures++;
    } else if (event instanceof DeploymentEvent.InstanceExited e) {
      toldExited(e);
    } else if (event instanceof DeploymentEvent.InstanceMakesRoom e) {
      toldMakesRoom(e);
    } else if (event instanceof DeploymentEvent.InstanceAsleep e) {
      toldAsleep(e);
    } else if (event instanceof DeploymentEvent.InstanceWoken e) {
      toldWoken(e);
    } else if (event instanceof DeploymentEvent.InstanceReplaced e) {
      book.health.told(e);
    } else if (event instanceof DeploymentEvent.InstanceDraining e) {
      toldDraining(e);
    } else if (event instanceof DeploymentEvent.InstanceReleasing e) {
      toldReleasing(e);
    } else if (event instanceof DeploymentEvent.InstanceReleased e) {
      toldReleased(e);
    }
  }

  private void toldStarting(DeploymentEvent.InstanceStarting event) {
    String id = event.instanceId();
    StartReason reason = event.reason();
    WalkInstance known = book.instances.get(id);
    boolean isNew = known == null || known.told == WalkInstance.Told.NOTHING;
    walk.check(isNew, () -> "every start has one reason, but " + id + " has two");
    int starting = count(WalkInstance.Told.STARTING, id);
    int ready = count(WalkInstance.Told.READY, id);
    WalkBounds bounds = book.bounds;
    boolean justified =
        switch (reason) {
          case REQUEST -> starting == 0 && ready == 0 && bounds.mostWaiting > 0;
          case DEMAND -> (long) starting * bounds.leastConcurrency < bounds.mostWaiting;
          case MINIMUM -> starting + ready < bounds.mostMinimum;
          case SCALE_OUT -> ++scaleOuts <= book.scaleOutsAsked;
          case EXPECTED -> starting == 0 && ready == 0 && book.mayExpect();
          case ADOPTED -> walk.world.machines.containsKey(id);
        };
    walk.check(
        justified,
        () ->
            "a demand starts one instance, but "
                + id
                + " starts for "
                + reason
                + " beside "
                + starting
                + " starting and "
                + ready
                + " ready, for "
                + bounds.mostWaiting
                + " waiting");
    WalkInstance instance = book.instance(id);
    instance.told = WalkInstance.Told.STARTING;
    instance.adopted = reason == StartReason.ADOPTED;
    instance.startedAhead = reason == StartReason.EXPECTED;
  }

  private void started(DeploymentEvent.InstanceReady event) {
    SimulatedMachine machine = walk.world.machines.get(event.instanceId());
    if (machine != null) {
      book.turns.started(machine.request.fingerprint(), event.startDuration());
    }
  }

  private void toldReady(String id) {
    WalkInstance instance = book.instance(id);
    SimulatedMachine machine = walk.world.machines.get(id);
    boolean wasReady =
        machine != null && machine.upAt != SimulatedMachine.NEVER && machine.plan.comesUp;
    walk.check(wasReady, () -> "ready is told of what is up, but " + id + " is not");
    boolean asleep = instance.adopted && machine != null && machine.isAsleep();
    instance.told = asleep ? WalkInstance.Told.ASLEEP : WalkInstance.Told.READY;
    instance.readyAt = Math.min(instance.readyAt, walk.time.read());
    instance.awakeAt = instance.readyAt;
    if (instance.open == 0 && !instance.used) {
      instance.becameIdle(walk.time.read(), book.shortestIdleTimeout(), book.idleTimeout());
      if (book.spec.idlePolicy() instanceof WalkTimerPolicy policy && instance.startedAhead) {
        // The longer time until its first request, of which the book may never hear.
        long keep = policy.ahead().keep().toNanos();
        instance.timeoutChanged(keep, keep);
      }
    }
  }

  private void toldAsleep(DeploymentEvent.InstanceAsleep event) {
    WalkInstance instance = book.instance(event.instanceId());
    SimulatedMachine machine = walk.world.machines.get(instance.id);
    walk.check(
        machine == null || machine.hasSlept() || machine.exitedAt != SimulatedMachine.NEVER,
        () -> "asleep is told of what sleeps, but " + instance.id + " does not");
    walk.check(
        event.forDeployment() != null
            || !book.hadThisMinimum(event.duration())
            || count(WalkInstance.Told.READY, instance.id) >= book.bounds.leastMinimum,
        () -> instance.id + " is put to sleep although the minimum needs it");
    instance.told = WalkInstance.Told.ASLEEP;
    book.minimumChanged();
  }

  private void toldWoken(DeploymentEvent.InstanceWoken event) {
    WalkInstance instance = book.instance(event.instanceId());
    instance.told = WalkInstance.Told.READY;
    instance.awakeAt = walk.time.read();
    if (instance.open == 0) {
      instance.becameIdle(walk.time.read(), book.shortestIdleTimeout(), book.idleTimeout());
    }
  }

  private void toldMakesRoom(DeploymentEvent.InstanceMakesRoom event) {
    WalkInstance instance = book.instance(event.instanceId());
    walk.check(
        count(WalkInstance.Told.READY, instance.id) >= book.bounds.leastMinimum,
        () -> instance.id + " makes room although the minimum needs it");
    walk.check(!book.turns.pinned(), () -> instance.id + " makes room although it is pinned");
    book.turns.madeRoom(instance, event.inFlight());
  }

  private void toldDraining(DeploymentEvent.InstanceDraining event) {
    book.instance(event.instanceId()).told = WalkInstance.Told.DRAINING;
    book.minimumChanged();
  }

  private void toldExited(DeploymentEvent.InstanceExited event) {
    SimulatedMachine machine = walk.world.machines.get(event.instanceId());
    walk.check(
        machine != null && machine.exitedAt != SimulatedMachine.NEVER,
        () -> "an exit is told of what has ended, but " + event.instanceId() + " has not");
    book.minimumHeldUntil =
        Math.max(book.minimumHeldUntil, walk.time.read() + book.bounds.mostBackoff.toNanos());
  }

  private void toldReleasing(DeploymentEvent.InstanceReleasing event) {
    WalkInstance instance = book.instance(event.instanceId());
    // One that a list left out may be found again, when it had been taken for gone.
    walk.check(
        event.reason() == ReleaseReason.ORPHANED
            || (instance.told != WalkInstance.Told.RELEASING
                && instance.told != WalkInstance.Told.GONE),
        () -> "a release begins once, but that of " + instance.id + " again");
    boolean slept = instance.told == WalkInstance.Told.ASLEEP;
    instance.told = WalkInstance.Told.RELEASING;
    book.minimumChanged();
    instance.adopted |= event.reason() == ReleaseReason.ORPHANED;
    if (event.reason() == ReleaseReason.MADE_ROOM) {
      walk.check(
          instance.open == 0,
          () -> instance.id + " made room with " + instance.open + " leases open");
    }
    if (event.reason() != ReleaseReason.IDLE) {
      return;
    }
    walk.check(
        instance.open == 0,
        () -> instance.id + " is released as idle with " + instance.open + " leases open");
    walk.check(
        slept || count(WalkInstance.Told.READY, instance.id) >= book.bounds.leastMinimum,
        () -> instance.id + " is released as idle although the minimum needs it");
    // For an adopted one the ledger knows better than this book when it was last used.
    boolean known = !instance.adopted || instance.used;
    walk.check(
        !known || walk.time.read() >= instance.idleDueAtFirst(),
        () ->
            instance.id
                + " is released as idle before its time, which comes in "
                + (instance.idleDueAtFirst() - walk.time.read()) / 1e6
                + " ms");
  }

  private void toldReleased(DeploymentEvent.InstanceReleased event) {
    WalkInstance instance = book.instance(event.instanceId());
    walk.check(
        instance.told != WalkInstance.Told.GONE,
        () -> "a release is told once, but again of " + instance.id);
    instance.told = WalkInstance.Told.GONE;
    SimulatedMachine machine = walk.world.machines.get(instance.id);
    walk.check(
        machine == null || !machine.exists() || machine.hidden,
        () -> "released means gone, but " + instance.id + " still exists");
    walk.check(
        machine == null
            || instance.adopted
            || machine.releaseConfirmedAt == walk.time.read()
            || book.engine.reports.mayBeLate(machine),
        () -> "released is told at once, but " + instance.id + " was gone before");
  }

  /** Counts the others of which the same was told last. */
  private int count(WalkInstance.Told told, String except) {
    int count = 0;
    for (WalkInstance instance : book.instances.values()) {
      if (instance.told == told && !instance.id.equals(except)) {
        count++;
      }
    }
    return count;
  }
}
