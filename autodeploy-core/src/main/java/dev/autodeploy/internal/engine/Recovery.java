package dev.autodeploy.internal.engine;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The start of an engine: brings back what earlier processes stored, and settles what they left at
 * the provider. Instances of stored deployments are adopted, or released if they no longer fit;
 * accounts whose instance is gone are closed; the others wait to be claimed, or are released.
 */
final class Recovery {
  /** The time that the provider may take to list its instances. */
  private static final Duration LIST_LIMIT = Duration.ofMinutes(1);

  private final EngineServices services;
  private final DeploymentRegistry registry;
  private final DeploymentFactory factory;
  private final UnclaimedInstances unclaimed;
  private final OrphanReleaser orphans;

  Recovery(
      EngineServices services,
      DeploymentRegistry registry,
      DeploymentFactory factory,
      UnclaimedInstances unclaimed,
      OrphanReleaser orphans) {
    this.services = services;
    this.registry = registry;
    this.factory = factory;
    this.unclaimed = unclaimed;
    this.orphans = orphans;
  }

  /** Returns the owner under which an engine runs: the stored one, which a setting has to match. */
  static String owner(StoredState state, @Nullable String configured, RandomGenerator random) {
    String stored = state.owner();
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
    return stored != null ? stored : "ad-" + RandomIds.next(random, 12);
  }

  /** Brings the stored deployments back. */
  void restore(StoredState state) {
    for (StoredDeployment stored : state.deployments()) {
      registry.add(factory.make(stored.spec(), stored.createdAt()));
    }
  }

  /**
   * Settles what earlier processes have left at the provider.
   *
   * @param declarationsAreStored whether an instance of no stored deployment is nobody's; otherwise
   *     the host gets some time to declare its deployments
   */
  void settle(boolean declarationsAreStored) {
    List<ProviderInstance> found = list();
    services
        .lock()
        .locked(
            () -> {
              unclaimed.found(found);
              registry.declared().forEach(unclaimed::claim);
              unclaimed.settleGone().forEach(this::addClosed);
              if (declarationsAreStored) {
                unclaimed.takeAll().forEach(orphans::release);
              }
            });
  }

  private List<ProviderInstance> list() {
    try {
      return services.calls().list(LIST_LIMIT).join();
    } catch (CompletionException e) {
      if (Errors.unwrap(e) instanceof AutoDeployException known) {
        throw known;
      }
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          "the instances that an earlier process may have left could not be listed: "
              + Errors.describe(e),
          e);
    }
  }

  private void addClosed(UsageInterval usage) {
    DeploymentController controller = registry.find(usage.deployment());
    if (controller != null) {
      controller.accounts().addClosed(List.of(usage));
    }
  }
}
