package dev.autodeploy.kubernetes;

import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.internal.util.HeartbeatShell;
import dev.autodeploy.spi.InstanceExit;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The findings in a pod's status: plain reading, no calls. */
final class PodState {
  /** The reasons for which a pod has no node yet: no room, or a gate that others open. */
  private static final Set<String> NO_NODE = Set.of("Unschedulable", "SchedulingGated");

  private static final String OUT_OF_MEMORY = "OOMKilled";

  /** The words for a pod that is gone without a cause that the cluster tells. */
  static final String DELETED = "its pod was deleted by somebody else";

  private final Pod pod;
  private final PodReading reading;
  private final PodStatus status;

  /** Reads a pod that this library has made. */
  PodState(Pod pod) {
    this(pod, PodReading.OWN);
  }

  PodState(Pod pod, PodReading reading) {
    this.pod = pod;
    this.reading = reading;
    this.status = pod.getStatus() == null ? new PodStatus() : pod.getStatus();
  }

  Pod pod() {
    return pod;
  }

  PodReading reading() {
    return reading;
  }

  String phase() {
    return text(status.getPhase());
  }

  @Nullable String ip() {
    String ip = status.getPodIP();
    return ip == null || ip.isEmpty() ? null : ip;
  }

  String node() {
    return pod.getSpec() == null ? "" : text(pod.getSpec().getNodeName());
  }

  boolean isBeingDeleted() {
    return pod.getMetadata().getDeletionTimestamp() != null;
  }

  /** Returns whether the service's container runs, as far as the kubelet has told. */
  boolean isRunning() {
    ContainerStatus container = container();
    return !hasServiceEnded()
        && container != null
        && container.getState() != null
        && container.getState().getRunning() != null;
  }

  /** Returns whether containers run that have to end before the service's own can begin. */
  boolean initializes() {
    Set<String> beside = new HashSet<>(); // those that go on running
    if (pod.getSpec() != null) {
      pod.getSpec().getInitContainers().stream()
          .filter(it -> "Always".equals(it.getRestartPolicy()))
          .forEach(it -> beside.add(it.getName()));
    }
    return !isRunning()
        && status.getInitContainerStatuses().stream()
            .filter(it -> !beside.contains(it.getName()))
            .anyMatch(it -> it.getState() != null && it.getState().getRunning() != null);
  }

  /**
   * Returns whether the service's container has ended for good: what runs beside it, such as a
   * proxy of a mesh, serves nobody. One that the kubelet has restarted is not the same any more.
   */
  boolean hasServiceEnded() {
    return hasEnded()
        || hasRestarted()
        || ((isFinal() || reading.isRestarted())
            && status.getContainerStatuses().stream()
                .anyMatch(it -> reading.container().equals(it.getName()) && hasTerminated(it)));
  }

  /** Returns whether the service's container was restarted since the instance began. */
  private boolean hasRestarted() {
    return reading.isRestarted() && restarts() > reading.restarts();
  }

  /** Returns how often the service's container was restarted. */
  int restarts() {
    ContainerStatus container = container();
    return container == null || container.getRestartCount() == null
        ? 0
        : container.getRestartCount();
  }

  /** Returns whether the log of the instance is that of the container before the one that runs. */
  boolean isLogOfPrevious() {
    ContainerStatus container = container();
    return hasRestarted()
        && container != null
        && container.getState() != null
        && container.getState().getRunning() != null;
  }

  /** Returns whether the pod is ready, by the kubelet's word. */
  boolean isReady() {
    return status.getConditions().stream()
        .anyMatch(it -> "Ready".equals(it.getType()) && "True".equals(it.getStatus()));
  }

  /** Returns whether nothing of it runs any longer, and nothing will. */
  boolean hasEnded() {
    if (phase().equals("Succeeded") || phase().equals("Failed")) {
      return true;
    }
    int containers = pod.getSpec() == null ? 1 : pod.getSpec().getContainers().size();
    List<ContainerStatus> all = status.getContainerStatuses();
    return all.size() >= Math.max(1, containers)
        && all.stream().allMatch(PodState::hasTerminated)
        && isFinal();
  }

  private static boolean hasTerminated(ContainerStatus container) {
    return container.getState() != null && container.getState().getTerminated() != null;
  }

  /** Returns whether a container that has ended is not started again. */
  private boolean isFinal() {
    return isBeingDeleted()
        || pod.getSpec() == null
        || "Never".equals(pod.getSpec().getRestartPolicy());
  }

  /** Returns whether it is gone but for its object: deleted, and all containers have ended. */
  boolean isGone() {
    return isBeingDeleted() && hasEnded();
  }

  /** Returns the scheduler's sentence while it finds no node for the pod; null otherwise. */
  @Nullable String unschedulable() {
    for (PodCondition condition : status.getConditions()) {
      if ("PodScheduled".equals(condition.getType())
          && "False".equals(condition.getStatus())
          && NO_NODE.contains(String.valueOf(condition.getReason()))) {
        return line(condition.getMessage());
      }
    }
    return null;
  }

  /** Returns whether its node has not been heard of for a while. */
  boolean isOnLostNode() {
    if ("NodeLost".equals(status.getReason()) || phase().equals("Unknown")) {
      return true;
    }
    ContainerStatus container = container();
    return container != null
        && Boolean.TRUE.equals(container.getReady())
        && status.getConditions().stream()
            .anyMatch(it -> "Ready".equals(it.getType()) && !"True".equals(it.getStatus()));
  }

  /**
   * Returns why it cannot come up, in words; null if there is no such reason. What the kubelet
   * tries again is told the first time: a person has to do something about it.
   */
  @Nullable String failure() {
    return containers()
        .map(PodState::waiting)
        .filter(Objects::nonNull)
        .map(PodState::failure)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private static @Nullable String failure(ContainerStateWaiting waiting) {
    String message = line(waiting.getMessage());
    String reason = text(waiting.getReason());
    String words =
        switch (reason) {
          case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable" ->
              "the image cannot be pulled; check its name, the registry, and pullSecrets(...)";
          case "InvalidImageName" -> "the image's name is not valid";
          case "ErrImageNeverPull" ->
              "the image is not on the node, and the pull policy forbids to pull it";
          case "ImageInspectError" -> "the image cannot be read on the node";
          case "CreateContainerConfigError" ->
              "the container cannot be made as it is configured; check what it refers to";
          case "CreateContainerError", "RunContainerError" -> "the container cannot be run";
          case "CrashLoopBackOff" -> "the container ends again and again";
          case "PreStartHookError", "PostStartHookError" -> "a hook of the container failed";
          default -> null;
        };
    return words == null
        ? null
        : reason + ": " + words + (message.isEmpty() ? "" : " (" + message + ")");
  }

  /** Returns how it ended, by name, without log lines. */
  InstanceExit exit(List<String> tail, @Nullable String event) {
    ContainerStateTerminated end = terminated();
    boolean outOfMemory =
        Stream.concat(
                Stream.ofNullable(end),
                containers()
                    .map(ContainerStatus::getState)
                    .filter(Objects::nonNull)
                    .map(ContainerState::getTerminated)
                    .filter(Objects::nonNull))
            .anyMatch(it -> OUT_OF_MEMORY.equals(it.getReason()));
    return new InstanceExit(
        end == null ? null : end.getExitCode(),
        outOfMemory,
        tail,
        message(end, tail, event),
        end == null ? null : time(end.getFinishedAt()));
  }

  private @Nullable String message(
      @Nullable ContainerStateTerminated end, List<String> tail, @Nullable String event) {
    if (tail.contains(HeartbeatShell.EXPIRED)) {
      return "it ended itself, because no heartbeat had reached it in time";
    }
    String cause = cause();
    if (cause != null) {
      return cause;
    }
    if (event != null) {
      return event;
    }
    if (isBeingDeleted()) {
      return isOnLostNode() ? "its node " + node() + " is lost" : DELETED;
    }
    if (end != null && !text(end.getMessage()).isEmpty()) {
      return line(end.getMessage());
    }
    return null;
  }

  /** Returns what the cluster did to it; null if it ended by itself. */
  @Nullable String cause() {
    String said = line(status.getMessage());
    String words = cause(text(status.getReason()));
    if (words == null) {
      for (PodCondition condition : status.getConditions()) {
        if ("DisruptionTarget".equals(condition.getType())
            && "True".equals(condition.getStatus())) {
          words = cause(text(condition.getReason()));
          said = line(condition.getMessage());
        }
      }
    }
    if (words == null) {
      // Such as UnexpectedAdmissionError, OutOfcpu: the kubelet's own name is the best there is.
      words = phase().equals("Failed") && terminated() == null ? text(status.getReason()) : null;
    }
    if (words == null || words.isEmpty()) {
      return null;
    }
    return said.isEmpty() ? words : words + " (" + said + ")";
  }

  private @Nullable String cause(String reason) {
    return switch (reason) {
      case "Evicted", "TerminationByKubelet" -> "its node evicted the pod";
      case "Preempting", "Preempted", "PreemptionByScheduler", "PreemptionByKubeScheduler" ->
          "the pod was preempted by one of higher priority";
      case "EvictionByEvictionAPI" -> "the pod was evicted, as when a node is drained";
      case "NodeLost", "DeletionByTaintManager" ->
          "its node " + node() + " is lost, or no longer takes such pods";
      case "DeletionByPodGC" -> "its node " + node() + " is gone";
      case "NodeShutdown", "Shutdown", "Terminated" -> "its node " + node() + " is shutting down";
      case "DeadlineExceeded" -> "the pod's activeDeadline is over";
      default -> null;
    };
  }

  private @Nullable ContainerStateTerminated terminated() {
    ContainerStatus container = container();
    if (container == null) {
      return null;
    }
    ContainerStateTerminated end =
        container.getState() == null ? null : container.getState().getTerminated();
    return end == null && hasRestarted() && container.getLastState() != null
        ? container.getLastState().getTerminated()
        : end;
  }

  private static @Nullable ContainerStateWaiting waiting(ContainerStatus container) {
    return container.getState() == null ? null : container.getState().getWaiting();
  }

  /** The service's container; null while the kubelet has not told of it. */
  private @Nullable ContainerStatus container() {
    for (ContainerStatus container : status.getContainerStatuses()) {
      if (reading.container().equals(container.getName())) {
        return container;
      }
    }
    return status.getContainerStatuses().isEmpty() ? null : status.getContainerStatuses().get(0);
  }

  private Stream<ContainerStatus> containers() {
    List<ContainerStatus> all = new ArrayList<>(status.getInitContainerStatuses());
    all.addAll(status.getContainerStatuses());
    return all.stream();
  }

  private static @Nullable Instant time(@Nullable String text) {
    try {
      return text == null ? null : Instant.parse(text);
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static String text(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static String line(@Nullable String text) {
    return PlainText.line(text(text)).strip();
  }
}
