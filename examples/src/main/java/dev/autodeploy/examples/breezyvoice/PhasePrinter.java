package dev.autodeploy.examples.breezyvoice;

import dev.autodeploy.DeploymentState;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import java.io.PrintStream;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Prints one line for each phase change of a deployment, with durations and money. */
final class PhasePrinter implements DeploymentListener {
  private final PrintStream out;
  private final WaitingLine waiting;
  private final Map<String, String> releases = new ConcurrentHashMap<>();

  /** Events of one deployment come one at a time: its instances, and whether each is ready. */
  private final Map<String, Map<String, Boolean>> instances = new ConcurrentHashMap<>();

  PhasePrinter(PrintStream out, WaitingLine waiting) {
    this.out = out;
    this.waiting = waiting;
  }

  @Override
  public void onEvent(DeploymentEvent event) {
    if (event instanceof DeploymentEvent.InstanceStarting e) {
      note(e, e.instanceId(), false);
      print(e, status(e) + ": starting instance " + e.instanceId());
      waiting.show("starting " + e.deployment());
    } else if (event instanceof DeploymentEvent.InstanceReady e) {
      note(e, e.instanceId(), true);
      print(e, "RUNNING after " + Texts.of(e.startDuration()));
    } else if (event instanceof DeploymentEvent.InstanceAdopted e) {
      note(e, e.instanceId(), true);
      print(e, "RUNNING: instance '" + e.instanceId() + "' is taken over");
    } else if (event instanceof DeploymentEvent.InstanceStartFailed e) {
      print(
          e,
          status(e)
              + ": the start failed: "
              + e.failure().describe()
              + "; next one possible in "
              + Texts.of(e.retryAfter()));
      printTail(e.failure().logTail());
    } else if (event instanceof DeploymentEvent.InstanceExited e) {
      note(e, e.instanceId(), false);
      print(e, status(e) + ": instance " + e.instanceId() + " " + e.exit().describe());
      printTail(e.exit().logTail());
    } else if (event instanceof DeploymentEvent.InstanceAsleep e) {
      note(e, e.instanceId(), false);
      print(e, status(e) + ": instance '" + e.instanceId() + "' sleeps");
    } else if (event instanceof DeploymentEvent.InstanceWoken e) {
      note(e, e.instanceId(), true);
      print(e, "RUNNING: instance '" + e.instanceId() + "' woken in " + Texts.of(e.duration()));
    } else if (event instanceof DeploymentEvent.InstanceDraining e) {
      note(e, e.instanceId(), false);
    } else if (event instanceof DeploymentEvent.InstanceReleasing e) {
      String why = why(e.reason(), e.idle());
      releases.put(e.instanceId(), why);
      note(e, e.instanceId(), false);
      print(e, status(e) + ": releasing instance " + e.instanceId() + " " + why);
    } else if (event instanceof DeploymentEvent.InstanceReleaseFailed e) {
      print(
          e,
          status(e)
              + ": the release is not confirmed ("
              + e.message()
              + "); tried again in "
              + Texts.of(e.retryAfter()));
    } else if (event instanceof DeploymentEvent.InstanceReleased e) {
      String why = releases.remove(e.instanceId());
      all(e).remove(e.instanceId());
      print(
          e,
          status(e)
              + ": released"
              + (why == null ? "" : " " + why)
              + ", "
              + Texts.of(e.totalCost())
              + " so far");
    }
  }

  private Map<String, Boolean> all(DeploymentEvent event) {
    return instances.computeIfAbsent(event.deployment(), name -> new ConcurrentHashMap<>());
  }

  private void note(DeploymentEvent event, String instanceId, boolean ready) {
    all(event).put(instanceId, ready);
  }

  private DeploymentState status(DeploymentEvent event) {
    Map<String, Boolean> existing = all(event);
    if (existing.isEmpty()) {
      return DeploymentState.STANDBY;
    }
    return existing.containsValue(true) ? DeploymentState.RUNNING : DeploymentState.IDLE;
  }

  private static String why(ReleaseReason reason, Duration idle) {
    return switch (reason) {
      case IDLE -> "after " + Texts.of(idle.truncatedTo(ChronoUnit.SECONDS)) + " idle";
      case START_FAILED -> "after a failed start";
      case EXITED -> "after it ended";
      case UPDATED -> "after an update";
      case REQUESTED -> "on request";
      case REMOVED -> "with its deployment";
      case CLOSED -> "at the end";
      case ORPHANED -> "left by an earlier process";
      case MADE_ROOM -> "for another deployment that waits";
      case NO_ROOM -> "as there was no room";
      case UNHEALTHY -> "as it no longer answers";
      case HUNG -> "as a request hung on it";
      case GPU_LOST -> "as it lost its GPU";
      case SLEEP_FAILED -> "as it did not sleep or wake";
      case TOO_OLD -> "as it is too old";
      case BUDGET -> "as its budget is spent";
    };
  }

  private void printTail(List<String> tail) {
    tail.stream().skip(Math.max(0, tail.size() - 10)).forEach(line -> out.println("    | " + line));
  }

  private void print(DeploymentEvent event, String text) {
    waiting.clear();
    LocalTime time = LocalTime.ofInstant(event.at(), ZoneId.systemDefault());
    out.printf("%tT  %s  %s%n", time, event.deployment(), text);
  }
}
