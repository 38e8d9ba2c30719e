package dev.autodeploy.internal.engine;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.ledger.OpenEntry;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Scheduler.Cancellable;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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

  /** How long it may take for the last list, when the engine is closed. */
  private static final Duration LAST_LOOK_LIMIT = Duration.ofSeconds(10);

  /** How often use is written to the ledger and orphans are looked for. */
  private static final Duration UPKEEP = Duration.ofSeconds(30);

  /** How long closing waits for listeners to get the last events. */
  private static final Duration EVENTS_LIMIT = Duration.ofSeconds(5);

  /** Longer waits than this are no different, and their nanoseconds would not fit a long. */
  private static final Duration LONGEST_WAIT = Duration.ofDays(3650);

  /** So many deployments share one save, during which nothing else can be deployed. */
  private static final int SAVED_AT_ONCE = 100;

  private final EngineConfig config;
  private final EngineResources resources;
  private final EngineServices context;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final UnclaimedInstances leftovers;
  private @Nullable Cancellable upkeep;
  private @Nullable CompletableFuture<Void> closing;

  /** Changed under the lock. */
  private final DeploymentRegistry controllers;

  private final DeploymentStore stored;

  private final OrphanDetector orphans;
  private final Report report = new Report();

  private Engine(EngineConfig config) {
    this.config = config;
    this.resources = new EngineResources(config);
    try {
      StoredState state = config.store().load();
      String owner = owner(state);
      this.context = resources.context(owner);
      this.controllers = new DeploymentRegistry();
      this.stored = new DeploymentStore(config.store(), this::current);
      this.leftovers = new UnclaimedInstances(context, config.store().ledger());
      this.orphans = new OrphanDetector(context, controllers, this::releaseOrphans);
      config.provider().open(new ProviderContext(owner, new Observer()));
      restore(state);
      if (!owner.equals(state.owner())) {
        config.store().saveOwner(owner);
      }
      takeOver(state.owner() != null);
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
    for (StoredDeployment stored : state.deployments()) {
      controllers.add(controller(stored.spec(), stored.createdAt()));
    }
  }

  /**
   * Settles what earlier processes have left.
   *
   * @param declarationsAreStored whether what belongs to no stored deployment is nobody's; else the
   *     host gets some time to declare its deployments
   */
  private void takeOver(boolean declarationsAreStored) {
    List<ProviderInstance> found;
    try {
      InstanceProvider provider = context.provider();
      found = context.call(LIST_LIMIT, () -> provider.list(context.owner())).join();
    } catch (CompletionException e) {
      if (EngineServices.unwrap(e) instanceof AutoDeployException known) {
        throw known;
      }
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          "the instances that an earlier process may have left could not be listed: "
              + EngineServices.describe(e),
          e);
    }
    lock.lock();
    try {
      leftovers.found(found);
      controllers.declared().forEach(leftovers::claim);
      addClosed(leftovers.settleGone());
      if (declarationsAreStored) {
        leftovers.giveUp().forEach(this::releaseOrphan);
      }
    } finally {
      lock.unlock();
    }
    controllers.busy().forEach(DeploymentController::carryOut);
  }

  private void addClosed(List<UsageInterval> usage) {
    for (UsageInterval interval : usage) {
      DeploymentController controller = controllers.find(interval.deployment());
      if (controller != null) {
        controller.addClosed(List.of(interval));
      }
    }
  }

  private void openAll() {
    controllers.declared().forEach(DeploymentController::open);
  }

  /**
   * Releases an instance that is nobody's, as an instance of a deployment that was removed: so its
   * release is verified, its account closed, and a deployment of that name made later waits for it.
   */
  private void releaseOrphan(ProviderInstance orphan) {
    LOG.warn(
        "{}: instance {} belongs to no deployment and is released",
        orphan.deployment(),
        orphan.instanceId());
    DeploymentController declared = controllers.find(orphan.deployment());
    GpuRequest gpu = declared == null ? GpuRequest.none() : declared.spec().gpu();
    OpenEntry account = leftovers.account(orphan, gpu);
    for (DeploymentController holder : controllers.named(orphan.deployment())) {
      if (holder.reap(orphan, account)) {
        return;
      }
    }
    DeploymentController made =
        controller(
            DeploymentSpec.builder(orphan.deployment()).port(0).build(), context.clock().instant());
    controllers.addUndeclared(made);
    made.reap(orphan, account);
    made.remove().thenRun(() -> controllers.removeUndeclared(made));
  }

  private boolean releaseLate(ProviderInstance late) {
    lock.lock();
    try {
      if (closing != null) {
        return false;
      }
      if (controllers.holder(late.instanceId()) == null) {
        releaseOrphan(late);
      }
    } finally {
      lock.unlock();
    }
    controllers.busy().forEach(DeploymentController::carryOut);
    return true;
  }

  // Upkeep.

  private void scheduleUpkeep() {
    lock.lock();
    try {
      if (closing == null) {
        upkeep = context.later(UPKEEP, this::upkeep);
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
                controllers.busy().forEach(DeploymentController::upkeep);
                orphans.sweep();
              } finally {
                scheduleUpkeep();
              }
            });
  }

  private void releaseOrphans(List<ProviderInstance> found) {
    lock.lock();
    try {
      if (closing != null) {
        return;
      }
      for (ProviderInstance instance : found) {
        if (controllers.holder(instance.instanceId()) == null && !leftovers.isClaimable(instance)) {
          releaseOrphan(instance);
        }
      }
    } finally {
      lock.unlock();
    }
    controllers.busy().forEach(DeploymentController::carryOut);
  }

  // What the host application asks.

  /**
   * Makes a deployment or brings it in line.
   *
   * @param spec what is deployed
   * @return the deployment
   */
  public Deployment deploy(DeploymentSpec spec) {
    return deployAll(List.of(spec)).get(0);
  }

  /**
   * Makes deployments or brings them in line.
   *
   * @param specs what is deployed
   * @return the deployments, in the same order
   */
  public List<Deployment> deployAll(List<DeploymentSpec> specs) {
    Set<String> names = new HashSet<>();
    for (DeploymentSpec spec : specs) {
      if (!names.add(spec.name())) {
        throw new IllegalArgumentException("two specifications are named '" + spec.name() + "'");
      }
      context.provider().validate(spec);
    }
    List<Deployment> deployed = new ArrayList<>(specs.size());
    for (int from = 0; from < specs.size(); from += SAVED_AT_ONCE) {
      int to = Math.min(specs.size(), from + SAVED_AT_ONCE);
      deployed.addAll(deploySome(specs.subList(from, to)));
    }
    return Collections.unmodifiableList(deployed);
  }

  private List<DeploymentController> deploySome(List<DeploymentSpec> specs) {
    List<DeploymentController> all = new ArrayList<>(specs.size());
    List<DeploymentController> made = new ArrayList<>();
    lock.lock();
    try {
      checkOpen();
      List<StoredDeployment> changed = new ArrayList<>();
      for (DeploymentSpec spec : specs) {
        DeploymentController existing = controllers.find(spec.name());
        if (existing == null) {
          changed.add(new StoredDeployment(spec, since(spec.name())));
        } else if (existing.isRemoved() || !existing.spec().equals(spec)) {
          refuseIfRemoved(existing);
          changed.add(new StoredDeployment(spec, existing.createdAt()));
        }
      }
      // Saved before anything is decided: a deployment that is not stored must not start anything.
      stored.saveAll(changed);
      for (StoredDeployment change : changed) {
        DeploymentController existing = controllers.find(change.spec().name());
        if (existing == null) {
          made.add(make(change));
        } else {
          existing.update(change.spec());
        }
      }
      specs.forEach(spec -> all.add(controllers.existing(spec.name())));
    } finally {
      lock.unlock();
    }
    for (DeploymentController controller : made) {
      context
          .events()
          .publish(new DeploymentEvent.Created(controller.createdAt(), controller.name()));
    }
    for (DeploymentController controller : all) {
      controller.carryOut();
      controller.open();
    }
    return all;
  }

  /** Returns since when the instances of a deployment to be made are its own. */
  private Instant since(String name) {
    DeploymentController undeclared = controllers.undeclared(name);
    Instant now = undeclared == null ? context.clock().instant() : undeclared.createdAt();
    // What it is about to claim is paid for by it, over the next restart too.
    return leftovers.since(name, now);
  }

  private DeploymentController make(StoredDeployment deployment) {
    DeploymentSpec spec = deployment.spec();
    DeploymentController made = controllers.undeclared(spec.name());
    if (made == null || !made.reopen(spec, deployment.createdAt())) {
      made = controller(spec, deployment.createdAt());
    }
    controllers.add(made);
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
      controller = controllers.existing(spec.name());
      refuseIfRemoved(controller);
      stored.save(new StoredDeployment(spec, controller.createdAt()));
      controller.update(spec);
    } finally {
      lock.unlock();
    }
    controller.carryOut();
    return controller;
  }

  private static void refuseIfRemoved(DeploymentController controller) {
    if (controller.isRemoved()) {
      throw new AutoDeployException(
          ErrorCode.DEPLOYMENT_NOT_FOUND,
          controller.name(),
          "deployment '"
              + controller.name()
              + "' is being removed; make it again when its instances are gone");
    }
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
      controller = controllers.existing(name);
      stored.remove(name);
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
      known = controllers.remove(controller);
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
    return List.copyOf(controllers.declared());
  }

  /**
   * Finds a deployment.
   *
   * @param name its name
   * @return the deployment, or empty
   */
  public Optional<Deployment> find(String name) {
    return Optional.ofNullable(controllers.find(name));
  }

  /**
   * Returns a deployment that exists.
   *
   * @param name its name
   * @return the deployment
   */
  public Deployment deployment(String name) {
    return controllers.existing(name);
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
  public CompletableFuture<ProviderCatalog> catalog() {
    return context.call(() -> context.provider().catalog());
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

  /**
   * Ends the engine; a second call waits for the first. An interrupt neither stops it nor is lost.
   */
  public void close() {
    CompletableFuture<Void> closed = new CompletableFuture<>();
    CompletableFuture<Void> earlier;
    lock.lock();
    try {
      earlier = closing;
      if (earlier == null) {
        closing = closed;
      }
    } finally {
      lock.unlock();
    }
    if (earlier != null) {
      earlier.join();
      return;
    }
    List<Runnable> steps =
        List.of(
            this::endUpkeep,
            this::releaseAll,
            context.ledger()::finish,
            () -> within(EVENTS_LIMIT, context.events().allDelivered()));
    Throwable failure = null;
    boolean interrupted = false;
    try {
      for (Runnable step : steps) {
        // What is foreign, a provider or a store, would break off on an interrupted thread.
        interrupted |= Thread.interrupted();
        try {
          step.run();
        } catch (RuntimeException | Error e) {
          failure = EngineResources.first(failure, e);
        }
      }
      interrupted |= Thread.interrupted();
      failure = resources.close(failure);
    } finally {
      closed.complete(null);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    if (failure instanceof Error e) {
      throw e;
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    }
  }

  private void endUpkeep() {
    lock.lock();
    try {
      if (upkeep != null) {
        upkeep.cancel();
      }
    } finally {
      lock.unlock();
    }
  }

  private void releaseAll() {
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    Duration limit = shorter(config.drainTimeout()).plus(shorter(config.releaseTimeout()));
    Duration grace = Duration.ZERO;
    ends.addAll(endUnclaimed());
    for (DeploymentController controller : controllers.everyone()) {
      Duration own = controller.spec().releaseGrace();
      grace = own.compareTo(grace) > 0 ? own : grace;
      ends.add(controller.close(config.drainTimeout(), config.keepInstances()));
    }
    within(limit.plus(grace), allOf(ends));
    if (!config.keepInstances() && context.ledger().hasEnds()) {
      within(limit.plus(grace), allOf(releaseOverlooked()));
    }
    List<String> left =
        controllers.everyone().stream().flatMap(it -> it.instanceIds().stream()).toList();
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

  private static CompletableFuture<Void> allOf(List<CompletableFuture<Void>> futures) {
    return CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new));
  }

  /**
   * Looks once more, before the provider is closed: an instance whose release was only said to be
   * done may have been missing from the list that verified it, and no later look follows.
   */
  private List<CompletableFuture<Void>> releaseOverlooked() {
    InstanceProvider provider = context.provider();
    List<ProviderInstance> found =
        context
            .call(LAST_LOOK_LIMIT, () -> provider.list(context.owner()))
            .exceptionally(
                error -> {
                  LOG.warn("No last look was possible: {}", EngineServices.describe(error));
                  return List.of();
                })
            .join();
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    lock.lock();
    try {
      found.stream()
          .filter(it -> controllers.holder(it.instanceId()) == null)
          .forEach(this::releaseOrphan);
    } finally {
      lock.unlock();
    }
    for (DeploymentController controller : controllers.everyone()) {
      controller.carryOut();
      ends.add(controller.close(config.drainTimeout(), false));
    }
    return ends;
  }

  private static Duration shorter(Duration limit) {
    return limit.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : limit;
  }

  /** Waits until something is done, or a limit has passed. */
  private void within(Duration limit, CompletableFuture<?> done) {
    CompletableFuture<Void> late = new CompletableFuture<>();
    Cancellable timeout = context.later(limit, () -> late.complete(null));
    CompletableFuture.anyOf(done.exceptionally(error -> null), late).join();
    timeout.cancel();
  }

  /** Releases, or leaves to the next engine, what no deployment has claimed. */
  private List<CompletableFuture<Void>> endUnclaimed() {
    List<ProviderInstance> unclaimed;
    lock.lock();
    try {
      unclaimed = leftovers.giveUp();
      if (!config.keepInstances()) {
        unclaimed.forEach(this::releaseOrphan);
        return List.of();
      }
    } finally {
      lock.unlock();
    }
    InstanceProvider provider = context.provider();
    return unclaimed.stream()
        .map(it -> context.call(LIST_LIMIT, () -> provider.detach(it.instanceId())))
        .map(left -> left.exceptionally(error -> null)) // the next engine finds what became of it
        .toList();
  }

  // Small things.

  private DeploymentController controller(DeploymentSpec spec, Instant createdAt) {
    RandomGenerator own = new SplittableRandom(resources.random().nextLong());
    Supplier<String> ids = () -> spec.name() + "-" + letters(own, 8);
    DeploymentController controller =
        new DeploymentController(context, spec, createdAt, own, ids, report);
    controller.addClosed(leftovers.closed(spec.name()));
    return controller;
  }

  /** Returns the deployment of a name that a restart should find, or null. */
  private @Nullable StoredDeployment current(String name) {
    DeploymentController controller = controllers.find(name);
    return controller == null || controller.isRemoved()
        ? null
        : new StoredDeployment(controller.spec(), controller.createdAt());
  }

  private static String letters(RandomGenerator random, int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(Character.forDigit(random.nextInt(36), 36));
    }
    return text.toString();
  }

  private void checkOpen() {
    if (closing != null) {
      throw new AutoDeployException(ErrorCode.CLOSED, null, "the engine is closed");
    }
  }

  /** What deployments see of instances that are not theirs. */
  private final class Report implements DeploymentController.Neighbourhood {

    @Override
    public boolean cameLate(ProviderInstance late) {
      return releaseLate(late);
    }

    @Override
    public void listed(List<ProviderInstance> found) {
      orphans.look(found);
    }

    @Override
    public void busy(DeploymentController controller, boolean isBusy) {
      controllers.busy(controller, isBusy);
    }
  }

  /** Finds the deployment that a provider's message is about. */
  private final class Observer implements InstanceObserver {

    @Override
    public void exited(String instanceId, InstanceExit exit) {
      controllers.ifHeld(instanceId, (holder, instance) -> holder.exited(instance, exit));
    }

    @Override
    public void progress(String instanceId, StartProgress progress) {
      controllers.ifHeld(instanceId, (holder, instance) -> holder.progress(instance, progress));
    }
  }
}
