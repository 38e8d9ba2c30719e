package dev.autodeploy;

import dev.autodeploy.spi.StartProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A deployment as it is at a moment. Immutable and consistent in itself.
 *
 * @param deployment the deployment's name
 * @param state the state in the users' three words
 * @param instances its instances, oldest first
 * @param inFlight how many leases are open
 * @param pending how many requests wait for an instance
 * @param lastFailure why the last start failed, or null if it did not
 * @param lastFailureAt when that was, or null
 * @param backoffUntil until when no start is tried after that, or null
 * @param waitsFor for which GPUs it waits in line, or null if it does not
 * @param preparation how far it is to fetch ahead what instances need, or null if nothing is
 * @param requests how many acquires there have been in this process
 * @param coldStarts how many leases of this process waited for a start
 * @param pendingTime for how long requests of this process were pending in all until they got a
 *     lease
 * @param starts how many starts were requested in this process
 * @param startFailures how many of them failed
 * @param degraded what the next start needs and does not find, or null
 * @param unpriced why no price applies to its instances, which then count as free of charge, or
 *     null if one does
 * @param startEstimate how long starts take, or null while none has succeeded
 */
public record DeploymentStatus(
    String deployment,
    DeploymentState state,
    List<InstanceInfo> instances,
    int inFlight,
    int pending,
    @Nullable StartFailure lastFailure,
    @Nullable Instant lastFailureAt,
    @Nullable Instant backoffUntil,
    @Nullable PlaceInLine waitsFor,
    @Nullable StartProgress preparation,
    long requests,
    long coldStarts,
    Duration pendingTime,
    long starts,
    long startFailures,
    @Nullable String degraded,
    @Nullable String unpriced,
    @Nullable StartEstimate startEstimate) {

  /**
   * Checks the values.
   *
   * @param deployment the deployment's name
   * @param state the state in the users' three words
   * @param instances its instances, oldest first
   * @param inFlight how many leases are open
   * @param pending how many requests wait for an instance
   * @param lastFailure why the last start failed, or null if it did not
   * @param lastFailureAt when that was, or null
   * @param backoffUntil until when no start is tried after that, or null
   * @param waitsFor for which GPUs it waits in line, or null if it does not
   * @param preparation how far it is to fetch ahead what instances need, or null if nothing is
   * @param requests how many acquires there have been in this process
   * @param coldStarts how many leases of this process waited for a start
   * @param pendingTime for how long requests of this process were pending in all until they got a
   *     lease
   * @param starts how many starts were requested in this process
   * @param startFailures how many of them failed
   * @param degraded what the next start needs and does not find, or null
   * @param unpriced why no price applies to its instances, or null if one does
   * @param startEstimate how long starts take, or null while none has succeeded
   */
  public DeploymentStatus {
    instances = List.copyOf(instances);
  }

  /**
   * Says in a sentence what pending requests wait for.
   *
   * @return the sentence, for people
   */
  public String explain() {
    String requests = pending == 1 ? "1 request " : pending + " requests: it ";
    PlaceInLine line = waitsFor;
    if (line != null) {
      return (pending == 0 ? "An instance " : requests) + line.describe();
    }
    if (pending == 0) {
      return "No request waits";
    }
    if (backoffUntil != null) {
      return requests + "waits for the next attempt to start an instance, at " + backoffUntil;
    }
    if (count(InstancePhase.STARTING) > 0) {
      return requests + "waits for an instance that is being started";
    }
    if (count(InstancePhase.WAKING) > 0) {
      return requests + "waits for an instance that is being woken";
    }
    if (count(InstancePhase.FALLING_ASLEEP) > 0) {
      return requests + "waits for an instance that falls asleep, and is woken then";
    }
    return requests + "waits for an instance to have room";
  }

  /**
   * Returns the number of instances in a phase.
   *
   * @param phase the phase
   * @return how many
   */
  public int count(InstancePhase phase) {
    return (int) instances.stream().filter(i -> i.phase() == phase).count();
  }
}
