package dev.autodeploy.internal.deployment;

import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.text.PlainText;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The things that the next start of a deployment needs and does not find. Thread-safe. */
final class Degradation {
  private final EngineServices services;
  private final String deployment;
  private volatile @Nullable String reason;

  Degradation(EngineServices services, String deployment) {
    this.services = services;
    this.deployment = deployment;
  }

  /** Returns what is missing and what comes of it, or null if all is there. */
  @Nullable String reason() {
    return reason;
  }

  /**
   * Notes what is missing; tells it if it is news.
   *
   * @param now what is missing and what comes of it, or null if all is there
   */
  synchronized void found(@Nullable String now) {
    String text = now == null ? null : PlainText.line(now);
    if (!Objects.equals(reason, text)) {
      reason = text;
      services
          .events()
          .publish(new DeploymentEvent.Degraded(services.clock().instant(), deployment, text));
    }
  }
}
