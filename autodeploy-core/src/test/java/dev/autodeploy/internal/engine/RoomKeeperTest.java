package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Lease;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.decision.HostShare;
import dev.autodeploy.internal.decision.Room;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.deployment.Rooms;
import dev.autodeploy.internal.deployment.UnknownInstances;
import dev.autodeploy.internal.ledger.LedgerWriter;
import dev.autodeploy.internal.ledger.OpenEntry;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.runtime.EventDispatcher;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The class that carries the arbiter's decisions out, between deployments on one GPU. */
class RoomKeeperTest {
  private static final GpuRequest GPU = GpuRequest.ids("0");

  private final FakeTime time = new FakeTime();
  private final FakeProvider provider = new FakeProvider(time);
  private final EngineServices services =
      EngineServices.of(
          "host",
          provider,
          IdlePolicy.after(Duration.ofMinutes(5)),
          CostMeter.perHour("3.60", "USD"),
          new LedgerWriter(new FakeStore()),
          new EventDispatcher(time.executor(), List.of()),
          time,
          time,
          time,
          time.executor(),
          time.executor());
  private final RoomKeeper keeper = new RoomKeeper(services, HostShare.UNLIMITED);
  private final Recorder rooms = new Recorder(keeper);
  private long made;

  RoomKeeperTest() {
    provider.capacity = ProviderCapacity.of(List.of(ProviderCapacity.Gpu.named("0")));
  }

  @Test
  void contentionThatEndsAndBeginsAgainAtOnce_goesOnBeingWatched() {
    DeploymentController holder = deploy("holder");
    DeploymentController waiting = deploy("waiting");
    CompletableFuture<Lease> held = holder.deployment().acquireAsync();
    time.run();
    assertThat(held).isCompleted();
    CompletableFuture<Lease> later = waiting.deployment().acquireAsync(within(Duration.ofHours(1)));
    time.run();
    assertThat(later).isNotDone();

    services
        .lock()
        .locked(
            () -> {
              keeper.want(waiting, new Effect.Want(GPU, 0, 0));
              keeper.want(waiting, new Effect.Want(GPU, 1, 0));
            });
    time.run();
    rooms.looks = 0;
    held.join().close();
    time.run();

    assertThat(rooms.looks).as("the arbiter is told of the idle instance").isPositive();
  }

  @Test
  void callerInLineWithAShorterDeadline_hasTheRoomLookedAtAgain() {
    DeploymentController holder = deploy("holder");
    DeploymentController waiting = deploy("waiting");
    holder.deployment().acquireAsync();
    time.run();
    waiting.deployment().acquireAsync(within(Duration.ofHours(1)));
    time.run();
    rooms.looks = 0;

    waiting.deployment().acquireAsync(within(Duration.ofHours(2)));
    time.run();
    assertThat(rooms.looks).as("nothing changes for anybody").isZero();
    waiting.deployment().acquireAsync(within(Duration.ofSeconds(50)));
    time.run();
    assertThat(rooms.looks).isEqualTo(1);
  }

  @Test
  void view_showsWhoHasAGpu_whoWaits_andWhoHadIt() {
    DeploymentController first = deploy("first");
    DeploymentController second = deploy("second");
    assertThat(keeper.view().gpus())
        .singleElement()
        .satisfies(gpu -> assertThat(gpu.holders()).isEmpty());
    CompletableFuture<Lease> held = first.deployment().acquireAsync();
    time.run();
    second.deployment().acquireAsync(within(Duration.ofHours(2)));
    time.run();

    SharedGpus shared = keeper.view();
    assertThat(shared.gpus().get(0).holders())
        .containsExactly(
            new SharedGpus.Holder("first", held.join().instanceId(), InstancePhase.READY, 1, 0));
    assertThat(shared.waiting())
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.deployment()).isEqualTo("second");
              assertThat(one.place().describe()).startsWith("waits for GPU 0: first, 1 request");
            });
    assertThat(shared.gpus().get(0).swaps()).isZero();

    time.pass(Duration.ofMinutes(1));
    held.join().close();
    time.pass(Duration.ofMinutes(1));
    shared = keeper.view();
    assertThat(shared.waiting()).isEmpty();
    assertThat(shared.gpus().get(0).stays())
        .extracting(SharedGpus.Stay::deployment)
        .containsExactly("first", "second");
    assertThat(shared.gpus().get(0).stays().get(0).to()).isNotNull();
    assertThat(shared.gpus().get(0).stays().get(1).to()).isNull();
    assertThat(shared.gpus().get(0).swaps()).isEqualTo(1);

    time.pass(Duration.ofHours(25));
    assertThat(keeper.view().gpus().get(0).stays())
        .extracting(SharedGpus.Stay::deployment)
        .doesNotContain("first");
  }

  @Test
  void orphanThatATerminatedDeploymentDoesNotTake_leavesNothingOfItHere() {
    DeploymentController over = deploy("over");
    over.remove();
    time.run();
    rooms.forgotten.clear();

    ProviderInstance orphan =
        ProviderInstance.builder("over-1", "over", time.instant()).fingerprint("1").build();
    LedgerEntry.Started started = new LedgerEntry.Started("over", "over-1", GPU, time.instant());
    assertThat(over.reap(orphan, OpenEntry.of(started))).isFalse();

    assertThat(rooms.forgotten).containsExactly(over);
  }

  private static AcquireRequest within(Duration timeout) {
    return AcquireRequest.within(timeout);
  }

  private DeploymentController deploy(String name) {
    DeploymentSpec spec = DeploymentSpec.builder(name).port(8080).gpu(GPU).build();
    OwnRandom random = new OwnRandom(name, 1);
    UnknownInstances unknown =
        new UnknownInstances() {
          @Override
          public boolean startedAfterRelease(ProviderInstance late) {
            return false;
          }

          @Override
          public void seen(List<ProviderInstance> listed) {}
        };
    DeploymentController controller =
        new DeploymentController(
            services, spec, ++made, time.instant(), random, random, unknown, rooms, (c, b) -> {});
    controller.open();
    return controller;
  }

  /** Hands everything on, and notes what the tests ask about. */
  private static final class Recorder implements Rooms {
    private final Rooms next;
    final List<DeploymentController> forgotten = new ArrayList<>();
    int looks;

    Recorder(Rooms next) {
      this.next = next;
    }

    @Override
    public void want(DeploymentController who, Effect.Want want) {
      next.want(who, want);
    }

    @Override
    public void freed(Room room) {
      next.freed(room);
    }

    @Override
    public void noRoom(Room room, String message) {
      next.noRoom(room, message);
    }

    @Override
    public void placed(Room room, List<String> gpus) {
      next.placed(room, gpus);
    }

    @Override
    public void slumbers(Room room, long keptBytes) {
      next.slumbers(room, keptBytes);
    }

    @Override
    public void look() {
      looks++;
      next.look();
    }

    @Override
    public boolean limitHost() {
      return next.limitHost();
    }

    @Override
    public Room found(
        DeploymentController who, ProviderInstance instance, GpuRequest gpu, long hostBytes) {
      return next.found(who, instance, gpu, hostBytes);
    }

    @Override
    public void forget(DeploymentController who) {
      forgotten.add(who);
      next.forget(who);
    }
  }
}
