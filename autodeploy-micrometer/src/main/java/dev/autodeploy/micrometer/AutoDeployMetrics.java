package dev.autodeploy.micrometer;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The meters of an engine. Thread-safe.
 *
 * <p>For the engine: {@code autodeploy.deployments} by {@code status}; of the GPUs that deployments
 * share {@code autodeploy.gpus} by {@code use} (free, or held), {@code autodeploy.gpu.waiting}, the
 * deployments in line, and {@code autodeploy.gpu.swaps} of the last day; and of its limits the
 * parts that are in use, {@code autodeploy.engine.budget.used}, {@code
 * autodeploy.engine.instances.used} and {@code autodeploy.engine.memory.used}. For each {@code
 * deployment}, from the moment that it exists until it is removed:
 *
 * <ul>
 *   <li>{@code autodeploy.instances}, {@code autodeploy.requests.in.flight} and {@code
 *       autodeploy.requests.pending}: how many there are now
 *   <li>{@code autodeploy.requests} and {@code autodeploy.cold.starts}: requests so far, and those
 *       that waited for a start
 *   <li>{@code autodeploy.requests.held.time}: for how long callers waited in all, in seconds
 *   <li>{@code autodeploy.starts} by {@code reason}, {@code autodeploy.start.failures} by {@code
 *       kind}, {@code autodeploy.exits}, {@code autodeploy.releases} by {@code reason}, {@code
 *       autodeploy.release.failures}: what happened so far
 *   <li>{@code autodeploy.instances.asleep}: how many sleep now; {@code autodeploy.sleep.duration}
 *       and {@code autodeploy.wake.duration}: how long it took to put one to sleep and to wake it;
 *       {@code autodeploy.sleep.failures}: those that refused to sleep or did not wake
 *   <li>{@code autodeploy.start.duration}: from the start request to ready
 *   <li>{@code autodeploy.instance.lifetime}: from the start request to the verified release
 *   <li>{@code autodeploy.cost} and {@code autodeploy.cost.always.on} by {@code currency}: money
 *       since the deployment was made
 * </ul>
 *
 * <p>Reading a meter never starts anything.
 */
public final class AutoDeployMetrics implements MeterBinder, AutoCloseable {
  private final AutoDeploy autoDeploy;
  private final List<Binding> bindings = new CopyOnWriteArrayList<>();

  private AutoDeployMetrics(AutoDeploy autoDeploy) {
    this.autoDeploy = autoDeploy;
  }

  /**
   * Returns the meters of an engine.
   *
   * @param autoDeploy the engine, which is not closed with the meters
   * @return the meters, to be bound to a registry
   */
  public static AutoDeployMetrics of(AutoDeploy autoDeploy) {
    return new AutoDeployMetrics(requireNonNull(autoDeploy, "autoDeploy"));
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    requireNonNull(registry, "registry");
    for (DeploymentState status : DeploymentState.values()) {
      Gauge.builder("autodeploy.deployments", autoDeploy, a -> count(a, status))
          .description("Deployments by instance status")
          .tag("status", status.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
    Gauge.builder("autodeploy.gpus", autoDeploy, a -> gpus(a, false))
        .description("GPUs that instances of deployments have, or may have")
        .tag("use", "held")
        .register(registry);
    Gauge.builder("autodeploy.gpus", autoDeploy, a -> gpus(a, true))
        .description("GPUs that instances of deployments have, or may have")
        .tag("use", "free")
        .register(registry);
    Gauge.builder("autodeploy.gpu.waiting", autoDeploy, a -> a.gpus().waiting().size())
        .description("Deployments in line for GPUs")
        .register(registry);
    Gauge.builder("autodeploy.gpu.swaps", autoDeploy, AutoDeployMetrics::swaps)
        .description("Changes of a GPU from one deployment to another in the last day")
        .register(registry);
    Gauge.builder("autodeploy.engine.budget.used", autoDeploy, AutoDeployMetrics::budgetUsed)
        .description(
            "Part of the budget of all deployments that is spent, 1 for all of it; 0 without one")
        .register(registry);
    Gauge.builder("autodeploy.engine.instances.used", autoDeploy, AutoDeployMetrics::instancesUsed)
        .description("Part of maxInstances that exists, 1 for all of it; 0 without that limit")
        .register(registry);
    Gauge.builder("autodeploy.engine.memory.used", autoDeploy, AutoDeployMetrics::memoryUsed)
        .description("Part of hostMemoryBytes that instances may use; 0 without that limit")
        .register(registry);
    Binding binding = new Binding(registry);
    bindings.add(binding);
    // Listening comes first, so that none is missed; one that is seen twice is registered once.
    autoDeploy.addListener(binding);
    autoDeploy.deployments().forEach(binding::register);
  }

  private static double gpus(AutoDeploy autoDeploy, boolean free) {
    return autoDeploy.gpus().gpus().stream().filter(g -> g.holders().isEmpty() == free).count();
  }

  private static double budgetUsed(AutoDeploy autoDeploy) {
    BudgetStatus status = autoDeploy.budgetStatus();
    return status == null ? 0 : status.share();
  }

  private static double instancesUsed(AutoDeploy autoDeploy) {
    SharedGpus.Host host = autoDeploy.gpus().host();
    return host == null ? 0 : part(host.instances(), host.maxInstances());
  }

  private static double memoryUsed(AutoDeploy autoDeploy) {
    SharedGpus.Host host = autoDeploy.gpus().host();
    return host == null ? 0 : part(host.memoryBytes(), host.hostMemoryBytes());
  }

  private static double part(long used, long limit) {
    return limit == 0 ? 0 : (double) used / limit;
  }

  private static double swaps(AutoDeploy autoDeploy) {
    return autoDeploy.gpus().gpus().stream().mapToInt(SharedGpus.Gpu::swaps).sum();
  }

  private static double count(AutoDeploy autoDeploy, DeploymentState status) {
    return autoDeploy.deployments().stream().filter(d -> d.status().state() == status).count();
  }

  /** Stops following the engine; what the registries have stays in them. Idempotent. */
  @Override
  public void close() {
    bindings.forEach(autoDeploy::removeListener);
    bindings.clear();
  }

  /** Follows the deployments of the engine for one registry. */
  private final class Binding implements DeploymentListener {
    private final DeploymentMeters meters;

    Binding(MeterRegistry registry) {
      meters = new DeploymentMeters(registry);
    }

    void register(Deployment deployment) {
      meters.register(deployment);
    }

    @Override
    public void onEvent(DeploymentEvent event) {
      if (event instanceof DeploymentEvent.Removed) {
        if (autoDeploy.find(event.deployment()).isEmpty()) {
          meters.remove(event.deployment());
        }
        return;
      }
      // The last words of a deployment that is gone would bring its meters back for ever.
      autoDeploy
          .find(event.deployment())
          .ifPresent(
              deployment -> {
                register(deployment);
                meters.count(event);
              });
    }
  }
}
