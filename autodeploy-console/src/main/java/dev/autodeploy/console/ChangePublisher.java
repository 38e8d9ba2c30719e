package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes changes of the engine's deployments to the open pages. One thread checks once a second,
 * because in-flight and pending counts raise no events.
 */
final class ChangePublisher implements DeploymentListener {
  static final String TOPIC = "events";

  private static final Logger LOG = LoggerFactory.getLogger(ChangePublisher.class);
  private static final long SOON_MILLIS = 100;
  private static final int COST_EVERY = 3;
  private static final int HEARTBEAT_EVERY = 20;
  private static final int FORGET_AFTER = 60;

  /** The most changes that are told one by one; more are told as one: look again. */
  private static final int MAX_CHANGES = 100;

  private final AutoDeploy autoDeploy;
  private final InstantSource clock;
  private final EventHistory eventHistory;
  private final DeploymentJson deploymentJson;
  private final SseHub hub;
  private final LogTails logs;
  private final ScheduledExecutorService scheduler;
  private final AtomicBoolean soon = new AtomicBoolean();

  private final ReentrantLock lock = new ReentrantLock();

  private final Attention attention;

  // Guarded by the lock.
  private final Map<String, Seen> seen = new HashMap<>();
  private int ticksAlone;

  private final AtomicLong ticks = new AtomicLong();

  /**
   * The state of one deployment that was published last.
   *
   * @param state the text that was published; null if it had nothing going on, or was not published
   */
  private record Seen(
      DeploymentStatus status, DeploymentSpec spec, @Nullable String state, long costTick) {}

  ChangePublisher(
      AutoDeploy autoDeploy,
      InstantSource clock,
      EventHistory eventHistory,
      DeploymentJson deploymentJson,
      SseHub hub,
      LogTails logs,
      ScheduledExecutorService scheduler) {
    this.autoDeploy = autoDeploy;
    this.clock = clock;
    this.eventHistory = eventHistory;
    this.deploymentJson = deploymentJson;
    this.hub = hub;
    this.logs = logs;
    this.scheduler = scheduler;
    this.attention = new Attention(autoDeploy);
  }

  void begin() {
    autoDeploy.addListener(this);
    List<Deployment> all = autoDeploy.deployments();
    eventHistory.begin(all, clock.instant());
    lock.lock();
    try {
      all.forEach(deployment -> attention.seen(deployment.name(), deployment.status()));
    } finally {
      lock.unlock();
    }
    // A long ledger is added up before somebody waits for it.
    scheduler.execute(
        () -> guarded(() -> autoDeploy.deployments().forEach(deploymentJson::summary)));
    scheduler.scheduleWithFixedDelay(this::tick, 1, 1, TimeUnit.SECONDS);
  }

  void end() {
    autoDeploy.removeListener(this);
  }

  @Override
  public void onEvent(DeploymentEvent event) {
    if (!event.deployment().isEmpty()) {
      attention.told(event.deployment());
    }
    EventHistory.Numbered numbered = eventHistory.add(event);
    if (numbered != null && hub.has(TOPIC)) {
      ObjectNode json = EventJson.of(numbered);
      hub.publish(TOPIC, SseHub.message("event", ConsoleJson.text(json)));
    }
    if (soon.compareAndSet(false, true)) {
      try {
        scheduler.schedule(this::lookSoon, SOON_MILLIS, TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        LOG.debug("The console is closed, and the event is not shown");
      }
    }
  }

  private void lookSoon() {
    soon.set(false);
    guarded(() -> look(false));
  }

  private void tick() {
    guarded(
        () -> {
          long tick = ticks.incrementAndGet();
          look(true);
          logs.poll();
          hub.endStuck();
          if (tick % HEARTBEAT_EVERY == 0) {
            hub.heartbeat();
          }
        });
  }

  /** A periodic task that throws would never run again. */
  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.warn("The console could not look at the deployments", e);
    }
  }

  /**
   * Notes how everything is that has something going on, so that a page that opens now is told only
   * what changes from here on.
   */
  void prime() {
    lock.lock();
    try {
      ticksAlone = 0;
      if (seen.isEmpty()) {
        changes(attention.look(false), false);
      }
    } finally {
      lock.unlock();
    }
  }

  private void look(boolean tick) {
    lock.lock();
    try {
      Attention.Look look = attention.look(tick);
      eventHistory.sample(look, clock.instant());
      if (hub.has(TOPIC)) {
        ticksAlone = 0;
        tell(changes(look, tick));
      } else {
        look.expected().forEach(it -> attention.seen(it.name(), it.status()));
        look.inTurn().forEach(it -> attention.seen(it.name(), it.status()));
        if (++ticksAlone > FORGET_AFTER) {
          seen.clear();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void tell(List<String> changes) {
    if (changes.size() > MAX_CHANGES) {
      hub.publish(TOPIC, SseHub.message("reset", "{}"));
    } else {
      changes.forEach(change -> hub.publish(TOPIC, change));
    }
  }

  private List<String> changes(Attention.Look look, boolean withCost) {
    List<String> changes = new ArrayList<>();
    look.expected().forEach(deployment -> change(deployment, withCost, true, changes));
    look.inTurn().forEach(deployment -> change(deployment, withCost, false, changes));
    for (String name : look.gone()) {
      seen.remove(name);
      changes.add(
          SseHub.message("removed", ConsoleJson.text(ConsoleJson.object().put("name", name))));
    }
    return changes;
  }

  private void change(
      Deployment deployment, boolean withCost, boolean expected, List<String> changes) {
    Seen last = seen.get(deployment.name());
    DeploymentStatus status = deployment.status();
    DeploymentSpec spec = deployment.spec();
    attention.seen(deployment.name(), status);
    if (last == null && !expected) {
      seen.put(deployment.name(), new Seen(status, spec, null, ticks.get()));
      return;
    }
    boolean paying = withCost && !status.instances().isEmpty();
    boolean costDue = last != null && paying && ticks.get() - last.costTick() >= COST_EVERY;
    boolean starting = status.count(InstancePhase.STARTING) > 0;
    boolean same = last != null && last.spec().equals(spec) && last.status().equals(status);
    if (same && !costDue && !starting) {
      return;
    }
    ObjectNode state = deploymentJson.state(deployment);
    String text = ConsoleJson.text(state) + progress(status);
    if (last == null || costDue || !text.equals(last.state())) {
      String kept = status.instances().isEmpty() ? null : text;
      seen.put(deployment.name(), new Seen(status, spec, kept, ticks.get()));
      String data = ConsoleJson.text(deploymentJson.withCost(state, deployment));
      changes.add(SseHub.message("deployment", data));
    }
  }

  /** Progress is part of no summary; the detail page reads it when it is told of a change. */
  private static String progress(DeploymentStatus status) {
    StringBuilder text = new StringBuilder();
    status.instances().stream()
        .map(InstanceInfo::progress)
        .filter(Objects::nonNull)
        .forEach(text::append);
    return text.toString();
  }
}
