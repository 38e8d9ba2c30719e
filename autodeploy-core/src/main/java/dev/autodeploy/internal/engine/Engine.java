package dev.autodeploy.internal.engine;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.CostChange;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.ledger.CostChunk;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.store.InMemoryStateStore;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Currency;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The deployments of one engine: declares, updates and removes them, and saves each change before
 * it is made. {@link Recovery} starts an engine, {@link Maintenance} keeps it going, {@link
 * EngineShutdown} ends it.
 */
public final class Engine implements Operations {
  /** The number of deployments that share one save, during which nothing else can be deployed. */
  private static final int SAVED_AT_ONCE = 100;

  private final EngineResources resources;
  private final EngineServices services;
  private final EngineLifecycle lifecycle = new EngineLifecycle();
  private final DeploymentRegistry registry = new DeploymentRegistry();
  private final DeploymentStore store;
  private final UnclaimedInstances unclaimed;
  private final RoomKeeper rooms;
  private final DeploymentFactory factory;
  private final OrphanReleaser orphans;
  private final Housekeeping housekeeping;
  private final BudgetKeeper budget;
  private final EngineShutdown shutdown;

  private Engine(EngineConfig config) {
    this.resources = new EngineResources(config);
    try {
      StoredState state = config.store().load();
      String owner = Recovery.owner(state, config.owner(), resources.random());
      this.services = resources.services(owner);
      this.store = new DeploymentStore(config.store(), this::current);
      this.unclaimed = new UnclaimedInstances(services, config.adoptionHold(), state);
      this.budget = new BudgetKeeper(services, registry);
      budget.restore(config.budget(), services.ledger().budget());
      OrphanDetector detector = new OrphanDetector(services, registry, this::orphans);
      this.rooms = new RoomKeeper(services, config.host());
      this.factory = new DeploymentFactory(services, detector, rooms, registry, resources.random());
      this.orphans = new OrphanReleaser(services, lifecycle, registry, unclaimed, factory);
      boolean lasting = !(config.store() instanceof InMemoryStateStore);
      this.housekeeping = new Housekeeping(services, lifecycle, registry, lasting);
      Maintenance maintenance =
          new Maintenance(services, lifecycle, registry, detector, housekeeping, budget);
      this.shutdown =
          new EngineShutdown(
              config,
              resources,
              services,
              lifecycle,
              registry,
              unclaimed,
              orphans,
              maintenance,
              budget);
      services.provider().open(new ProviderContext(owner, new Observer()));
      Recovery recovery = new Recovery(services, registry, factory, unclaimed, orphans);
      recovery.restore(state);
      if (!owner.equals(state.owner())) {
        config.store().saveOwner(owner);
      }
      recovery.settle(state.owner() != null);
      registry.declared().forEach(DeploymentController::open);
      maintenance.schedule();
      housekeeping.changed();
    } catch (RuntimeException | Error e) {
      resources.close(e);
      throw e;
    }
  }

  private OrphanReleaser orphans() {
    return orphans;
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

  @Override
  public Deployment deploy(DeploymentSpec spec) {
    return deployAll(List.of(spec)).get(0);
  }

  @Override
  public List<Deployment> deployAll(List<DeploymentSpec> specs) {
    Set<String> names = new HashSet<>();
    for (DeploymentSpec spec : specs) {
      if (!names.add(spec.name())) {
        throw new IllegalArgumentException("two specifications are named '" + spec.name() + "'");
      }
      validate(spec);
    }
    List<Deployment> deployed = new ArrayList<>(specs.size());
    for (int from = 0; from < specs.size(); from += SAVED_AT_ONCE) {
      int to = Math.min(specs.size(), from + SAVED_AT_ONCE);
      List<DeploymentSpec> some = specs.subList(from, to);
      List<DeploymentController> controllers = services.lock().locked(() -> deploySome(some));
      controllers.forEach(DeploymentController::open);
      controllers.forEach(controller -> deployed.add(controller.deployment()));
    }
    housekeeping.changed();
    return Collections.unmodifiableList(deployed);
  }

  private void validate(DeploymentSpec spec) {
    services.provider().validate(spec);
    rooms.check(spec);
    costs().warnIfFree(spec);
    budget.check(spec);
    Money most = spec.budget() == null ? null : spec.budget().money();
    Currency prices = services.meter(spec).currency();
    if (most != null && !most.currency().equals(prices)) {
      throw new IllegalArgumentException(
          "the budget of deployment '"
              + spec.name()
              + "' is in "
              + most.currency()
              + ", but its price is in "
              + prices);
    }
  }

  private List<DeploymentController> deploySome(List<DeploymentSpec> specs) {
    lifecycle.checkOpen();
    List<StoredDeployment> changes = new ArrayList<>();
    List<DeploymentSpec> wanted = specs.stream().map(this::withLinkPort).toList();
    for (DeploymentSpec spec : wanted) {
      DeploymentController existing = registry.find(spec.name());
      if (existing == null) {
        changes.add(new StoredDeployment(spec, since(spec.name())));
      } else if (existing.isRemoved() || !existing.spec().equals(spec)) {
        refuseIfRemoved(existing);
        changes.add(new StoredDeployment(spec, existing.createdAt()));
      }
    }
    // Saved before anything is decided: a deployment that is not stored must not start anything.
    store.saveAll(changes);
    changes.stream().filter(it -> registry.find(it.spec().name()) == null).forEach(this::created);
    for (StoredDeployment change : changes) {
      DeploymentController existing = registry.find(change.spec().name());
      if (existing == null) {
        make(change);
      } else {
        existing.update(change.spec());
      }
    }
    return specs.stream().map(spec -> registry.existing(spec.name())).toList();
  }

  /** A link stays where it is, whether or not the host application's specification knows. */
  private DeploymentSpec withLinkPort(DeploymentSpec spec) {
    DeploymentController existing = registry.find(spec.name());
    return existing == null || existing.isRemoved() || spec.linkPort() != 0
        ? spec
        : withLinkPort(spec, existing.spec().linkPort());
  }

  private static DeploymentSpec withLinkPort(DeploymentSpec spec, int port) {
    return port == spec.linkPort() ? spec : spec.toBuilder().linkPort(port).build();
  }

  /** Publishes that a deployment is made, before the effects of that, which come later. */
  private void created(StoredDeployment deployment) {
    publish(new DeploymentEvent.Created(deployment.createdAt(), deployment.spec().name()));
  }

  /** Returns since when the instances of a deployment to be made are its own. */
  private Instant since(String name) {
    DeploymentController undeclared = registry.undeclared(name);
    Instant now = undeclared == null ? services.clock().instant() : undeclared.createdAt();
    // The deployment also pays for the instances that it is about to claim, and after a restart
    // too.
    return unclaimed.since(name, now);
  }

  private void make(StoredDeployment deployment) {
    DeploymentSpec spec = deployment.spec();
    DeploymentController made = registry.undeclared(spec.name());
    if (made == null || !made.reopen(spec, deployment.createdAt())) {
      made = factory.make(spec, deployment.createdAt());
    }
    registry.add(made);
    unclaimed.claim(made);
  }

  @Override
  public Deployment update(DeploymentSpec spec) {
    validate(spec);
    Deployment updated =
        services
            .lock()
            .locked(
                () -> {
                  lifecycle.checkOpen();
                  DeploymentController controller = registry.existing(spec.name());
                  refuseIfRemoved(controller);
                  DeploymentSpec kept = withLinkPort(spec);
                  store.save(new StoredDeployment(kept, controller.createdAt()));
                  controller.update(kept);
                  controller.prepareAhead();
                  return controller.deployment();
                });
    housekeeping.changed();
    return updated;
  }

  @Override
  public void linkPort(String name, int port) {
    services
        .lock()
        .locked(
            () -> {
              lifecycle.checkOpen();
              DeploymentController controller = registry.existing(name);
              refuseIfRemoved(controller);
              DeploymentSpec changed = withLinkPort(controller.spec(), port);
              store.save(new StoredDeployment(changed, controller.createdAt()));
              controller.update(changed);
              return controller;
            });
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

  @Override
  public CompletableFuture<Void> remove(String name) {
    return services
        .lock()
        .locked(
            () -> {
              lifecycle.checkOpen();
              DeploymentController controller = registry.existing(name);
              store.remove(name);
              return controller.remove().thenRun(() -> forget(controller));
            });
  }

  private void forget(DeploymentController controller) {
    if (services.lock().locked(() -> registry.remove(controller))) {
      services.providerExecutor().execute(controller::forgetLearned);
      publish(new DeploymentEvent.Removed(services.clock().instant(), controller.name()));
      housekeeping.changed();
    }
  }

  private void publish(DeploymentEvent event) {
    services.lock().afterwards(() -> services.events().publish(event));
  }

  @Override
  public List<Deployment> deployments() {
    return registry.deployments();
  }

  @Override
  public Optional<Deployment> find(String name) {
    return Optional.ofNullable(registry.find(name)).map(DeploymentController::deployment);
  }

  @Override
  public Deployment deployment(String name) {
    return registry.existing(name).deployment();
  }

  @Override
  public @Nullable BudgetStatus budgetStatus() {
    return budget.status();
  }

  @Override
  public void budget(@Nullable Budget newBudget) {
    services.lock().locked(lifecycle::checkOpen);
    budget.set(newBudget);
  }

  @Override
  public void declareBudget(Budget declared) {
    services.lock().locked(lifecycle::checkOpen);
    budget.declare(declared);
  }

  @Override
  public List<CostChunk> costs(Instant from, Instant to) {
    return costs().of(from, to);
  }

  @Override
  public List<CostChange> recomputeCosts(Instant from, Instant to, boolean apply) {
    return costs().recompute(from, to, apply);
  }

  /** Returns the books: what instances have cost, also those of removed deployments. */
  public EngineCosts costs() {
    return new EngineCosts(services, registry);
  }

  @Override
  public void addListener(DeploymentListener listener) {
    services.events().add(listener);
  }

  @Override
  public void removeListener(DeploymentListener listener) {
    services.events().remove(listener);
  }

  @Override
  public String owner() {
    return services.owner();
  }

  @Override
  public String providerName() {
    return services.provider().name();
  }

  @Override
  public SharedGpus gpus() {
    return rooms.view();
  }

  @Override
  public CompletableFuture<ProviderCatalog> catalog() {
    return services.calls().call(() -> services.provider().catalog());
  }

  @Override
  public CompletableFuture<Void> deleteSnapshot(String reference) {
    return services.calls().call(() -> services.provider().deleteSnapshot(reference));
  }

  @Override
  public void close() {
    shutdown.close();
  }

  /**
   * Ends the engine and leaves its instances, and the leases of them, to another replica.
   *
   * @param leads for how long it still leads at most, in which the provider answers what it has
   *     been ordered to release; zero if it no longer leads: then nothing is written any longer
   */
  public void leave(Duration leads) {
    shutdown.leave(leads);
  }

  /**
   * Counts a lease that an earlier engine has granted, or another replica.
   *
   * @return the lease, or null if there is no such instance any longer
   */
  public @Nullable Lease takeOver(String deployment, String instanceId, @Nullable String caller) {
    for (DeploymentController controller : registry.named(deployment)) {
      Lease lease = controller.takeOver(instanceId, caller);
      if (lease != null) {
        return lease;
      }
    }
    return null;
  }

  /** Keeps an instance from being released for a while, unless by force. */
  public void hold(String deployment, String instanceId, Duration time) {
    registry.named(deployment).forEach(it -> it.hold(instanceId, time));
  }

  /** Replaces an instance that a holder of a lease on another replica found to hang. */
  public void abandoned(String deployment, String instanceId, String why) {
    registry.named(deployment).forEach(it -> it.abandoned(instanceId, why));
  }

  /** Returns whether leases are open that it has granted; also after it has left. */
  public boolean hasOpenLeases() {
    return registry.all().stream().anyMatch(it -> it.deployment().status().inFlight() > 0);
  }

  /** Lets nothing reach the provider any longer that would change anything. */
  public void stopActing() {
    resources.provider().onlyDetaches();
  }

  /** Returns whether it may start and release instances now, as far as other engines go. */
  public boolean mayAct() {
    return resources.provider().mayAct();
  }

  /** Returns whether it may grant leases now, as far as other engines go. */
  public boolean mayLend() {
    return resources.leadership().mayLend();
  }

  /** Returns the deployment of a name that a restart should find, or null. */
  private @Nullable StoredDeployment current(String name) {
    DeploymentController controller = registry.find(name);
    return controller == null || controller.isRemoved()
        ? null
        : new StoredDeployment(controller.spec(), controller.createdAt());
  }

  /** Hands the provider's messages to the deployment that they are about. */
  private final class Observer implements InstanceObserver {

    @Override
    public void exited(String instanceId, InstanceExit exit) {
      registry.exited(instanceId, exit);
    }

    @Override
    public void progress(String instanceId, StartProgress progress) {
      registry.progress(instanceId, progress);
    }

    @Override
    public void degraded(String deployment, @Nullable String reason) {
      DeploymentController controller = registry.find(deployment);
      if (controller != null) {
        controller.missing(reason);
      }
    }
  }
}
