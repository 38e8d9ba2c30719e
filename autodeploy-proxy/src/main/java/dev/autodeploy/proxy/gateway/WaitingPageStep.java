package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstancePhase;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows a page to a person in a browser while no instance is ready, and has one started. */
final class WaitingPageStep implements LinkStep {
  private static final Logger LOG = LoggerFactory.getLogger(WaitingPageStep.class);

  private final StartEstimates estimates;

  WaitingPageStep(StartEstimates estimates) {
    this.estimates = estimates;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    Deployment deployment = call.deployment();
    if (!call.use().wakes()
        || !WaitingPage.wanted(call.head())
        || deployment.status().count(InstancePhase.READY) > 0) {
      return null;
    }
    DeploymentStatus status = deployment.status();
    Instant until = status.backoffUntil();
    boolean backingOff = until != null && until.isAfter(Instant.now());
    int coming = status.count(InstancePhase.STARTING) + status.count(InstancePhase.WAKING);
    if (coming == 0 && !backingOff) {
      start(deployment);
      status = deployment.status();
    }
    Instant now = Instant.now();
    StartEstimates.Wait wait = estimates.of(deployment, now);
    HttpHeaders headers =
        new HttpHeaders()
            .add("Cache-Control", "no-store")
            .add("Retry-After", Long.toString(WaitingPage.retryAfter(wait)))
            .add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    return LinkResponse.text(
        503, headers, "text/html; charset=utf-8", WaitingPage.html(deployment, status, wait, now));
  }

  private static void start(Deployment deployment) {
    deployment
        .warmUp()
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                LOG.debug("{}: the start for a waiting page failed", deployment.name(), error);
              }
            });
  }
}
