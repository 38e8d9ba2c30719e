package dev.autodeploy.internal.declared;

import dev.autodeploy.Budget;
import dev.autodeploy.DeclaredDeployments;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.InvalidDeploymentsFileException;
import dev.autodeploy.internal.util.Threads;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The deployments of a file as they are applied, first when the engine starts, and then, if asked,
 * whenever the file says something else.
 *
 * <p>It is looked at again and again, as neither editors nor what mounts files can be relied on to
 * announce a change. A change counts once two looks have found the same, so that a file that is
 * just being written is not taken for one that ends there. A file that cannot be used changes
 * nothing. A deployment that is no longer in the file stays, and so does a budget.
 */
public final class DeploymentsFileWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DeploymentsFileWatch.class);

  private final Path file;
  private final Function<String, @Nullable String> environment;
  private final Consumer<List<DeploymentSpec>> deploy;
  private final Consumer<Budget> setBudget;
  private @Nullable ScheduledThreadPoolExecutor timer;

  /** The findings of the last look; used by one thread at a time, as is the next one. */
  private @Nullable Reading last;

  private Reading applied;
  private @Nullable Budget budget;
  private volatile DeclaredDeployments state;

  /**
   * The findings of a look.
   *
   * @param content what the file declares; nothing with a problem
   * @param problem what is wrong, or null
   */
  private record Reading(DeploymentsDocument content, @Nullable String problem) {
    List<DeploymentSpec> specs() {
      return content.specs();
    }
  }

  /**
   * Reads a file, and does nothing with it yet.
   *
   * @param file the file
   * @param environment returns a variable of the environment, or null
   * @param deploy makes deployments, or brings them in line
   * @param setBudget puts another budget of the engine in force
   * @throws InvalidDeploymentsFileException if it cannot be used
   */
  public DeploymentsFileWatch(
      Path file,
      Function<String, @Nullable String> environment,
      Consumer<List<DeploymentSpec>> deploy,
      Consumer<Budget> setBudget) {
    this.file = file;
    this.environment = environment;
    this.deploy = deploy;
    this.setBudget = setBudget;
    this.applied = new Reading(DeploymentsDocument.read(file, environment), null);
    this.last = applied;
    this.budget = applied.content().budget();
    this.state = new DeclaredDeployments(file, names(applied.specs()), null);
  }

  /** Returns the budget of the engine as it was read when this was made, or null for none. */
  public @Nullable Budget budget() {
    return budget;
  }

  /** Makes the deployments that were read when this was made. */
  public void apply() {
    deploy.accept(applied.specs());
  }

  /**
   * Looks at the file from now on.
   *
   * @param interval the time between two looks
   */
  public void watch(Duration interval) {
    ScheduledThreadPoolExecutor looks = Threads.timer("deployments-file");
    timer = looks;
    looks.scheduleWithFixedDelay(
        this::look, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Returns what the file declares, as last applied. */
  public DeclaredDeployments state() {
    return state;
  }

  /** Looks at the file once. */
  void look() {
    Reading found = read();
    boolean settled = found.equals(last);
    last = found;
    if (!settled) {
      return;
    }
    if (found.problem() != null) {
      broken(found.problem());
    } else if (found.equals(applied)) {
      if (state.problem() != null) {
        LOG.info("{} can be used again, and says nothing new", file);
        state = new DeclaredDeployments(file, state.names(), null);
      }
    } else {
      changed(found);
    }
  }

  private Reading read() {
    try {
      return new Reading(DeploymentsDocument.read(file, environment), null);
    } catch (RuntimeException e) {
      return new Reading(new DeploymentsDocument(List.of(), null), message(e));
    }
  }

  private void changed(Reading found) {
    try {
      changed(found.content().budget());
      deploy.accept(found.specs());
    } catch (RuntimeException e) {
      // Tried again at the next look: a deployment of this name may be about to be gone.
      broken(file + ": " + message(e));
      return;
    }
    Set<String> names = names(found.specs());
    Set<String> gone = new TreeSet<>(state.names());
    gone.removeAll(names);
    applied = found;
    state = new DeclaredDeployments(file, names, null);
    LOG.info("{} has changed: it declares {} deployments now", file, names.size());
    for (String name : gone) {
      LOG.warn(
          "deployment '{}' is no longer in {}: it stays as it is, and is removed by"
              + " AutoDeploy.remove or on the page",
          name,
          file);
    }
  }

  private void changed(@Nullable Budget found) {
    if (Objects.equals(found, budget)) {
      return;
    }
    if (found == null) {
      LOG.warn(
          "{} has no budget any longer: {} stays in force until the engine is built without it, or"
              + " AutoDeploy.budget changes it",
          file,
          budget);
    } else {
      setBudget.accept(found);
    }
    budget = found;
  }

  private void broken(String problem) {
    if (!Objects.equals(problem, state.problem())) {
      LOG.warn("{} cannot be used, and the deployments stay as they are: {}", file, problem);
      state = new DeclaredDeployments(file, state.names(), problem);
    }
  }

  private static String message(RuntimeException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  private static Set<String> names(List<DeploymentSpec> specs) {
    return specs.stream().map(DeploymentSpec::name).collect(Collectors.toSet());
  }

  /** Looks no longer; a look that is under way may still change something. */
  @Override
  public void close() {
    ScheduledThreadPoolExecutor looks = timer;
    if (looks != null) {
      looks.shutdownNow();
    }
  }
}
