package dev.autodeploy.internal;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ProviderOffer;
import dev.autodeploy.spi.Scheduler.Cancellable;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The deployments of one engine: makes, finds and ends their controllers, keeps them in the store,
 * and settles what earlier processes have left.
 */
public final class Engine {
  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

  /** How long the provider may take to list what is there when the engine starts. */
  private static final Duration LIST_LIMIT = Duration.ofMinutes(1);

  /** How often use is written to the ledger and orphans are looked for. */
  private static final Duration UPKEEP = Duration.ofSeconds(30);

  /** How long what was found is kept for a deployment that the host has not declared yet. */
  private static final Duration CLAIM_TIME = Duration.ofMinutes(1);

  private static final Duration ORPHAN_GRACE = Duration.ofSeconds(10);

  private final EngineConfig config;
  private final EngineResources resources;
  private final EngineContext context;
  private final LedgerReplay replay;
  private final long startedAt;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Map<String, DeploymentController> controllers = new LinkedHashMap<>();
  private final Map<String, ProviderInstance> unclaimed = new LinkedHashMap<>();
  private @Nullable Cancellable upkeep;
  private @Nullable CompletableFuture<Void> closing;

  private Engine(EngineConfig config) {
    this.config = config;
    this.resources = new EngineResources(config);
    try {
      StoredState state = config.store().load();
      String owner = owner(state);
      this.replay = new LedgerReplay(config.store().ledger());
      this.context = resources.context(owner);
      this.startedAt = context.ticker().read();
      config.provider().open(new ProviderContext(owner, new Observer()));
      restore(state);
      if (!owner.equals(state.owner())) {
        save();
      }
      takeOver();
      openAll();
      scheduleUpkeep();
    } catch (RuntimeException | Error e) {
      resources.close(e);
      throw e;
    }
  }

  /**
   * Starts an engine.
   *
   * @param config its settings
   * @return the engine, which has settled what earlier processes left
   */
  public static Engine start(EngineConfig config) {
    Engine engine = new Engine(config);
    engine.resources.closeOnShutdown(engine::close);
    return engine;
  }

  private String owner(StoredState state) {
    String stored = state.owner();
    String configured = config.owner();
    if (stored != null && configured != null && !stored.equals(configured)) {
      throw new AutoDeployException(
          ErrorCode.STATE_FAILED,
          null,
          "the stored state belongs to owner '"
              + stored
              + "', but the engine is configured for owner '"
              + configured
              + "': its instances would not be recognised. Use the stored owner or another state");
    }
    if (configured != null) {
      return configured;
    }
    return stored != null ? stored : "ad-" + letters(resources.random(), 12);
  }

  // What earlier processes have left.

  private void restore(StoredState state) {
    for (StoredDeployment stored : state.deployments()) {
      controllers.put(stored.spec().name(), controller(stored.spec(), stored.createdAt()));
    }
  }

  private void takeOver() {
    List<ProviderInstance> found;
    try {
      InstanceProvider provider = context.provider();
      found = context.call(LIST_LIMIT, () -> provider.list(context.owner())).join();
    } catch (CompletionException e) {
      if (EngineContext.unwrap(e) instanceof AutoDeployException known) {
        throw known;
      }
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          "the instances that an earlier process may have left could not be listed: "
              + EngineContext.describe(e),
          e);
    }
    for (ProviderInstance instance : found) {
      DeploymentController controller = controllers.get(instance.deployment());
      if (controller != null) {
        takeOver(controller, instance);
      } else {
        unclaimed.put(instance.instanceId(), instance);
      }
    }
    for (OpenUsage open : List.copyOf(replay.open().values())) {
      if (!unclaimed.containsKey(open.started().instanceId())) {
        settle(open, context.clock().instant());
      }
    }
  }

  private void takeOver(DeploymentController controller, ProviderInstance instance) {
    controller.takeOver(instance, replay.open().remove(instance.instanceId()));
  }

  /**
   * Closes the account of an instance that nobody has: up to now, since no earlier end is known.
   */
  private void settle(OpenUsage open, Instant end) {
    LedgerEntry.Started started = open.started();
    LedgerEntry.Used used = open.used();
    UsageInterval usage =
        new UsageInterval(
            started.deployment(),
            started.instanceId(),
            started.gpu(),
            started.at(),
            used == null ? null : used.readyAt(),
            null,
            end.isBefore(started.at()) ? started.at() : end,
            false,
            used == null ? Duration.ZERO : used.busy());
    replay.close(usage);
    context.ledger().appendSurely(new LedgerEntry.Released(usage));
    DeploymentController controller = controllers.get(started.deployment());
    if (controller != null) {
      controller.addClosed(List.of(usage));
    }
    LOG.warn(
        "{}: instance {} of an earlier process is gone, and when it ended is not known; it is counted"
            + " until now",
        started.deployment(),
        started.instanceId());
  }

  private void openAll() {
    controllers.values().forEach(DeploymentController::open);
  }

  private void releaseOrphan(ProviderInstance orphan) {
    LOG.warn(
        "{}: instance {} belongs to no deployment and is released",
        orphan.deployment(),
        orphan.instanceId());
    InstanceProvider provider = context.provider();
    context
        .call(() -> provider.release(orphan.instanceId(), ORPHAN_GRACE))
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                LOG.error(
                    "{}: orphan {} could not be released, it is tried again: {}",
                    orphan.deployment(),
                    orphan.instanceId(),
                    EngineContext.describe(error));
              } else {
                settleOrphan(orphan);
              }
            });
  }

  private void settleOrphan(ProviderInstance orphan) {
    lock.lock();
    try {
      OpenUsage open = replay.open().get(orphan.instanceId());
      if (open != null) {
        InstanceExit exit = orphan.exit();
        Instant end = exit == null ? null : exit.at();
        settle(open, end == null ? context.clock().instant() : end);
      }
    } finally {
      lock.unlock();
    }
  }

  // Upkeep.

  private void scheduleUpkeep() {
    lock.lock();
    try {
      if (closing == null) {
        upkeep = context.scheduler().schedule(UPKEEP, this::upkeep);
      }
    } finally {
      lock.unlock();
    }
  }

  private void upkeep() {
    context
        .providerExecutor()
        .execute(
            () -> {
              context.ledger().retry();
              all().forEach(DeploymentController::checkpoint);
              sweep();
              scheduleUpkeep();
            });
  }

  /** Looks for instances of ours that no deployment knows: a start that was given up came late. */
  private void sweep() {
    InstanceProvider provider = context.provider();
    context
        .call(LIST_LIMIT, () -> provider.list(context.owner()))
        .whenComplete(
            (found, error) -> {
              if (error != null) {
                LOG.warn("Orphans could not be looked for: {}", EngineContext.describe(error));
                return;
              }
              found.stream().filter(this::isOrphan).forEach(this::releaseOrphan);
            });
  }

  private boolean isOrphan(ProviderInstance instance) {
    lock.lock();
    try {
      if (closing != null) {
        return false;
      }
      boolean claimable =
          unclaimed.containsKey(instance.instanceId())
              && context.ticker().read() - startedAt < CLAIM_TIME.toNanos();
      if (claimable) {
        return false;
      }
      unclaimed.remove(instance.instanceId());
      DeploymentController controller = controllers.get(instance.deployment());
      return controller == null || controller.find(instance.instanceId()) == null;
    } finally {
      lock.unlock();
    }
  }

  // What the host application asks.

  /**
   * Makes a deployment or brings it in line.
   *
   * @param spec what is deployed
   * @return the deployment
   */
  public Deployment deploy(DeploymentSpec spec) {
    context.provider().validate(spec);
    DeploymentController made;
    lock.lock();
    try {
      checkOpen();
      DeploymentController existing = controllers.get(spec.name());
      if (existing != null) {
        return existing.spec().equals(spec) ? existing : update(existing, spec);
      }
      made = controller(spec, context.clock().instant());
      controllers.put(spec.name(), made);
      try {
        save();
      } catch (RuntimeException e) {
        controllers.remove(spec.name());
        throw e;
      }
      claim(made);
    } finally {
      lock.unlock();
    }
    context.events().publish(new DeploymentEvent.Created(made.createdAt(), spec.name()));
    made.open();
    return made;
  }

  private void claim(DeploymentController controller) {
    for (Iterator<ProviderInstance> i = unclaimed.values().iterator(); i.hasNext(); ) {
      ProviderInstance instance = i.next();
      if (instance.deployment().equals(controller.name())) {
        i.remove();
        takeOver(controller, instance);
      }
    }
  }

  /**
   * Replaces a deployment's specification.
   *
   * @param spec the new one
   * @return the deployment
   */
  public Deployment update(DeploymentSpec spec) {
    context.provider().validate(spec);
    lock.lock();
    try {
      checkOpen();
      return update(existing(spec.name()), spec);
    } finally {
      lock.unlock();
    }
  }

  private Deployment update(DeploymentController controller, DeploymentSpec spec) {
    if (controller.isRemoved()) {
      throw new AutoDeployException(
          ErrorCode.DEPLOYMENT_NOT_FOUND,
          spec.name(),
          "deployment '"
              + spec.name()
              + "' is being removed; make it again when its instances are gone");
    }
    save(spec.name(), spec);
    controller.update(spec);
    return controller;
  }

  /**
   * Removes a deployment.
   *
   * @param name its name
   * @return completes when nothing is left of it
   */
  public CompletableFuture<Void> remove(String name) {
    lock.lock();
    try {
      checkOpen();
      DeploymentController controller = existing(name);
      save(name, null);
      return controller
          .remove()
          .thenRun(
              () -> {
                forget(controller);
                context
                    .events()
                    .publish(new DeploymentEvent.Removed(context.clock().instant(), name));
              });
    } finally {
      lock.unlock();
    }
  }

  private void forget(DeploymentController controller) {
    lock.lock();
    try {
      controllers.remove(controller.name(), controller);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns all deployments.
   *
   * @return in the order in which they were made
   */
  public List<Deployment> deployments() {
    return List.copyOf(all());
  }

  /**
   * Finds a deployment.
   *
   * @param name its name
   * @return the deployment, or empty
   */
  public Optional<Deployment> find(String name) {
    lock.lock();
    try {
      return Optional.ofNullable(controllers.get(name));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns a deployment that exists.
   *
   * @param name its name
   * @return the deployment
   */
  public Deployment deployment(String name) {
    lock.lock();
    try {
      return existing(name);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Adds a listener.
   *
   * @param listener gets events from now on
   */
  public void addListener(DeploymentListener listener) {
    context.events().add(listener);
  }

  /**
   * Removes a listener.
   *
   * @param listener gets no more events
   */
  public void removeListener(DeploymentListener listener) {
    context.events().remove(listener);
  }

  /**
   * Returns the owner.
   *
   * @return under which instances are labelled
   */
  public String owner() {
    return context.owner();
  }

  /**
   * Returns the provider's name.
   *
   * @return the name
   */
  public String providerName() {
    return context.provider().name();
  }

  /**
   * Tells what the provider has to choose from.
   *
   * @return images, snapshots, GPUs
   */
  public CompletableFuture<ProviderOffer> offer() {
    return context.call(() -> context.provider().offer());
  }

  /**
   * Deletes a snapshot.
   *
   * @param reference its reference
   * @return completes when it is gone
   */
  public CompletableFuture<Void> deleteSnapshot(String reference) {
    return context.call(() -> context.provider().deleteSnapshot(reference));
  }

  /** Ends the engine; a second call waits for the first. */
  public void close() {
    CompletableFuture<Void> closed = new CompletableFuture<>();
    CompletableFuture<Void> earlier;
    lock.lock();
    try {
      earlier = closing;
      if (earlier == null) {
        closing = closed;
        if (upkeep != null) {
          upkeep.cancel();
        }
      }
    } finally {
      lock.unlock();
    }
    if (earlier != null) {
      earlier.join();
      return;
    }
    RuntimeException failure = null;
    try {
      releaseAll();
    } catch (RuntimeException e) {
      failure = e;
    }
    try {
      failure = resources.close(failure) instanceof RuntimeException e ? e : null;
    } finally {
      closed.complete(null);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void releaseAll() {
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    Duration limit = config.drainTimeout().plus(config.releaseTimeout());
    Duration grace = Duration.ZERO;
    for (DeploymentController controller : all()) {
      Duration own = controller.spec().releaseGrace();
      grace = own.compareTo(grace) > 0 ? own : grace;
      ends.add(controller.close(config.drainTimeout(), config.leaveInstances()));
    }
    List<ProviderInstance> rest = config.leaveInstances() ? List.of() : takeUnclaimed();
    rest.forEach(orphan -> ends.add(releaseNow(orphan)));
    CompletableFuture<Void> all =
        CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new));
    CompletableFuture<Void> late = new CompletableFuture<>();
    Cancellable timeout =
        context.scheduler().schedule(limit.plus(grace), () -> late.complete(null));
    CompletableFuture.anyOf(all, late).join();
    timeout.cancel();
    if (!all.isDone()) {
      List<String> left = all().stream().flatMap(c -> c.instanceIds().stream()).toList();
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          "these instances could not be verified gone and may still run: "
              + left
              + "; check them at provider "
              + context.provider().name()
              + ", or start the engine again with the same owner '"
              + context.owner()
              + "' to release them");
    }
  }

  private CompletableFuture<Void> releaseNow(ProviderInstance orphan) {
    InstanceProvider provider = context.provider();
    return context
        .call(() -> provider.release(orphan.instanceId(), ORPHAN_GRACE))
        .thenRun(() -> settleOrphan(orphan));
  }

  private List<ProviderInstance> takeUnclaimed() {
    lock.lock();
    try {
      List<ProviderInstance> rest = List.copyOf(unclaimed.values());
      unclaimed.clear();
      return rest;
    } finally {
      lock.unlock();
    }
  }

  // Small things.

  private DeploymentController controller(DeploymentSpec spec, Instant createdAt) {
    RandomGenerator own = new SplittableRandom(resources.random().nextLong());
    Supplier<String> ids = () -> spec.name() + "-" + letters(own, 8);
    DeploymentController controller =
        new DeploymentController(context.withRandom(own), spec, createdAt, ids);
    controller.addClosed(replay.closed(spec.name()));
    return controller;
  }

  private static String letters(RandomGenerator random, int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(Character.forDigit(random.nextInt(36), 36));
    }
    return text.toString();
  }

  private DeploymentController existing(String name) {
    DeploymentController controller = controllers.get(name);
    if (controller == null) {
      throw new AutoDeployException(
          ErrorCode.DEPLOYMENT_NOT_FOUND,
          name,
          "there is no deployment '" + name + "'; there are " + controllers.keySet());
    }
    return controller;
  }

  private List<DeploymentController> all() {
    lock.lock();
    try {
      return List.copyOf(controllers.values());
    } finally {
      lock.unlock();
    }
  }

  private void checkOpen() {
    if (closing != null) {
      throw new AutoDeployException(ErrorCode.CLOSED, null, "the engine is closed");
    }
  }

  private void save() {
    save(null, null);
  }

  /**
   * Saves the deployments, one of them with another specification, or without it if that is null.
   */
  private void save(@Nullable String changed, @Nullable DeploymentSpec spec) {
    List<StoredDeployment> stored = new ArrayList<>();
    for (DeploymentController controller : controllers.values()) {
      DeploymentSpec current = controller.name().equals(changed) ? spec : controller.spec();
      if (current != null && !controller.isRemoved()) {
        stored.add(new StoredDeployment(current, controller.createdAt()));
      }
    }
    config.store().save(new StoredState(context.owner(), stored));
  }

  /** Finds the deployment that a provider's message is about. */
  private final class Observer implements InstanceObserver {

    @Override
    public void exited(String instanceId, InstanceExit exit) {
      for (DeploymentController controller : all()) {
        Instance instance = controller.find(instanceId);
        if (instance != null) {
          controller.exited(instance, exit);
          return;
        }
      }
    }

    @Override
    public void progress(String instanceId, StartProgress progress) {
      for (DeploymentController controller : all()) {
        Instance instance = controller.find(instanceId);
        if (instance != null) {
          controller.progress(instance, progress);
          return;
        }
      }
    }
  }
}
