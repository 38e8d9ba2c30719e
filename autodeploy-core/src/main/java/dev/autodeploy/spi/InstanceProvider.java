package dev.autodeploy.spi;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SleepMode;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.internal.probe.InstanceCalls;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * A place where instances run: local processes, containers, machines of a cloud. Thread-safe.
 *
 * <p>All methods are called on the engine's provider executor. An implementation may block there
 * and return a completed stage, or return at once and complete the stage later; an exception thrown
 * is the same as a stage that fails. The engine does not depend on any of them being quick.
 *
 * <p>Every instance is labelled with owner, deployment, slot, fingerprint and id <em>before it can
 * run</em>, so that {@link #list} finds it even if the engine's process ends at any moment.
 *
 * <p>The contract tests of {@code autodeploy-testing} ({@code InstanceProviderContract}) check an
 * implementation.
 */
public interface InstanceProvider extends AutoCloseable {

  /**
   * Starts an instance. The stage completes when the instance is up; whether it is ready is asked
   * by {@link #isReady} from then on.
   *
   * @param request what to start
   * @return the instance; on failure, preferably an {@link InstanceStartException}. After a failure
   *     the engine releases the id as well, in case an instance came up.
   */
  CompletionStage<ProviderInstance> start(StartRequest request);

  /**
   * Releases an instance: asks it to end, ends it by force after the grace period, and removes what
   * is left. The stage completes when the instance is verified gone <em>and can no longer come
   * up</em>, even if its start is still under way or is carried out late. Idempotent: an id that is
   * not known, or is already gone, is a success.
   *
   * @param instanceId the instance
   * @param grace how long it may take to end by itself; zero for by force at once
   * @return completes when it is gone; if it fails the engine tries again until it succeeds
   */
  CompletionStage<Void> release(String instanceId, Duration grace);

  /**
   * Lists the instances that carry the owner's label: started and not yet released, those that have
   * ended included.
   *
   * @param owner the owner
   * @return the instances
   */
  CompletionStage<List<ProviderInstance>> list(String owner);

  /**
   * Reads the last lines that an instance wrote.
   *
   * @param instanceId the instance
   * @param lines how many lines at most
   * @return the lines, oldest first; empty if there are none or the instance is not known
   */
  CompletionStage<List<String>> logs(String instanceId, int lines);

  /**
   * Returns the provider's name in messages and on pages.
   *
   * @return such as {@code docker}
   */
  default String name() {
    return getClass().getSimpleName();
  }

  /**
   * Opens the provider for one engine. Called once, before anything else.
   *
   * @param context the owner, and the receiver of what happens
   * @throws dev.autodeploy.AutoDeployException with {@code OWNER_IN_USE} if another engine uses
   *     this owner here
   */
  default void open(ProviderContext context) {}

  /**
   * Checks a specification when it is deployed, before anything is started.
   *
   * @param spec what is to be deployed
   * @throws IllegalArgumentException if instances of it can never be started here, with what is
   *     wrong and what to do
   */
  default void validate(DeploymentSpec spec) {}

  /**
   * Returns the GPUs that it can give to instances, as far as it knows now. Asked before each start
   * of an instance with GPUs, so it does not block.
   *
   * @return the GPUs; by default nothing is known
   */
  default ProviderCapacity capacity() {
    return ProviderCapacity.unknown();
  }

  /**
   * Fetches ahead what instances of a specification need before they can be started, such as an
   * image. Starts nothing. The default has nothing to fetch.
   *
   * @param spec what is to be started later
   * @param progress told how far it is
   * @return completes with whether anything was fetched; {@code toCompletableFuture().cancel(...)}
   *     gives it up, unless a start waits for the same
   */
  default CompletionStage<Boolean> prepare(DeploymentSpec spec, Consumer<StartProgress> progress) {
    return CompletableFuture.completedFuture(false);
  }

  /**
   * Asks once whether an instance is ready. The default applies the probe to the endpoint.
   *
   * @param instance the instance, which is up and has an endpoint
   * @param probe the deployment's probe
   * @return whether it is ready
   * @throws IOException if it could not be asked; it is asked again
   * @throws InterruptedException if the start has been cancelled
   */
  default boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    return probe.isReady(
        ProbeTarget.of(instance, () -> logs(instance.instanceId(), ProbeTarget.LOG_LINES)));
  }

  /**
   * Checks whether an instance that runs still has what it was given, such as its GPUs. Asked about
   * once a minute for each ready instance with GPUs, busy or not.
   *
   * @param instance the instance, which is up
   * @return completes with a sentence that says what it has lost, for which it is replaced; empty
   *     if nothing is known to be wrong
   */
  default CompletionStage<Optional<String>> check(ProviderInstance instance) {
    return CompletableFuture.completedFuture(Optional.empty());
  }

  /**
   * Sends a request to an instance that is not a caller's: one of those that put it to sleep and
   * wake it. The default sends it to the endpoint by HTTP.
   *
   * @param instance the instance, which is up and has an endpoint
   * @param request the request
   * @return completes with the beginning of the answer's body; fails if it is not answered in time,
   *     or not with a status of 200 to 299
   */
  default CompletionStage<String> call(ProviderInstance instance, SleepMode.Request request) {
    try {
      return CompletableFuture.completedFuture(InstanceCalls.send(instance.endpoint(), request));
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Returns whether instances can be started on the GPUs of one that sleeps. Where they cannot, one
   * that sleeps keeps its GPUs, and is released to make room.
   *
   * @return whether they can; by default not
   */
  default boolean sharesGpusOfSleepers() {
    return false;
  }

  /**
   * Takes note that others may have the GPUs of an instance, which sleeps, but for the memory that
   * it keeps there. Does not block.
   *
   * @param instanceId the instance
   * @param keptBytes the memory that it keeps on each of its GPUs, in bytes; 0 for nothing
   */
  default void sleeps(String instanceId, long keptBytes) {}

  /**
   * Takes note that others may no longer have the GPUs of an instance that slept: it is about to be
   * woken, or was not put to sleep after all. Does not block.
   *
   * @param instanceId the instance
   */
  default void wakes(String instanceId) {}

  /**
   * Detaches an instance from this process: it outlives the process, so that the next engine of the
   * same owner can adopt it. Called when an engine is closed that keeps its instances running. How
   * long it stays without an engine is the provider's choice, and documented there.
   *
   * @param instanceId the instance
   * @return completes when it is safe to end this process
   */
  default CompletionStage<Void> detach(String instanceId) {
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Makes a snapshot of an instance that serves no request.
   *
   * @param instanceId the instance
   * @param request its name, and whether it has what is in volumes
   * @return the snapshot
   */
  default CompletionStage<Snapshot> snapshot(String instanceId, SnapshotRequest request) {
    return CompletableFuture.failedFuture(
        new UnsupportedOperationException(name() + " cannot make snapshots"));
  }

  /**
   * Deletes a snapshot.
   *
   * @param reference the snapshot's reference
   * @return completes when it is gone; an unknown one is a success
   */
  default CompletionStage<Void> deleteSnapshot(String reference) {
    return CompletableFuture.failedFuture(
        new UnsupportedOperationException(name() + " has no snapshots"));
  }

  /**
   * Lists the images, snapshots and GPUs to choose from, for people who make a deployment.
   *
   * @return the catalog; empty lists where nothing is known
   */
  default CompletionStage<ProviderCatalog> catalog() {
    return CompletableFuture.completedFuture(ProviderCatalog.empty());
  }

  /**
   * Ends the use. Called once, after the last instance is released or detached. Nothing that was
   * started and not detached may survive it.
   */
  @Override
  default void close() {}
}
