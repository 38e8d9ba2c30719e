package dev.autodeploy.internal.decision;

import static dev.autodeploy.InstancePhase.READY;
import static dev.autodeploy.InstancePhase.STARTING;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.RouteRule;
import dev.autodeploy.StartReason;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request for a lease of an open deployment. The decision tree, in order:
 *
 * <ol>
 *   <li>Any instance will do; or one that is preferred is not ready.
 *       <ol type="a">
 *         <li>Nobody waits for any, and one has room: granted on the one that serves the fewest.
 *         <li>Starts are held back after a failure, and none is ready, starting or asleep: rejected
 *             with that failure.
 *         <li>The queue is full: rejected.
 *         <li>It waits; one that sleeps is woken, or the starts that this needs are made.
 *       </ol>
 *   <li>An instance of its own is asked for, as by a scale-out.
 *       <ol type="a">
 *         <li>There are {@code maxInstances}: rejected.
 *         <li>Starts are held back after a failure: rejected with it.
 *         <li>The queue is full: rejected.
 *         <li>An instance is started, and it waits for that one; with GPUs, as soon as there is
 *             room for it.
 *       </ol>
 *   <li>A certain instance is asked for: by its id, or the one that is preferred and is ready, or
 *       the next in turn or one at random of the ready ones, those with room if there are any.
 *       <ol type="a">
 *         <li>There is none that takes requests: rejected.
 *         <li>It has room, and nobody waits for it: granted.
 *         <li>The queue is full: rejected.
 *         <li>It waits for that instance, which is woken if it sleeps.
 *       </ol>
 *   <li>None is to be started or woken for it: rejected if none is ready, starting or being woken,
 *       else as in 1.
 * </ol>
 *
 * <p>Whoever waits is granted a lease by {@link Callers#fill}.
 */
final class RequestAdmission {
  private final Declaration declaration;
  private final Instances instances;
  private final Callers callers;
  private final StartProcess starts;
  private final ReleaseProcess releases;
  private final Rejections rejections;
  private final RandomGenerator random;
  private int roundRobin;

  RequestAdmission(
      Declaration declaration,
      Instances instances,
      Callers callers,
      StartProcess starts,
      ReleaseProcess releases,
      Rejections rejections,
      RandomGenerator random) {
    this.declaration = declaration;
    this.instances = instances;
    this.callers = callers;
    this.starts = starts;
    this.releases = releases;
    this.rejections = rejections;
    this.random = random;
  }

  /** Returns the instance whose lease is counted, or null if the caller waits or is rejected. */
  @Nullable Instance admit(long now, Waiter waiter) {
    RouteRule rule = waiter.route();
    if (rule instanceof RouteRule.Default) { // (1)
      return any(now, waiter);
    }
    if (rule instanceof RouteRule.ScaleOut) { // (2)
      scaleOut(now, waiter);
      return null;
    }
    if (rule instanceof RouteRule.Preferred preferred) {
      Instance known = instances.find(preferred.instanceId());
      return known != null && known.is(READY) ? certain(now, waiter, known) : any(now, waiter);
    }
    if (rule instanceof RouteRule.Running) { // (4)
      if (instances.awake() > 0) {
        return any(now, waiter);
      }
      callers.reject(now, waiter, rejections.targetNotFound());
      return null;
    }
    return certain(now, waiter, target(rule)); // (3)
  }

  /** Returns the instance for a lease that does not keep it, or null if none is ready. */
  @Nullable Instance lend(RouteRule rule) {
    if (!declaration.isOpen()) {
      return null;
    }
    if (rule instanceof RouteRule.Instance named) {
      return ready(named.instanceId());
    }
    Instance known = rule instanceof RouteRule.Preferred before ? ready(before.instanceId()) : null;
    return known != null ? known : instances.leastUsed();
  }

  private @Nullable Instance ready(String id) {
    Instance known = instances.find(id);
    return known != null && known.is(READY) && !known.reserved ? known : null;
  }

  private @Nullable Instance any(long now, Waiter waiter) {
    Instance free = callers.waitingForAny() == 0 ? instances.leastLoaded() : null;
    if (free != null) { // (1a)
      callers.take(now, free, waiter.caller());
      return free;
    }
    if (starts.backoff().holds(now) && instances.alive() == 0) { // (1b)
      callers.reject(now, waiter, starts.lastFailure(now));
    } else if (isQueueFull()) { // (1c)
      rejectQueueFull(now, waiter);
    } else { // (1d)
      enqueue(now, waiter, null);
      starts.ensureCapacity(now);
    }
    return null;
  }

  private void scaleOut(long now, Waiter waiter) {
    int instancesToBe = instances.size() + callers.waitingForOwn();
    if (instancesToBe >= declaration.spec().maxInstances()) { // (2a)
      callers.reject(now, waiter, rejections.quotaExceeded(instancesToBe));
    } else if (starts.backoff().holds(now)) { // (2b)
      callers.reject(now, waiter, starts.lastFailure(now));
    } else if (isQueueFull()) { // (2c)
      rejectQueueFull(now, waiter);
    } else if (starts.needsRoom()) { // (2d)
      callers.enqueueForOwn(waiter);
      releases.hurry(now);
      starts.ensureCapacity(now);
    } else {
      enqueue(now, waiter, starts.start(now, StartReason.SCALE_OUT, null));
    }
  }

  private @Nullable Instance target(RouteRule rule) {
    if (rule instanceof RouteRule.Instance named) {
      Instance instance = instances.find(named.instanceId());
      boolean takes =
          instance != null && (instance.is(READY) || instance.is(STARTING) || instance.isResting());
      return takes ? instance : null;
    }
    List<Instance> choice = instances.readyOnesThatTakeMore();
    if (choice.isEmpty()) {
      return null;
    }
    return rule instanceof RouteRule.Random
        ? choice.get(random.nextInt(choice.size()))
        : choice.get(Math.floorMod(roundRobin++, choice.size()));
  }

  private @Nullable Instance certain(long now, Waiter waiter, @Nullable Instance target) {
    if (target == null) { // (3a)
      callers.reject(now, waiter, rejections.targetNotFound());
    } else if (target.takesMore() && target.bound.isEmpty()) { // (3b)
      callers.take(now, target, waiter.caller());
      return target;
    } else if (isQueueFull()) { // (3c)
      rejectQueueFull(now, waiter);
    } else { // (3d)
      enqueue(now, waiter, target);
      if (target.isResting()) {
        starts.ensureCapacity(now);
      }
    }
    return null;
  }

  private boolean isQueueFull() {
    return callers.waiting() >= declaration.spec().maxPending();
  }

  private void rejectQueueFull(long now, Waiter waiter) {
    DeploymentSpec spec = declaration.spec();
    callers.reject(now, waiter, rejections.queueFull(spec));
  }

  private void enqueue(long now, Waiter waiter, @Nullable Instance target) {
    callers.enqueue(waiter, target);
    releases.hurry(now);
  }
}
