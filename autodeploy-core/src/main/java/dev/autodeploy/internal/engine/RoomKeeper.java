package dev.autodeploy.internal.engine;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.SharedGpus.Stay;
import dev.autodeploy.internal.decision.Arbiter;
import dev.autodeploy.internal.decision.ArbiterEffect;
import dev.autodeploy.internal.decision.Effect;
import dev.autodeploy.internal.decision.HostShare;
import dev.autodeploy.internal.decision.Party;
import dev.autodeploy.internal.decision.Room;
import dev.autodeploy.internal.deployment.DeploymentController;
import dev.autodeploy.internal.deployment.Rooms;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Scheduler.Cancellable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lock around the {@link Arbiter}, and what carries its effects out. Nothing is decided here.
 * Its lock may be held when a deployment's is taken, never the other way round.
 */
final class RoomKeeper implements Rooms {
  private static final Logger LOG = LoggerFactory.getLogger(RoomKeeper.class);

  private final EngineServices services;
  private final HostShare host;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Arbiter arbiter;
  private final Map<Long, DeploymentController> controllers = new HashMap<>();
  private final Map<String, Room> found = new HashMap<>();
  private final GpuHistory history = new GpuHistory();
  private final Queue<Runnable> effects = new ArrayDeque<>();
  private boolean running;
  private boolean watching;
  private long timerAt = NEVER;
  private @Nullable Cancellable timer;

  /**
   * Makes one.
   *
   * @param host what all instances may have together
   */
  RoomKeeper(EngineServices services, HostShare host) {
    this.services = services;
    this.host = host;
    this.arbiter = new Arbiter(host);
  }

  @Override
  public boolean limitHost() {
    return host.isLimited();
  }

  @Override
  public void want(DeploymentController who, Effect.Want want) {
    decide(
        now -> {
          controllers.put(who.number(), who);
          arbiter.want(now, who.number(), want);
        });
  }

  @Override
  public void freed(Room room) {
    decide(
        now -> {
          found.values().removeIf(known -> known.id() == room.id());
          arbiter.freed(now, room);
        });
  }

  @Override
  public void noRoom(Room room, String message) {
    decide(now -> arbiter.refused(now, room, message));
  }

  @Override
  public void placed(Room room, List<String> gpus) {
    decide(now -> arbiter.placed(room, gpus));
  }

  @Override
  public void slumbers(Room room, long keptBytes) {
    decide(now -> arbiter.slumbers(now, room, keptBytes));
  }

  @Override
  public void look() {
    decide(now -> {});
  }

  @Override
  public Room found(
      DeploymentController who, ProviderInstance instance, GpuRequest gpu, long hostBytes) {
    lock.lock();
    try {
      controllers.put(who.number(), who);
      List<String> gpus = instance.gpus().isEmpty() ? gpu.ids() : instance.gpus();
      Room before = found.get(instance.instanceId());
      Room room = arbiter.occupy(who.number(), gpu, gpus, hostBytes);
      if (before != null) {
        arbiter.freed(services.ticker().read(), before);
      }
      found.put(instance.instanceId(), room);
      return room;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void forget(DeploymentController who) {
    decide(
        now -> {
          controllers.remove(who.number());
          arbiter.forget(who.number());
        });
  }

  /** Returns who has which GPU now, who waits, and who had which. */
  SharedGpus view() {
    ProviderCapacity capacity = services.capacity();
    List<Room> rooms;
    Map<String, List<Stay>> stays = new HashMap<>();
    Map<Long, DeploymentController> parties = new HashMap<>();
    lock.lock();
    try {
      seen();
      rooms = List.copyOf(arbiter.rooms());
      history.gpus().forEach(gpu -> stays.put(gpu, history.of(gpu)));
      for (long number : arbiter.parties()) {
        DeploymentController controller = controllers.get(number);
        if (controller != null) {
          parties.put(number, controller);
        }
      }
    } finally {
      lock.unlock();
    }
    return new GpuView(parties)
        .of(capacity, host, rooms, gpu -> stays.getOrDefault(gpu, List.of()));
  }

  private void seen() {
    history.see(
        services.clock().instant(),
        arbiter.rooms().stream().filter(room -> !room.isLeft()).toList(),
        number -> {
          DeploymentController controller = controllers.get(number);
          return controller == null ? "" : controller.name();
        });
  }

  /** Refuses a specification for which there can never be room. */
  void check(DeploymentSpec spec) {
    if (!spec.gpu().isNone()) {
      Arbiter.checkFits(spec.gpu(), services.capacity());
    }
    host.check(spec);
  }

  private void decide(Consumer<Long> event) {
    ProviderCapacity capacity = services.capacity(); // before the lock, as it is foreign code
    lock.lock();
    try {
      long now = services.ticker().read();
      arbiter.capacity(capacity);
      event.accept(now);
      Map<Long, Party> parties = parties();
      arbiter.decide(now, parties).forEach(effect -> effects.add(() -> carryOut(effect)));
      seen();
      setTimer(now);
    } finally {
      lock.unlock();
    }
    services.lock().afterwards(this::run);
  }

  /** Looks at the deployments, if anybody waits; else they need not say any longer what changes. */
  private Map<Long, Party> parties() {
    Map<Long, Party> parties = new HashMap<>();
    boolean contended = arbiter.isContended();
    if (!contended && watching) {
      // At once: as an effect it could follow the next watch, and undo that.
      controllers.values().forEach(it -> it.rooms().unwatch());
    }
    watching = contended;
    if (contended) {
      for (long number : arbiter.parties()) {
        DeploymentController controller = controllers.get(number);
        if (controller != null) {
          parties.put(number, controller.rooms().watch());
        }
      }
    }
    return parties;
  }

  private void setTimer(long now) {
    long at = arbiter.nextLook();
    if (at == timerAt) {
      return;
    }
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    timerAt = at;
    if (at != NEVER) {
      timer = services.timers().schedule(Duration.ofNanos(Math.max(0, at - now)), this::timerFires);
    }
  }

  private void timerFires() {
    lock.lock();
    try {
      timerAt = NEVER;
      timer = null;
    } finally {
      lock.unlock();
    }
    look();
  }

  private void carryOut(ArbiterEffect effect) {
    DeploymentController controller;
    lock.lock();
    try {
      controller = controllers.get(effect.party());
    } finally {
      lock.unlock();
    }
    if (controller == null) {
      if (effect instanceof ArbiterEffect.Give give) {
        freed(give.room());
      }
    } else if (effect instanceof ArbiterEffect.Give give) {
      controller.rooms().given(give);
    } else if (effect instanceof ArbiterEffect.MakeRoom make) {
      controller.rooms().makeRoom(make);
    } else if (effect instanceof ArbiterEffect.Waits waits) {
      controller.rooms().waits(waits.what());
    }
  }

  private void run() {
    for (Runnable effect = first(); effect != null; effect = next()) {
      try {
        effect.run();
      } catch (RuntimeException | Error e) {
        LOG.error("A decision about shared GPUs could not be carried out", e);
      }
    }
  }

  private @Nullable Runnable first() {
    lock.lock();
    try {
      if (running) {
        return null;
      }
      Runnable effect = effects.poll();
      running = effect != null;
      return effect;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Runnable next() {
    lock.lock();
    try {
      Runnable effect = effects.poll();
      running = effect != null;
      return effect;
    } finally {
      lock.unlock();
    }
  }
}
