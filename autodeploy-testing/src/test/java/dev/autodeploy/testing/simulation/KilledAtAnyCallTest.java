package dev.autodeploy.testing.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.testing.InstancePlan;
import dev.autodeploy.testing.ManualProcess;
import dev.autodeploy.testing.SimulatedInstance;
import dev.autodeploy.testing.SimulatedProvider;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/**
 * The host is killed before the first, the second, the third... call that an engine makes of its
 * provider and its store while it is built or closed; the next engine has to settle what is left.
 */
class KilledAtAnyCallTest {

  @Test
  void build_killedAtAnyCall_isSettledByTheNextEngine() {
    int calls = killAtEveryCall(Story::buildBesideAllKindsOfLeftovers);

    assertThat(calls).as("calls while it is built").isGreaterThanOrEqualTo(5);
  }

  @Test
  void close_killedAtAnyCall_isSettledByTheNextEngine() {
    int calls = killAtEveryCall((story, n) -> story.close(n, false));

    assertThat(calls).as("calls while it is closed").isGreaterThanOrEqualTo(10);
  }

  @Test
  void close_thatLeavesInstances_killedAtAnyCall_isSettledByTheNextEngine() {
    int calls = killAtEveryCall((story, n) -> story.close(n, true));

    assertThat(calls).as("calls while it is closed").isGreaterThanOrEqualTo(6);
  }

  /** Returns how many calls there are. */
  private static int killAtEveryCall(BiConsumer<Story, Integer> what) {
    for (int n = 1; ; n++) {
      Story story = new Story();
      what.accept(story, n);
      if (story.survived()) {
        return n - 1;
      }
      story.checkSettledByTheNextEngine("killed at call " + n);
    }
  }

  private static final class Story extends EngineStory {
    private ManualProcess process = time.newProcess();
    private SimulatedProvider connection = first;
    private int callsToLive = Integer.MAX_VALUE;

    @Override
    void beforeCall() {
      if (--callsToLive == 0) {
        process.kill();
        store.cut();
        connection = connection.reconnect();
      }
    }

    boolean survived() {
      return process.isAlive();
    }

    private AutoDeploy build() {
      return build(
          process, new WalkProvider(connection, process, this::beforeCall, () -> {}), false);
    }

    /** One to adopt, one that has ended, one that is gone, and one whose deployment is no more. */
    void buildBesideAllKindsOfLeftovers(int n) {
      AutoDeploy engine = build();
      lease(engine.deploy(spec("kept").build())).close();
      lease(engine.deploy(spec("ended").build()));
      first.planNext(InstancePlan.readyAfter(Duration.ZERO).releaseTakes(Duration.ofSeconds(1)));
      lease(engine.deploy(spec("gone").build())).close();
      lease(engine.deploy(spec("removed").build())).close();
      engine.deployment("gone").release();
      time.runReady();
      engine.remove("removed");
      process.kill();
      store.cut();
      connection = connection.reconnect();
      first.crash(first.instances().get(1).instanceId(), InstanceExit.unknown("out of power"));
      time.advance(Duration.ofSeconds(3));

      process = time.newProcess();
      callsToLive = n;
      endsQuietlyIfKilled(this::build);
    }

    /** Closes it with one that is idle, one in use, and one that is being started. */
    void close(int n, boolean keepInstances) {
      AutoDeploy engine =
          build(
              process,
              new WalkProvider(connection, process, this::beforeCall, () -> {}),
              keepInstances);
      lease(engine.deploy(spec("idle").build())).close();
      Lease held = lease(engine.deploy(spec("used").build()));
      first.planNext(InstancePlan.readyAfter(Duration.ofMinutes(1)));
      engine.deploy(spec("starting").build()).warmUp();
      time.runReady();
      time.schedule(Duration.ofSeconds(1), held::close);

      callsToLive = n;
      endsQuietlyIfKilled(() -> process.close(engine));
    }

    private Lease lease(Deployment deployment) {
      return time.<Lease>await(deployment.acquireAsync());
    }

    private void endsQuietlyIfKilled(Runnable action) {
      try {
        action.run();
      } catch (RuntimeException e) {
        if (survived()) {
          throw e;
        }
      }
      callsToLive = Integer.MAX_VALUE;
    }

    void checkSettledByTheNextEngine(String when) {
      AutoDeploy next = restart(connection, false);
      time.advance(Duration.ofMinutes(10)); // more than any of them may be idle

      assertThat(first.existing()).as("%s: what still runs", when).isEmpty();
      assertThat(openAccounts()).as("%s: open accounts", when).isEmpty();
      for (SimulatedInstance instance : first.instances()) {
        String id = instance.instanceId();
        assertThat(lines(id)).as("%s: one line for the start, one for the end", when).hasSize(2);
        Duration existed =
            instance.exitedAt() == null
                ? instance.lifetime()
                : instance.exitedAt().minus(instance.startedAt());
        assertThat(paid(id)).as("%s: paid", when).isGreaterThanOrEqualTo(existed);
      }
      time.close(next);
    }

    private List<LedgerEntry> lines(String instanceId) {
      return store.ledger().stream()
          .filter(entry -> entry.instanceId().equals(instanceId))
          .filter(entry -> !(entry instanceof LedgerEntry.Used))
          .toList();
    }
  }
}
