package dev.autodeploy.testing.simulation;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Budget;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.testing.ManualProcess;
import dev.autodeploy.testing.world.SimulatedConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One owner's process of the moment in a walk, and what it has on disk: its engine is built in it
 * and closed, and it dies, by itself or killed.
 */
final class WalkProcess {
  /** More than the failures in a row that a walk draws; four have been drawn. */
  private static final int BUILD_ATTEMPTS = 20;

  final WalkStore store;

  /** The process that runs, or the last one that did. */
  ManualProcess current;

  private final Walk walk;
  private final String owner;
  private final WalkReports reports;
  private final Consumer<DeploymentEvent> listener;
  private final Runnable meanwhile;

  /**
   * The times at which an engine of this owner was last killed or closed: to tell which lives a
   * restart cut.
   */
  private final List<Long> restarts = new ArrayList<>();

  /** The budget that engines are built with. */
  private final Supplier<@Nullable Budget> budget;

  private SimulatedConnection connection;
  private @Nullable AutoDeploy autoDeploy;
  private boolean building;
  private boolean closing;
  private boolean died;

  /** True while a deployment is made, changed or removed: the book is ahead of the engine then. */
  private boolean declaring;

  WalkProcess(
      Walk walk,
      String owner,
      WalkReports reports,
      Supplier<@Nullable Budget> budget,
      Consumer<DeploymentEvent> listener,
      Runnable meanwhile) {
    this.walk = walk;
    this.owner = owner;
    this.reports = reports;
    this.budget = budget;
    this.listener = listener;
    this.meanwhile = meanwhile;
    this.store = new WalkStore(new Fate(), walk.time::read);
    this.current = walk.time.newProcess();
    this.connection = new SimulatedConnection(walk.world);
  }

  AutoDeploy autoDeploy() {
    AutoDeploy engine = autoDeploy;
    if (engine == null) {
      throw new IllegalStateException("the engine is not running");
    }
    return engine;
  }

  /** Returns whether an engine is being made, which knows nothing yet. */
  boolean isBuilding() {
    return building;
  }

  boolean isClosing() {
    return closing;
  }

  /** Returns whether there is an engine that can be asked. */
  boolean isThere() {
    return autoDeploy != null && !building && !died;
  }

  /** Returns whether it has died by itself and was not started again. */
  boolean isDead() {
    return died;
  }

  /** Returns how many ends and beginnings of engines there were. */
  int restarts() {
    return restarts.size();
  }

  /** Returns whether an engine ended or began between two moments. */
  boolean restartedBetween(long from, long to) {
    return restarts.stream().anyMatch(restart -> restart >= from && restart <= to);
  }

  // How it begins.

  /** Builds an engine; what makes that fail is tried again, as a host application would. */
  void build(WalkDraw draw) {
    closing = false;
    building = true;
    int failures = 0;
    while (true) {
      died = false;
      walk.trace.add(() -> owner + ": build");
      reports.building();
      ManualProcess next = walk.time.newProcess();
      current = next;
      try {
        autoDeploy = next.build(builder(next, draw), draw.random.nextLong());
        if (!died) {
          building = false;
          reports.built();
          return;
        }
      } catch (RuntimeException e) {
        walk.trace.add(() -> owner + ": the engine is not built: " + e.getMessage());
        if (!died && (!isExpected(e) || ++failures == BUILD_ATTEMPTS)) {
          throw e;
        }
      }
      if (!died) {
        end();
        restarts.add(walk.time.read());
      }
    }
  }

  private static boolean isExpected(RuntimeException e) {
    return e instanceof AutoDeployException failure
        && (failure.code() == ErrorCode.PROVIDER_FAILED
            || failure.code() == ErrorCode.STATE_FAILED);
  }

  private AutoDeploy.Builder builder(ManualProcess process, WalkDraw draw) {
    AutoDeploy.Builder builder = AutoDeploy.builder();
    if (walk.maxInstances() > 0) {
      builder.maxInstances(walk.maxInstances());
    }
    return builder
        .budget(budget.get())
        .provider(new WalkProvider(connection, process, this::beforeCall, this::meanwhile))
        .owner(owner)
        .stateStore(store.open())
        .costMeter(CostMeter.perHour("3600", "USD"))
        .keepInstancesOnClose(draw.chance(30))
        .drainTimeout(Duration.ofSeconds(5))
        .releaseTimeout(Duration.ofHours(1))
        .listener(event -> told(process, event));
  }

  private void told(ManualProcess from, DeploymentEvent event) {
    if (from == current && from.isAlive()) {
      listener.accept(event);
    }
  }

  /** Builds an engine where another one has ended. */
  void rebuild(WalkDraw draw) {
    build(draw);
    restarts.add(walk.time.read());
  }

  /** Tries to start another engine of the same owner at the same time. */
  void second(WalkDraw draw) {
    if (died) {
      return;
    }
    walk.trace.add(() -> owner + ": build a second engine");
    ManualProcess other = walk.time.newProcess();
    AutoDeploy.Builder builder =
        AutoDeploy.builder().provider(new SimulatedConnection(walk.world)).owner(owner);
    try {
      other.build(builder, draw.random.nextLong());
      walk.broken("a second engine of an owner is refused, but that of " + owner + " was built");
    } catch (AutoDeployException e) {
      walk.check(
          e.code() == ErrorCode.OWNER_IN_USE,
          () -> "a second engine of an owner is told so, but that of " + owner + " got " + e);
    }
    other.kill();
  }

  // What fails in it.

  /** Does what needs the store; returns false if that failed, and nothing may have changed. */
  boolean mayFail(Runnable action) {
    boolean outer = declaring;
    declaring = true;
    try {
      action.run();
      return true;
    } catch (AutoDeployException e) {
      boolean expected = died || walk.faults.contains(RandomWalk.Fault.STORE);
      if (e.code() != ErrorCode.STATE_FAILED || !expected) {
        throw e;
      }
      walk.trace.add(() -> owner + ": fails: " + e.getMessage());
      return false;
    } finally {
      declaring = outer;
    }
  }

  private final class Fate implements WalkStore.Fate {
    @Override
    public WalkStore.Write next() {
      return nextWrite();
    }

    @Override
    public void called() {
      beforeCall();
    }
  }

  private WalkStore.Write nextWrite() {
    WalkDraw draw = walk.fault(RandomWalk.Fault.STORE, "store", 10);
    if (draw == null) {
      return WalkStore.Write.WELL;
    }
    WalkStore.Write write = draw.badWrite(walk.faults.contains(RandomWalk.Fault.RESTART));
    walk.trace.add(() -> owner + ": the store's write: " + write);
    if (write == WalkStore.Write.DIES || write == WalkStore.Write.DIES_WRITTEN) {
      die();
    }
    return write;
  }

  /** Lets it die, now and then, before any call; more often while the engine is built or closed. */
  private void beforeCall() {
    int perMille = building || closing ? 20 : 1;
    if (!died && walk.fault(RandomWalk.Fault.RESTART, "death", perMille) != null) {
      walk.trace.add(() -> owner + ": dies before a call");
      die();
      store.cut();
    }
  }

  /** Between two decisions of the engine, as one of its threads, others ask for leases. */
  private void meanwhile() {
    if (!building && !closing && !died && !declaring) {
      declaring = true;
      meanwhile.run();
      declaring = false;
    }
  }

  // How it ends.

  private void die() {
    died = true;
    walk.restarts++;
    kill();
  }

  void kill() {
    walk.trace.add(() -> owner + ": kill");
    current.kill();
    connection = connection.reconnect();
    restarts.add(walk.time.read());
  }

  /** Closes the engine; the process runs on, unless it dies at that. */
  void close() {
    walk.trace.add(() -> owner + ": close");
    closing = true;
    restarts.add(walk.time.read());
    try {
      current.close(autoDeploy());
    } catch (AutoDeployException e) {
      if (!died && e.code() != ErrorCode.STATE_FAILED) { // the store may refuse the last entries
        throw e;
      }
    } catch (RuntimeException e) {
      if (!died) {
        throw e;
      }
    }
  }

  /** Ends it when its engine is closed, or was not built. */
  void end() {
    current.kill();
    store.cut();
    connection = new SimulatedConnection(walk.world);
  }

  /** Leaves of one that was killed or has died what it has on disk. */
  void bury() {
    died = false;
    store.cut();
  }
}
