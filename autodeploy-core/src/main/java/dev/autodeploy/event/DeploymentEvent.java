package dev.autodeploy.event;

import dev.autodeploy.BudgetStatus;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.Money;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.Schedule;
import dev.autodeploy.StartFailure;
import dev.autodeploy.StartReason;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.StartProgress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Something that happened to a deployment or to one of its instances. Immutable. */
public sealed interface DeploymentEvent {

  /**
   * Returns when it happened.
   *
   * @return the moment
   */
  Instant at();

  /**
   * Returns the deployment.
   *
   * @return its name; empty for {@link EngineBudgetUsed}, which is about all
   */
  String deployment();

  /**
   * A deployment was made.
   *
   * @param at when
   * @param deployment its name
   */
  record Created(Instant at, String deployment) implements DeploymentEvent {}

  /**
   * A deployment's specification was replaced.
   *
   * @param at when
   * @param deployment its name
   */
  record Updated(Instant at, String deployment) implements DeploymentEvent {}

  /**
   * A window of a deployment's schedule began or ended.
   *
   * @param at when
   * @param deployment its name
   * @param state what is in force now
   */
  record ScheduleChanged(Instant at, String deployment, Schedule.State state)
      implements DeploymentEvent {}

  /**
   * A deployment has spent 50, 80 or 100 % of its budget; at 100 % nothing runs or starts any
   * longer.
   *
   * @param at when
   * @param deployment its name
   * @param percent 50, 80 or 100
   * @param status the budget and what was spent of it
   */
  record BudgetUsed(Instant at, String deployment, int percent, BudgetStatus status)
      implements DeploymentEvent {}

  /**
   * The deployments have spent half, four fifths or all of the engine's budget together.
   *
   * @param at when
   * @param percent 50, 80 or 100
   * @param status the budget and what was spent of it
   */
  record EngineBudgetUsed(Instant at, int percent, BudgetStatus status) implements DeploymentEvent {
    @Override
    public String deployment() {
      return "";
    }
  }

  /**
   * A deployment was removed; all its instances are gone.
   *
   * @param at when
   * @param deployment its name
   */
  record Removed(Instant at, String deployment) implements DeploymentEvent {}

  /**
   * Something that the next start needs was found missing, or is back.
   *
   * @param at when
   * @param deployment its name
   * @param reason what is missing and what comes of it, or null if all is there
   */
  record Degraded(Instant at, String deployment, @Nullable String reason)
      implements DeploymentEvent {}

  /**
   * The deployment's status changed.
   *
   * @param at when
   * @param deployment its name
   * @param from the status before
   * @param to the status since
   */
  record StatusChanged(Instant at, String deployment, DeploymentState from, DeploymentState to)
      implements DeploymentEvent {}

  /**
   * The things that instances need were fetched ahead, or could not be.
   *
   * @param at when
   * @param deployment its name
   * @param fetched whether anything had to be fetched
   * @param duration how long it took
   * @param failure why it failed, or null if it did not
   */
  record Prepared(
      Instant at, String deployment, boolean fetched, Duration duration, @Nullable String failure)
      implements DeploymentEvent {}

  /**
   * An instance's start was requested; it is paid for from here on.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param reason why
   * @param expected how long its start will probably take, by the median of the starts so far, or
   *     null if none is known
   */
  record InstanceStarting(
      Instant at,
      String deployment,
      String instanceId,
      StartReason reason,
      @Nullable Duration expected)
      implements DeploymentEvent {}

  /**
   * A start went on.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param progress how far it is
   */
  record InstanceProgress(Instant at, String deployment, String instanceId, StartProgress progress)
      implements DeploymentEvent {}

  /**
   * An instance became ready.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param endpoint where it answers
   * @param startDuration the time since its start request
   * @param expected how long that was expected to take, by the median of the starts before it and
   *     without preparation, or null if none was known
   */
  record InstanceReady(
      Instant at,
      String deployment,
      String instanceId,
      URI endpoint,
      Duration startDuration,
      @Nullable Duration expected)
      implements DeploymentEvent {}

  /**
   * An instance of an earlier process was taken over, and takes requests.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param endpoint where it answers
   * @param readySince when it became ready, possibly in that process
   */
  record InstanceAdopted(
      Instant at, String deployment, String instanceId, URI endpoint, Instant readySince)
      implements DeploymentEvent {}

  /**
   * An instance did not become ready.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param failure why
   * @param retryAfter how long starts are held back
   */
  record InstanceStartFailed(
      Instant at, String deployment, String instanceId, StartFailure failure, Duration retryAfter)
      implements DeploymentEvent {}

  /**
   * An instance ended by itself after it had been ready.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param exit how it ended
   * @param leasesLost how many leases were open
   */
  record InstanceExited(
      Instant at, String deployment, String instanceId, InstanceExit exit, int leasesLost)
      implements DeploymentEvent {}

  /**
   * A deployment waits for GPUs that others have. Published when it begins to.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param place its place in line, from 1
   * @param message for what it waits, and who has that
   */
  record WaitsForRoom(Instant at, String deployment, int place, String message)
      implements DeploymentEvent {}

  /**
   * An instance gives its GPUs to another deployment: it takes no new lease, and is released when
   * the open ones are closed.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param forDeployment the deployment that waits
   * @param inFlight how many leases are open
   */
  record InstanceMakesRoom(
      Instant at, String deployment, String instanceId, String forDeployment, int inFlight)
      implements DeploymentEvent {}

  /**
   * An instance was put to sleep: it has freed its GPUs, and the next request wakes it.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param idle for how long it had not been used
   * @param forDeployment the deployment that waits for its GPUs, or null if it sleeps for want of
   *     requests
   * @param duration how long it took
   */
  record InstanceAsleep(
      Instant at,
      String deployment,
      String instanceId,
      Duration idle,
      @Nullable String forDeployment,
      Duration duration)
      implements DeploymentEvent {}

  /**
   * An instance was woken, and takes requests.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param duration how long it took
   */
  record InstanceWoken(Instant at, String deployment, String instanceId, Duration duration)
      implements DeploymentEvent {}

  /**
   * An instance that runs does not work, is too old, or refused to sleep or wake: it takes no new
   * lease, is released when the open ones are closed, and another takes its place as far as one is
   * needed.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param reason why
   * @param message what was found, in a sentence
   * @param inFlight how many leases are open
   */
  record InstanceReplaced(
      Instant at,
      String deployment,
      String instanceId,
      ReleaseReason reason,
      String message,
      int inFlight)
      implements DeploymentEvent {}

  /**
   * An instance takes no new lease and is released when the open ones are closed.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param reason why it is released
   * @param inFlight how many leases are open
   */
  record InstanceDraining(
      Instant at, String deployment, String instanceId, ReleaseReason reason, int inFlight)
      implements DeploymentEvent {}

  /**
   * An instance was handed to the provider for release.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param reason why
   * @param idle for how long it had not been used
   */
  record InstanceReleasing(
      Instant at, String deployment, String instanceId, ReleaseReason reason, Duration idle)
      implements DeploymentEvent {}

  /**
   * A release could not be confirmed; it is tried again.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance, which is still paid for
   * @param message what went wrong
   * @param attempts how many releases were tried
   * @param retryAfter when it is tried again
   */
  record InstanceReleaseFailed(
      Instant at,
      String deployment,
      String instanceId,
      String message,
      int attempts,
      Duration retryAfter)
      implements DeploymentEvent {}

  /**
   * An instance is verified gone.
   *
   * @param at when
   * @param deployment the deployment's name
   * @param instanceId the instance
   * @param reason why it was released
   * @param lifetime the time since its start request, which is what was paid for
   * @param busy for how long at least one lease was open
   * @param cost what this instance has cost
   * @param totalCost what the deployment has cost so far
   */
  record InstanceReleased(
      Instant at,
      String deployment,
      String instanceId,
      ReleaseReason reason,
      Duration lifetime,
      Duration busy,
      Money cost,
      Money totalCost)
      implements DeploymentEvent {}
}
