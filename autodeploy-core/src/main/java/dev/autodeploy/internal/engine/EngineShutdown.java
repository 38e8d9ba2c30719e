package dev.autodeploy.internal.engine;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.deployment.Departure;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Scheduler.Cancellable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of an engine, in this order: maintenance ends; all instances are released, or detached;
 * the ledger is written; listeners get the last events; no call reaches the provider any longer;
 * resources are closed. A step that fails does not stop the next ones.
 */
final class EngineShutdown {
  private static final Logger LOG = LoggerFactory.getLogger(EngineShutdown.class);

  /** The time that the provider may take to detach an instance that nobody claimed. */
  private static final Duration DETACH_LIMIT = Duration.ofMinutes(1);

  /** The time that the provider may take for the last list. */
  private static final Duration LAST_LOOK_LIMIT = Duration.ofSeconds(10);

  /** The time that listeners have to take the last events. */
  private static final Duration EVENTS_LIMIT = Duration.ofSeconds(5);

  /** The time that the calls of the provider have to return which are being made. */
  private static final Duration CALLS_LIMIT = Duration.ofSeconds(5);

  /** The longest wait: nanoseconds of more would not fit a long. */
  private static final Duration LONGEST_WAIT = Duration.ofDays(3650);

  private final EngineConfig config;
  private final EngineResources resources;
  private final EngineServices services;
  private final EngineLifecycle lifecycle;
  private final DeploymentRegistry registry;
  private final UnclaimedInstances unclaimed;
  private final OrphanReleaser orphans;
  private final Maintenance maintenance;
  private final BudgetKeeper budget;

  EngineShutdown(
      EngineConfig config,
      EngineResources resources,
      EngineServices services,
      EngineLifecycle lifecycle,
      DeploymentRegistry registry,
      UnclaimedInstances unclaimed,
      OrphanReleaser orphans,
      Maintenance maintenance,
      BudgetKeeper budget) {
    this.config = config;
    this.resources = resources;
    this.services = services;
    this.lifecycle = lifecycle;
    this.registry = registry;
    this.unclaimed = unclaimed;
    this.orphans = orphans;
    this.maintenance = maintenance;
    this.budget = budget;
  }

  /**
   * Ends the engine, or waits for the close that has begun before. Where another engine acts in its
   * place, the instances are that one's.
   */
  void close() {
    if (!resources.provider().mayAct()) {
      leave(Duration.ZERO);
      return;
    }
    CompletableFuture<Void> closed = new CompletableFuture<>();
    CompletableFuture<Void> earlier = services.lock().locked(() -> lifecycle.begin(closed));
    if (earlier != null) {
      earlier.join();
      return;
    }
    Throwable failure = runSteps(closed);
    if (failure instanceof Error e) {
      throw e;
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    }
  }

  /**
   * Ends the engine, and leaves its instances as they are to the engine of another replica: but not
   * before those are gone whose release is under way, or that one would lend them until they go.
   *
   * @param leads for how long this one still leads at most; zero if it does not: then nothing is
   *     written any longer
   */
  void leave(Duration leads) {
    resources.provider().onlyDetaches();
    boolean led = !leads.isZero();
    if (led) {
      within(leads, resources.provider().releasesAnswered());
    }
    CompletableFuture<Void> closed = new CompletableFuture<>();
    CompletableFuture<Void> earlier = services.lock().locked(() -> lifecycle.begin(closed));
    if (earlier != null) {
      earlier.join();
      return;
    }
    Throwable failure =
        runSteps(closed, () -> detachAll(led), led ? this::finishRecords : () -> {});
    if (failure != null) {
      LOG.warn("The engine was left to another replica with an error", failure);
    }
  }

  private void detachAll(boolean led) {
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    List<Departure> departures =
        registry.all().stream().map(DeploymentController::departure).toList();
    departures.forEach(it -> ends.addAll(it.begin()));
    List<ProviderInstance> rest = services.lock().locked(unclaimed::takeAll);
    rest.forEach(instance -> ends.add(detach(instance)));
    within(DETACH_LIMIT, allOf(ends));
    if (led) {
      departures.forEach(Departure::writeUse);
    }
  }

  private @Nullable Throwable runSteps(CompletableFuture<Void> closed) {
    return runSteps(closed, this::releaseAll, this::finishRecords);
  }

  private void finishRecords() {
    services.records().write();
    services.ledger().finish();
  }

  private @Nullable Throwable runSteps(
      CompletableFuture<Void> closed, Runnable instances, Runnable ledger) {
    List<Runnable> steps =
        List.of(
            maintenance::end,
            instances,
            ledger,
            budget::end, // until here it may still end
            () -> within(EVENTS_LIMIT, services.events().allDelivered()),
            () -> within(CALLS_LIMIT, resources.provider().end()));
    Throwable failure = null;
    boolean interrupted = false;
    try {
      for (Runnable step : steps) {
        // Clear the interrupt first: providers and stores would abort on an interrupted thread.
        interrupted |= Thread.interrupted();
        try {
          step.run();
        } catch (RuntimeException | Error e) {
          failure = Errors.first(failure, e);
        }
      }
      interrupted |= Thread.interrupted();
      return resources.close(failure);
    } finally {
      closed.complete(null);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void releaseAll() {
    Duration limit = shorter(config.drainTimeout()).plus(shorter(config.releaseTimeout()));
    Duration grace = Duration.ZERO;
    List<CompletableFuture<Void>> ends = new ArrayList<>(endUnclaimed());
    for (DeploymentController controller : registry.all()) {
      Duration own = controller.spec().releaseGrace();
      grace = own.compareTo(grace) > 0 ? own : grace;
      ends.add(controller.close(config.drainTimeout(), config.keepInstances()));
    }
    within(limit.plus(grace), allOf(ends));
    if (!config.keepInstances() && services.ledger().hasEnds()) {
      within(limit.plus(grace), allOf(releaseOverlooked()));
    }
    List<String> remaining =
        registry.all().stream().flatMap(it -> it.instanceIds().stream()).toList();
    if (!remaining.isEmpty()) {
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          "these instances could not be verified gone and may still run: "
              + remaining
              + "; check them at provider "
              + services.provider().name()
              + ", or start the engine again with the same owner '"
              + services.owner()
              + "' to release them");
    }
  }

  /** Releases or detaches the instances that no deployment has claimed. */
  private List<CompletableFuture<Void>> endUnclaimed() {
    List<ProviderInstance> rest =
        services
            .lock()
            .locked(
                () -> {
                  List<ProviderInstance> all = unclaimed.takeAll();
                  if (!config.keepInstances()) {
                    all.forEach(orphans::release);
                  }
                  return all;
                });
    return config.keepInstances() ? rest.stream().map(this::detach).toList() : List.of();
  }

  private CompletableFuture<Void> detach(ProviderInstance instance) {
    return services
        .calls()
        .call(DETACH_LIMIT, () -> services.provider().detach(instance.instanceId()))
        .exceptionally(error -> null); // the next engine finds what became of it
  }

  /**
   * Looks once more, before the provider is closed: an instance whose release was only said to be
   * done may have been missing from the list that verified it, and no later look follows.
   */
  private List<CompletableFuture<Void>> releaseOverlooked() {
    List<ProviderInstance> found =
        services
            .calls()
            .list(LAST_LOOK_LIMIT)
            .exceptionally(
                error -> {
                  LOG.warn("No last look was possible: {}", Errors.describe(error));
                  return List.of();
                })
            .join();
    services
        .lock()
        .locked(
            () ->
                found.stream()
                    .filter(it -> registry.holder(it.instanceId()) == null)
                    .forEach(orphans::release));
    return registry.all().stream().map(it -> it.close(config.drainTimeout(), false)).toList();
  }

  private static CompletableFuture<Void> allOf(List<CompletableFuture<Void>> futures) {
    return CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new));
  }

  /** Waits until something is done, or a limit has passed. */
  private void within(Duration limit, CompletableFuture<?> done) {
    CompletableFuture<Void> late = new CompletableFuture<>();
    Cancellable timeout = services.timers().schedule(limit, () -> late.complete(null));
    CompletableFuture.anyOf(done.exceptionally(error -> null), late).join();
    timeout.cancel();
  }

  private static Duration shorter(Duration limit) {
    return limit.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : limit;
  }
}
