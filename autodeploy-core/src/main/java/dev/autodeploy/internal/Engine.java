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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
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

  /** How long closing waits for listeners to get the last events. */
  private static final Duration EVENTS_LIMIT = Duration.ofSeconds(5);

  /** Longer waits than this are no different, and their nanoseconds would not fit a long. */
  private static final Duration LONGEST_WAIT = Duration.ofDays(3650);

  private final EngineConfig config;
  private final EngineResources resources;
  private final EngineContext context;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Leftovers leftovers;
  private @Nullable Cancellable upkeep;
  private @Nullable CompletableFuture<Void> closing;

  /** By name, in order; replaced under the lock, and read without: requests look here. */
  private volatile Map<String, DeploymentController> controllers = Map.of();

  private Engine(EngineConfig config) {
    this.config = config;
    this.resources = new EngineResources(config);
    try {
      StoredState state = config.store().load();
      String owner = owner(state);
      this.context = resources.context(owner);
      this.leftovers = new Leftovers(context, config.store().ledger());
      config.provider().open(new ProviderContext(owner, new Observer()));
      restore(state);
      if (!owner.equals(state.owner())) {
        save(controllers);
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
    try {
      engine.resources.closeOnShutdown(engine::close);
    } catch (RuntimeException e) { // the process is ending already
      engine.close();
      throw e;
    }
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
    Map<String, DeploymentController> restored = new LinkedHashMap<>();
    for (StoredDeployment stored : state.deployments()) {
      restored.put(stored.spec().name(), controller(stored.spec(), stored.createdAt()));
    }
    controllers = Collections.unmodifiableMap(restored);
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
    lock.lock();
    try {
      leftovers.found(found);
      all().forEach(leftovers::claim);
      addClosed(leftovers.settleGone());
    } finally {
      lock.unlock();
    }
    all().forEach(DeploymentController::carryOut);
  }

  private void addClosed(List<UsageInterval> usage) {
    for (UsageInterval interval : usage) {
      DeploymentController controller = controllers.get(interval.deployment());
      if (controller != null) {
        controller.addClosed(List.of(interval));
      }
    }
  }

  private void openAll() {
    all().forEach(DeploymentController::open);
  }

  /** Releases an instance that is nobody's; completes with whether it is gone. */
  private CompletableFuture<Boolean> releaseOrphan(ProviderInstance orphan) {
    return leftovers
        .release(orphan)
        .thenApply(
            gone -> {
              if (gone) {
                settle(orphan);
              }
              return gone;
            });
  }

  private void settle(ProviderInstance orphan) {
    lock.lock();
    try {
      addClosed(leftovers.settle(orphan));
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
              try {
                context.ledger().retry();
                all().forEach(DeploymentController::checkpoint);
                sweep();
              } finally {
                scheduleUpkeep();
              }
            });
  }

  /**
   * Looks for instances of ours that no deployment knows, as when a start that was given up came
   * late, and for those that have ended without a word.
   */
  private void sweep() {
    InstanceProvider provider = context.provider();
    context
        .call(LIST_LIMIT, () -> provider.list(context.owner()))
        .whenComplete(
            (found, error) -> {
              if (error != null) {
                LOG.warn("Orphans could not be looked for: {}", EngineContext.describe(error));
              } else {
                found.forEach(this::look);
              }
            });
  }

  private void look(ProviderInstance found) {
    boolean orphan;
    DeploymentController controller;
    Instance instance;
    lock.lock();
    try {
      controller = controllers.get(found.deployment());
      instance = controller == null ? null : controller.find(found.instanceId());
      orphan = closing == null && instance == null && leftovers.isOrphan(found);
    } finally {
      lock.unlock();
    }
    InstanceExit exit = found.exit();
    if (orphan) {
      releaseOrphan(found);
    } else if (controller != null && instance != null && exit != null) {
      controller.exited(instance, exit);
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
    DeploymentController controller;
    boolean made;
    lock.lock();
    try {
      checkOpen();
      DeploymentController existing = controllers.get(spec.name());
      made = existing == null;
      controller = existing == null ? make(spec) : existing;
      if (existing != null && (existing.isRemoved() || !existing.spec().equals(spec))) {
        update(existing, spec);
      }
    } finally {
      lock.unlock();
    }
    if (made) {
      context
          .events()
          .publish(new DeploymentEvent.Created(controller.createdAt(), controller.name()));
    }
    controller.carryOut();
    controller.open();
    return controller;
  }

  private DeploymentController make(DeploymentSpec spec) {
    DeploymentController made = controller(spec, context.clock().instant());
    Map<String, DeploymentController> next = new LinkedHashMap<>(controllers);
    next.put(spec.name(), made);
    save(next);
    controllers = Collections.unmodifiableMap(next);
    leftovers.claim(made);
    return made;
  }

  /**
   * Replaces a deployment's specification.
   *
   * @param spec the new one
   * @return the deployment
   */
  public Deployment update(DeploymentSpec spec) {
    context.provider().validate(spec);
    DeploymentController controller;
    lock.lock();
    try {
      checkOpen();
      controller = existing(spec.name());
      update(controller, spec);
    } finally {
      lock.unlock();
    }
    controller.carryOut();
    return controller;
  }

  private void update(DeploymentController controller, DeploymentSpec spec) {
    if (controller.isRemoved()) {
      throw new AutoDeployException(
          ErrorCode.DEPLOYMENT_NOT_FOUND,
          spec.name(),
          "deployment '"
              + spec.name()
              + "' is being removed; make it again when its instances are gone");
    }
    save(controllers, spec.name(), spec);
    controller.update(spec);
  }

  /**
   * Removes a deployment.
   *
   * @param name its name
   * @return completes when nothing is left of it
   */
  public CompletableFuture<Void> remove(String name) {
    DeploymentController controller;
    CompletableFuture<Void> gone;
    lock.lock();
    try {
      checkOpen();
      controller = existing(name);
      save(controllers, name, null);
      gone = controller.remove();
    } finally {
      lock.unlock();
    }
    CompletableFuture<Void> removed = gone.thenRun(() -> forget(controller));
    controller.carryOut();
    return removed;
  }

  private void forget(DeploymentController controller) {
    boolean known;
    lock.lock();
    try {
      Map<String, DeploymentController> next = new LinkedHashMap<>(controllers);
      known = next.remove(controller.name(), controller);
      controllers = Collections.unmodifiableMap(next);
    } finally {
      lock.unlock();
    }
    if (known) {
      context
          .events()
          .publish(new DeploymentEvent.Removed(context.clock().instant(), controller.name()));
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
    return Optional.ofNullable(controllers.get(name));
  }

  /**
   * Returns a deployment that exists.
   *
   * @param name its name
   * @return the deployment
   */
  public Deployment deployment(String name) {
    return existing(name);
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
    context.ledger().retry();
    within(EVENTS_LIMIT, context.events().allDelivered());
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
    Duration limit = shorter(config.drainTimeout()).plus(shorter(config.releaseTimeout()));
    Duration grace = Duration.ZERO;
    for (DeploymentController controller : all()) {
      Duration own = controller.spec().releaseGrace();
      grace = own.compareTo(grace) > 0 ? own : grace;
      ends.add(controller.close(config.drainTimeout(), config.leaveInstances()));
    }
    List<String> left = new CopyOnWriteArrayList<>();
    for (ProviderInstance orphan : config.leaveInstances() ? List.<ProviderInstance>of() : rest()) {
      left.add(orphan.instanceId());
      ends.add(
          releaseOrphan(orphan)
              .thenAccept(gone -> left.removeIf(id -> gone && id.equals(orphan.instanceId()))));
    }
    within(limit.plus(grace), CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new)));
    all().forEach(controller -> left.addAll(controller.instanceIds()));
    if (!left.isEmpty()) {
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

  private static Duration shorter(Duration limit) {
    return limit.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : limit;
  }

  /** Waits until something is done, or a limit has passed. */
  private void within(Duration limit, CompletableFuture<?> done) {
    CompletableFuture<Void> late = new CompletableFuture<>();
    Cancellable timeout = context.scheduler().schedule(limit, () -> late.complete(null));
    CompletableFuture.anyOf(done.exceptionally(error -> null), late).join();
    timeout.cancel();
  }

  private List<ProviderInstance> rest() {
    lock.lock();
    try {
      return leftovers.giveUp();
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
    controller.addClosed(leftovers.closed(spec.name()));
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
    return List.copyOf(controllers.values());
  }

  private void checkOpen() {
    if (closing != null) {
      throw new AutoDeployException(ErrorCode.CLOSED, null, "the engine is closed");
    }
  }

  private void save(Map<String, DeploymentController> all) {
    save(all, "", null);
  }

  /**
   * Saves the deployments, one of them with another specification, or without it if that is null.
   */
  private void save(
      Map<String, DeploymentController> all, String changed, @Nullable DeploymentSpec spec) {
    List<StoredDeployment> stored = new ArrayList<>();
    for (DeploymentController controller : all.values()) {
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
