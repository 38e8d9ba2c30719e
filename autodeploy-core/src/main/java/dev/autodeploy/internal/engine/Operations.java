package dev.autodeploy.internal.engine;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.CostChange;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.ledger.CostChunk;
import dev.autodeploy.spi.ProviderCatalog;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The operations that {@code AutoDeploy} passes on: to an engine, or to a replica of several. */
public interface Operations {

  /**
   * Makes a deployment, or brings one in line.
   *
   * @param spec what is deployed
   * @return the deployment
   */
  Deployment deploy(DeploymentSpec spec);

  /**
   * Makes deployments, or brings them in line.
   *
   * @param specs what is deployed
   * @return the deployments, in the same order
   */
  List<Deployment> deployAll(List<DeploymentSpec> specs);

  /**
   * Replaces a deployment's specification.
   *
   * @param spec the new one
   * @return the deployment
   */
  Deployment update(DeploymentSpec spec);

  /**
   * Changes the port of a deployment's own link, and nothing else of it.
   *
   * @param name the deployment's name
   * @param port the port
   */
  void linkPort(String name, int port);

  /**
   * Removes a deployment.
   *
   * @param name its name
   * @return completes when nothing is left of it
   */
  CompletableFuture<Void> remove(String name);

  /**
   * Returns all deployments.
   *
   * @return in the order in which they were made
   */
  List<Deployment> deployments();

  /**
   * Finds a deployment.
   *
   * @param name its name
   * @return the deployment, or empty
   */
  Optional<Deployment> find(String name);

  /**
   * Returns a deployment that exists.
   *
   * @param name its name
   * @return the deployment
   */
  Deployment deployment(String name);

  /**
   * Adds a listener.
   *
   * @param listener gets events from now on
   */
  void addListener(DeploymentListener listener);

  /**
   * Removes a listener.
   *
   * @param listener no longer gets events
   */
  void removeListener(DeploymentListener listener);

  /**
   * Returns the owner.
   *
   * @return under which instances are labelled
   */
  String owner();

  /**
   * Returns the provider's name.
   *
   * @return the name
   */
  String providerName();

  /**
   * Returns who has which GPU.
   *
   * @return the GPUs as they are now
   */
  SharedGpus gpus();

  /**
   * Returns the engine's budget and what was spent of it.
   *
   * @return the status, or null without a budget
   */
  @Nullable BudgetStatus budgetStatus();

  /**
   * Puts another budget of the engine in force.
   *
   * @param budget the budget, or null for none
   */
  void budget(@Nullable Budget budget);

  /**
   * Puts another budget of the engine in force that is declared as the one before was: engines that
   * are started later are built with it.
   *
   * @param budget the budget
   */
  void declareBudget(Budget budget);

  /**
   * Returns the intervals that a period touches, with those of the instances that exist.
   *
   * @param from the beginning of the period
   * @param to its end, exclusive
   * @return the intervals
   */
  List<CostChunk> costs(Instant from, Instant to);

  /**
   * Computes what the instances that ended in a period would have cost at the prices of today.
   *
   * @param from the beginning of the period
   * @param to its end, exclusive
   * @param apply whether the ledger takes the new amounts
   * @return each interval whose charges change
   */
  List<CostChange> recomputeCosts(Instant from, Instant to, boolean apply);

  /**
   * Lists the images, snapshots and GPUs that the provider offers.
   *
   * @return the catalog
   */
  CompletableFuture<ProviderCatalog> catalog();

  /**
   * Deletes a snapshot.
   *
   * @param reference its reference
   * @return completes when it is gone
   */
  CompletableFuture<Void> deleteSnapshot(String reference);

  /**
   * Returns whether decisions are made here: not by a replica that stands by.
   *
   * @return true for an engine of its own
   */
  default boolean leads() {
    return true;
  }

  /** Lets another replica lead, for good; nothing for an engine of its own. */
  default void handOver() {}

  /** Ends the use; a second call waits for the first. An interrupt neither stops it nor is lost. */
  void close();
}
