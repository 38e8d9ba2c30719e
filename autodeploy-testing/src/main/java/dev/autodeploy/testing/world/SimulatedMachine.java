package dev.autodeploy.testing.world;

import dev.autodeploy.SleepMode;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One instance in a {@link SimulatedWorld}: it carries out its plan. */
public final class SimulatedMachine {
  public static final long NEVER = Long.MAX_VALUE;

  public final StartRequest request;
  public final PlannedLife plan;
  public final long startedAt;
  public long upAt = NEVER;
  public long releaseAskedAt = NEVER;
  public long exitedAt = NEVER;
  public long goneAt = NEVER;
  public long releaseConfirmedAt = NEVER;
  public int releases;
  public boolean left;

  /** True from when it was told to sleep until it is told to wake. */
  private boolean asleep;

  private boolean slept;
  private int orders;

  /** The number of the latest order that was carried out. */
  private int lastObeyed;

  /** True if a list left it out when the engine had nothing else to go by. */
  public boolean hidden;

  /** The time at which that first happened. */
  public long hiddenAt = NEVER;

  /** The moment since which lists have left it out, and the engine has not got to know it again. */
  public long hiddenSince = NEVER;

  /** True if the provider's close ended it. */
  public boolean endedByClose;

  public @Nullable InstanceExit exit;

  private final SimulatedWorld world;
  private final Instant startedInstant;
  private final URI endpoint;
  private final CompletableFuture<ProviderInstance> startStage = new CompletableFuture<>();
  private final List<CompletableFuture<Void>> releaseStages = new ArrayList<>(1);
  private boolean releasing;
  private boolean removalScheduled;

  SimulatedMachine(SimulatedWorld world, StartRequest request, PlannedLife plan, int port) {
    this.world = world;
    this.request = request;
    this.plan = plan;
    this.startedAt = world.ticker.read();
    this.startedInstant = world.clock.instant();
    this.endpoint = URI.create("http://127.0.0.1:" + port);
  }

  CompletionStage<ProviderInstance> start() {
    after(plan.upAfter, this::arrive);
    return startStage;
  }

  public boolean exists() {
    return goneAt == NEVER;
  }

  public boolean isUp() {
    return exists() && upAt != NEVER && exitedAt == NEVER;
  }

  public boolean isReady() {
    return wasReady() && world.ticker.read() < hangsAt();
  }

  /** Returns whether it runs and has been ready, whether it hangs since then or not. */
  public boolean wasReady() {
    return isUp() && !removalScheduled && world.ticker.read() - upAt >= plan.readyAfter.toNanos();
  }

  /** Returns from when on it runs and answers nothing, or {@link #NEVER}. */
  public long hangsAt() {
    Duration hangsAfter = plan.hangsAfter;
    return hangsAfter == null || upAt == NEVER
        ? NEVER
        : upAt + plan.readyAfter.plus(hangsAfter).toNanos();
  }

  /** Returns from when on it runs without the GPUs that it was given, or {@link #NEVER}. */
  public long losesGpusAt() {
    Duration losesGpusAfter = plan.losesGpusAfter;
    return losesGpusAfter == null || upAt == NEVER ? NEVER : upAt + losesGpusAfter.toNanos();
  }

  /** Returns whether it sleeps: others may have its GPUs. */
  public boolean isAsleep() {
    return asleep;
  }

  /** Returns whether it sleeps, or did before. */
  public boolean hasSlept() {
    return slept;
  }

  /** Returns whether it refused an order, or did not answer one. */
  public boolean isDeaf() {
    return plan.refusesToSleep || plan.refusesToWake || orders > plan.ordersAnswered;
  }

  /** Answers a request: whether it sleeps, that it is to, or that it is to wake. */
  CompletionStage<String> call(SleepMode.Request call) {
    if (!wasReady()) {
      return CompletableFuture.failedFuture(new IOException("connection refused"));
    }
    CompletableFuture<String> answer = new CompletableFuture<>();
    if (world.ticker.read() >= hangsAt()) {
      return answer;
    }
    if (call.method().equals("GET")) {
      answer.complete("{\"is_sleeping\": " + asleep + "}");
    } else if (++orders <= plan.ordersAnswered) {
      boolean sleep = call.path().startsWith("/sleep");
      if (!sleep) {
        awakens();
      }
      int order = orders;
      after(plan.sleepTakes, () -> obey(order, sleep, answer));
    }
    return answer;
  }

  private void awakens() {
    asleep = false; // from now on, as memory is taken first
    if (world.watch != null) {
      world.watch.waking(this);
    }
  }

  /**
   * Carries an order out. Servers do so in the order in which they came, even where those of an
   * engine that was killed and of the next one end at one moment.
   */
  private void obey(int order, boolean sleep, CompletableFuture<String> answer) {
    if (!isUp()) {
      answer.completeExceptionally(new IOException("connection reset"));
    } else if (sleep ? plan.refusesToSleep : plan.refusesToWake) {
      answer.completeExceptionally(new IOException("answered 500, as planned"));
    } else {
      if (order > lastObeyed) {
        lastObeyed = order;
        asleep = sleep;
      }
      slept |= sleep;
      answer.complete("");
    }
  }

  boolean isListed() {
    return exists() && world.ticker.read() - startedAt >= plan.listedAfter.toNanos();
  }

  CompletionStage<Void> release() {
    int attempt = ++releases;
    if (releaseAskedAt == NEVER) {
      releaseAskedAt = world.ticker.read();
    }
    CompletableFuture<Void> stage = new CompletableFuture<>();
    if (!exists()) {
      confirm(stage);
    } else if (attempt <= plan.releaseFailures) {
      after(
          plan.releaseTakes,
          () ->
              stage.completeExceptionally(new IllegalStateException("release failed as planned")));
    } else if (attempt > plan.releaseFailures + plan.releasesLost) {
      if (attempt <= plan.releaseFailures + plan.releasesLost + plan.releasesPretended) {
        after(plan.releaseTakes, () -> pretend(stage));
      } else {
        releaseStages.add(stage);
        remove();
      }
    }
    return stage;
  }

  public void exit(InstanceExit how) {
    if (!isUp()) {
      return;
    }
    exitedAt = world.ticker.read();
    exit =
        new InstanceExit(
            how.exitCode(), how.outOfMemory(), how.logTail(), how.message(), world.clock.instant());
    world.tellExited(this, exit);
  }

  /** Ends everything at once, without anybody being told. */
  void vanish() {
    if (exists()) {
      goneAt = world.ticker.read();
      world.removed(this);
    }
  }

  public List<String> logs(int lines) {
    List<String> all = new ArrayList<>();
    all.add("start of " + request.instanceId());
    if (exit != null) {
      all.addAll(exit.logTail());
    }
    return List.copyOf(all.subList(Math.max(0, all.size() - lines), all.size()));
  }

  ProviderInstance toInstance() {
    return ProviderInstance.builder(request, startedInstant)
        .endpoint(upAt == NEVER ? null : endpoint)
        .exit(exit)
        .build();
  }

  private void arrive() {
    if (!exists()) {
      return;
    }
    if (!plan.comesUp) {
      if (plan.reply == PlannedLife.Reply.FAILS) {
        vanish();
        failStart();
      }
      return;
    }
    upAt = world.ticker.read();
    if (plan.exitAfter != null) {
      InstanceExit how = plan.exit;
      after(plan.exitAfter, () -> exit(how));
    }
    switch (plan.reply) {
      case COMPLETES -> startStage.complete(toInstance());
      case FAILS, FAILS_BUT_RUNS -> failStart();
      case NEVER -> {}
    }
    if (releasing) {
      remove();
    }
  }

  private void failStart() {
    InstanceStartException error = plan.startError;
    startStage.completeExceptionally(
        error != null ? error : new InstanceStartException("start failed as planned"));
  }

  private void remove() {
    releasing = true;
    boolean onItsWay = upAt == NEVER && plan.comesUp;
    if (removalScheduled || (onItsWay && plan.survivesReleaseUntilUp)) {
      return;
    }
    removalScheduled = true;
    after(plan.releaseTakes, this::finish);
  }

  private void finish() {
    boolean neverUp = upAt == NEVER;
    vanish();
    if (neverUp && plan.reply != PlannedLife.Reply.NEVER) {
      startStage.completeExceptionally(
          new InstanceStartException("the instance was released while it was being started"));
    }
    List<CompletableFuture<Void>> waiting = List.copyOf(releaseStages);
    releaseStages.clear();
    waiting.forEach(this::confirm);
  }

  private void pretend(CompletableFuture<Void> stage) {
    if (exists()) {
      stage.complete(null);
    } else {
      confirm(stage); // a lie that has come true
    }
  }

  /** A list left it out, and the engine had nothing else to go by. */
  public void hide() {
    hidden = true;
    hiddenAt = Math.min(hiddenAt, world.ticker.read());
    hiddenSince = Math.min(hiddenSince, world.ticker.read());
  }

  /** The engine knows it, although a list may have left it out before. */
  public void found() {
    hiddenSince = NEVER;
  }

  private void confirm(CompletableFuture<Void> stage) {
    if (releaseConfirmedAt == NEVER) {
      releaseConfirmedAt = world.ticker.read();
    }
    stage.complete(null);
  }

  private void after(Duration delay, Runnable action) {
    if (delay.isZero()) {
      action.run();
    } else {
      world.timers.schedule(delay, action);
    }
  }
}
