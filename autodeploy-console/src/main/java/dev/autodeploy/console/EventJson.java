package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.event.DeploymentEvent;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Events as JSON, one object for all kinds: a field that a kind does not have is absent. */
final class EventJson {

  private EventJson() {}

  static ObjectNode of(EventHistory.Numbered numbered) {
    ObjectNode json = of(numbered.event());
    json.put("number", numbered.number());
    return json;
  }

  /** Returns the event without a number, as it goes to others. */
  static ObjectNode of(DeploymentEvent event) {
    ObjectNode json = ConsoleJson.object();
    ConsoleJson.put(json, "at", event.at());
    json.put("type", type(event));
    json.put("deployment", event.deployment());
    if (event instanceof DeploymentEvent.StatusChanged e) {
      json.put("from", DeploymentJson.word(e.from())).put("to", DeploymentJson.word(e.to()));
    } else if (event instanceof DeploymentEvent.BudgetUsed e) {
      json.put("percent", e.percent());
      json.set("budget", DeploymentJson.budget(e.status()));
    } else if (event instanceof DeploymentEvent.EngineBudgetUsed e) {
      json.put("percent", e.percent());
      json.set("budget", DeploymentJson.budget(e.status()));
    } else if (event instanceof DeploymentEvent.ScheduleChanged e) {
      json.set("schedule", DeploymentJson.schedule(e.state()));
    } else if (event instanceof DeploymentEvent.Degraded e) {
      if (e.reason() != null) {
        json.put("message", e.reason());
      }
    } else if (event instanceof DeploymentEvent.Prepared e) {
      json.put("fetched", e.fetched()).put("seconds", ConsoleJson.seconds(e.duration()));
      json.put("message", e.failure());
    } else if (event instanceof DeploymentEvent.InstanceStarting e) {
      json.put("instanceId", e.instanceId()).put("reason", DeploymentJson.word(e.reason()));
      expected(json, e.expected());
    } else if (event instanceof DeploymentEvent.InstanceProgress e) {
      json.put("instanceId", e.instanceId()).put("message", e.progress().describe());
      json.set("progress", DeploymentJson.progress(e.progress()));
    } else if (event instanceof DeploymentEvent.InstanceReady e) {
      json.put("instanceId", e.instanceId()).put("seconds", ConsoleJson.seconds(e.startDuration()));
      expected(json, e.expected());
    } else if (event instanceof DeploymentEvent.InstanceAdopted e) {
      json.put("instanceId", e.instanceId());
      ConsoleJson.put(json, "readySince", e.readySince());
    } else if (event instanceof DeploymentEvent.InstanceStartFailed e) {
      json.put("instanceId", e.instanceId());
      json.put("message", e.failure().message());
      json.set("failure", DeploymentJson.failure(e.failure()));
      json.put("retryAfterSeconds", ConsoleJson.seconds(e.retryAfter()));
    } else if (event instanceof DeploymentEvent.InstanceExited e) {
      json.put("instanceId", e.instanceId()).put("message", e.exit().describe());
      json.set("exit", DeploymentJson.exit(e.exit()));
      json.put("inFlight", e.leasesLost());
    } else if (event instanceof DeploymentEvent.WaitsForRoom e) {
      json.put("message", e.message());
    } else if (event instanceof DeploymentEvent.InstanceMakesRoom e) {
      json.put("instanceId", e.instanceId()).put("message", e.forDeployment());
      json.put("inFlight", e.inFlight());
    } else if (event instanceof DeploymentEvent.InstanceAsleep e) {
      json.put("instanceId", e.instanceId()).put("message", e.forDeployment());
      json.put("seconds", ConsoleJson.seconds(e.duration()));
    } else if (event instanceof DeploymentEvent.InstanceWoken e) {
      json.put("instanceId", e.instanceId()).put("seconds", ConsoleJson.seconds(e.duration()));
    } else if (event instanceof DeploymentEvent.InstanceReplaced e) {
      json.put("instanceId", e.instanceId()).put("reason", DeploymentJson.word(e.reason()));
      json.put("message", e.message()).put("inFlight", e.inFlight());
    } else if (event instanceof DeploymentEvent.InstanceDraining e) {
      json.put("instanceId", e.instanceId()).put("reason", DeploymentJson.word(e.reason()));
      json.put("inFlight", e.inFlight());
    } else if (event instanceof DeploymentEvent.InstanceReleasing e) {
      json.put("instanceId", e.instanceId()).put("reason", DeploymentJson.word(e.reason()));
      json.put("seconds", ConsoleJson.seconds(e.idle()));
    } else if (event instanceof DeploymentEvent.InstanceReleaseFailed e) {
      json.put("instanceId", e.instanceId()).put("message", e.message());
      json.put("retryAfterSeconds", ConsoleJson.seconds(e.retryAfter()));
    } else if (event instanceof DeploymentEvent.InstanceReleased e) {
      json.put("instanceId", e.instanceId()).put("reason", DeploymentJson.word(e.reason()));
      json.put("seconds", ConsoleJson.seconds(e.lifetime()));
      json.put("busySeconds", ConsoleJson.seconds(e.busy()));
      json.set("cost", ConsoleJson.money(e.cost()));
      json.set("totalCost", ConsoleJson.money(e.totalCost()));
    }
    return json;
  }

  /** Returns the kind in words with hyphens, such as {@code instance-ready}. */
  private static void expected(ObjectNode json, @Nullable Duration expected) {
    if (expected != null) {
      json.put("expectedSeconds", ConsoleJson.seconds(expected));
    }
  }

  static String type(DeploymentEvent event) {
    String name = event.getClass().getSimpleName();
    return name.replaceAll("(?<=.)([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
  }
}
