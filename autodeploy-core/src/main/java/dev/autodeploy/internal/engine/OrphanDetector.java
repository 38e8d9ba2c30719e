package dev.autodeploy.internal.engine;

import dev.autodeploy.internal.deployment.UnknownInstances;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds, in the provider's lists, instances of ours that no deployment knows, as when a start that
 * timed out came late, and instances that have ended without a word. Every list will do: the
 * regular ones, and those that verify a release. Thread-safe.
 */
final class OrphanDetector implements UnknownInstances {
  private static final Logger LOG = LoggerFactory.getLogger(OrphanDetector.class);

  /** The time that the provider may take to list its instances. */
  private static final Duration LIST_LIMIT = Duration.ofMinutes(1);

  private final EngineServices services;
  private final DeploymentRegistry registry;
  private final Supplier<OrphanReleaser> releaser;

  /**
   * Makes one that has looked at nothing yet.
   *
   * @param releaser releases an instance that no deployment had in two lists, one asked for after
   *     the other came
   */
  OrphanDetector(
      EngineServices services, DeploymentRegistry registry, Supplier<OrphanReleaser> releaser) {
    this.services = services;
    this.registry = registry;
    this.releaser = releaser;
  }

  /** Asks for a list and looks through it. */
  void detect() {
    lookThroughAndReport(list());
  }

  @Override
  public void seen(List<ProviderInstance> listed) {
    lookThroughAndReport(CompletableFuture.completedFuture(listed));
  }

  @Override
  public boolean startedAfterRelease(ProviderInstance late) {
    return releaser.get().releaseLate(late);
  }

  private CompletableFuture<Void> lookThrough(List<ProviderInstance> found) {
    noteExits(found);
    Set<String> suspects = unknown(found);
    if (suspects.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    // Checked again: an instance of either list may have been released since that list was
    // requested.
    return list()
        .thenApply(again -> among(again, suspects))
        .thenAccept(unknown -> releaser.get().releaseUnknown(unknown));
  }

  private void noteExits(List<ProviderInstance> found) {
    for (ProviderInstance instance : found) {
      InstanceExit exit = instance.exit();
      if (exit != null) {
        registry.exited(instance.instanceId(), exit);
      }
    }
  }

  private Set<String> unknown(List<ProviderInstance> found) {
    return found.stream()
        .map(ProviderInstance::instanceId)
        .filter(id -> registry.holder(id) == null)
        .collect(Collectors.toSet());
  }

  private static List<ProviderInstance> among(List<ProviderInstance> found, Set<String> ids) {
    return found.stream().filter(it -> ids.contains(it.instanceId())).toList();
  }

  private CompletableFuture<List<ProviderInstance>> list() {
    return services.calls().list(LIST_LIMIT);
  }

  private void lookThroughAndReport(CompletableFuture<List<ProviderInstance>> listed) {
    listed
        .thenCompose(this::lookThrough)
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                LOG.warn("Orphans could not be looked for: {}", Errors.describe(error));
              }
            });
  }
}
