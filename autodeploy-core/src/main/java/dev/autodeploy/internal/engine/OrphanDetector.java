package dev.autodeploy.internal.engine;

import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks through the provider's lists for instances of ours that no deployment knows, as when a
 * start that was given up came late, and for those that have ended without a word. Every list will
 * do: the regular ones, and those that are made to verify a release. Thread-safe.
 */
final class OrphanDetector {
  private static final Logger LOG = LoggerFactory.getLogger(OrphanDetector.class);

  /** How long the provider may take to list what is there. */
  private static final Duration LIST_LIMIT = Duration.ofMinutes(1);

  private final EngineServices context;
  private final DeploymentRegistry controllers;
  private final Consumer<List<ProviderInstance>> release;

  /**
   * Makes one that has looked at nothing yet.
   *
   * @param release gets what no deployment had in two lists, one asked for after the other came
   */
  OrphanDetector(
      EngineServices context,
      DeploymentRegistry controllers,
      Consumer<List<ProviderInstance>> release) {
    this.context = context;
    this.controllers = controllers;
    this.release = release;
  }

  /** Asks for a list and looks through it. */
  void sweep() {
    lookThroughAndReport(list());
  }

  /** Looks through a list that was made for something else. */
  void look(List<ProviderInstance> found) {
    lookThroughAndReport(CompletableFuture.completedFuture(found));
  }

  private CompletableFuture<Void> lookThrough(List<ProviderInstance> found) {
    noteExits(found);
    Set<String> suspects = unknown(found);
    if (suspects.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    // Again: what the first list has may have been released since it was made, and what the second
    // has, since it was asked for.
    return list().thenApply(again -> among(again, suspects)).thenAccept(release);
  }

  private void noteExits(List<ProviderInstance> found) {
    for (ProviderInstance instance : found) {
      InstanceExit exit = instance.exit();
      if (exit != null) {
        controllers.ifHeld(instance.instanceId(), (holder, known) -> holder.exited(known, exit));
      }
    }
  }

  private Set<String> unknown(List<ProviderInstance> found) {
    return found.stream()
        .map(ProviderInstance::instanceId)
        .filter(id -> controllers.holder(id) == null)
        .collect(Collectors.toSet());
  }

  private static List<ProviderInstance> among(List<ProviderInstance> found, Set<String> ids) {
    return found.stream().filter(it -> ids.contains(it.instanceId())).toList();
  }

  private CompletableFuture<List<ProviderInstance>> list() {
    InstanceProvider provider = context.provider();
    return context.call(LIST_LIMIT, () -> provider.list(context.owner()));
  }

  private void lookThroughAndReport(CompletableFuture<List<ProviderInstance>> listed) {
    listed
        .thenCompose(this::lookThrough)
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                LOG.warn("Orphans could not be looked for: {}", EngineServices.describe(error));
              }
            });
  }
}
