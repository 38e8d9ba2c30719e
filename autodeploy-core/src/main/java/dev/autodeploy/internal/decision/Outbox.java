package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;

import dev.autodeploy.DeploymentState;
import dev.autodeploy.event.DeploymentEvent;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The effects decided on and not yet taken by the controller, oldest first. It knows what was
 * published and scheduled before, so that neither is repeated.
 */
final class Outbox {
  private final String name;
  private static final Queue<Effect> NOTHING = new ArrayDeque<>(1);

  /** Made for the first effect: a deployment on standby has none. */
  private @Nullable Queue<Effect> effects;

  private DeploymentState publishedState = DeploymentState.STANDBY;
  private long timerAt = NEVER;
  private boolean watched;

  Outbox(String deployment) {
    this.name = deployment;
  }

  /** Returns the deployment's name. */
  String deployment() {
    return name;
  }

  Queue<Effect> effects() {
    return effects == null ? NOTHING : effects;
  }

  void add(Effect effect) {
    if (effects == null) {
      effects = new ArrayDeque<>();
    }
    effects.add(effect);
  }

  void publish(Function<Instant, DeploymentEvent> event) {
    add(new Effect.Publish(event));
  }

  /** Publishes the deployment's state if it is another one than the last published. */
  void publishState(DeploymentState state) {
    DeploymentState from = publishedState;
    if (from != state) {
      publishedState = state;
      publish(at -> new DeploymentEvent.StatusChanged(at, name, from, state));
    }
  }

  /** Sets the timer to a time, unless it fires earlier anyway. */
  void schedule(long at) {
    if (at < timerAt) {
      timerAt = at;
      add(new Effect.SetTimer(at));
    }
  }

  /** Notes whether others wait for room, and are to be told of every change. */
  void watched(boolean isWatched) {
    watched = isWatched;
  }

  /** Asks the arbiter to look if others wait for room. */
  void look() {
    if (watched) {
      add(new Effect.Look());
    }
  }

  /** Forgets the timer, which has fired or could not be set. */
  void timerIsGone() {
    timerAt = NEVER;
  }
}
