package dev.autodeploy.internal.runtime;

import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the phase changes of all instances to the log. */
public final class LoggingListener implements DeploymentListener {
  private static final int LINES = 5;
  private static final Logger LOG = LoggerFactory.getLogger("dev.autodeploy");

  @Override
  public void onEvent(DeploymentEvent event) {
    String name = event.deployment();
    if (event instanceof DeploymentEvent.InstanceStarting e) {
      if (e.reason() == StartReason.ADOPTED) {
        LOG.debug("{}: instance '{}' of an earlier process is looked at", name, e.instanceId());
        return;
      }
      LOG.info("{}: instance '{}' is starting ({})", name, e.instanceId(), e.reason());
    } else if (event instanceof DeploymentEvent.Prepared e && e.failure() != null) {
      LOG.warn("{}: fetching ahead failed: {}", name, e.failure());
    } else if (event instanceof DeploymentEvent.Prepared e) {
      LOG.info(
          "{}: {} after {}",
          name,
          e.fetched() ? "fetched ahead" : "nothing had to be fetched ahead",
          text(e.duration()));
    } else if (event instanceof DeploymentEvent.InstanceReady e) {
      LOG.info(
          "{}: instance '{}' is ready after {}", name, e.instanceId(), text(e.startDuration()));
    } else if (event instanceof DeploymentEvent.InstanceAdopted e) {
      LOG.info(
          "{}: instance '{}' of an earlier process is adopted, ready since {}",
          name,
          e.instanceId(),
          e.readySince());
    } else if (event instanceof DeploymentEvent.InstanceStartFailed e) {
      LOG.warn(
          "{}: instance '{}' could not be started: {}; next start in {}{}",
          name,
          e.instanceId(),
          e.failure().describe(),
          text(e.retryAfter()),
          lastLines(e.failure().logTail()));
    } else if (event instanceof DeploymentEvent.InstanceExited e) {
      LOG.warn(
          "{}: instance '{}' {} with {} requests in flight{}",
          name,
          e.instanceId(),
          e.exit().describe(),
          e.leasesLost(),
          lastLines(e.exit().logTail()));
    } else if (event instanceof DeploymentEvent.InstanceAsleep e) {
      LOG.info(
          "{}: instance '{}' sleeps after {}{}",
          name,
          e.instanceId(),
          text(e.duration()),
          e.forDeployment() == null ? "" : ", to make room for '" + e.forDeployment() + "'");
    } else if (event instanceof DeploymentEvent.InstanceWoken e) {
      LOG.info("{}: instance '{}' is awake after {}", name, e.instanceId(), text(e.duration()));
    } else if (event instanceof DeploymentEvent.InstanceReplaced e) {
      LOG.warn(
          "{}: instance '{}' is replaced with {} requests in flight: {}",
          name,
          e.instanceId(),
          e.inFlight(),
          e.message());
    } else if (event instanceof DeploymentEvent.InstanceReleasing e) {
      LOG.info("{}: instance '{}' is being released ({})", name, e.instanceId(), e.reason());
    } else if (event instanceof DeploymentEvent.InstanceReleaseFailed e) {
      LOG.warn(
          "{}: the release of instance '{}' is not confirmed: {}; attempt {} failed, next in {}",
          name,
          e.instanceId(),
          e.message(),
          e.attempts(),
          text(e.retryAfter()));
    } else if (event instanceof DeploymentEvent.InstanceReleased e) {
      LOG.info(
          "{}: instance '{}' is released after {}, cost {}, total {}",
          name,
          e.instanceId(),
          text(e.lifetime()),
          e.cost().rounded(6),
          e.totalCost().rounded(6));
    } else if (event instanceof DeploymentEvent.BudgetUsed e) {
      LOG.warn("{}: {} % of its budget: {}", name, e.percent(), e.status().describe());
    } else if (event instanceof DeploymentEvent.EngineBudgetUsed e) {
      LOG.warn("{} % of the engine's budget: {}", e.percent(), e.status().describe());
    } else if (event instanceof DeploymentEvent.ScheduleChanged e) {
      LOG.info(
          "{}: by its schedule it is {}{} until {}",
          name,
          e.state().closed() ? "closed" : "open",
          e.state().warm() == 0 ? "" : " with " + e.state().warm() + " kept warm",
          e.state().until());
    } else if (event instanceof DeploymentEvent.Degraded e && e.reason() != null) {
      LOG.warn("{}: {}", name, e.reason());
    } else if (event instanceof DeploymentEvent.Degraded) {
      LOG.info("{}: what its next start needs is there again", name);
    } else {
      LOG.debug("{}: {}", name, event);
    }
  }

  /** The last lines that an instance wrote, as the end of a message. */
  private static String lastLines(List<String> lines) {
    return lines.isEmpty()
        ? ""
        : "; its last lines:\n  "
            + String.join("\n  ", lines.subList(Math.max(0, lines.size() - LINES), lines.size()));
  }

  private static String text(Duration duration) {
    return duration.toMillis() + " ms";
  }
}
