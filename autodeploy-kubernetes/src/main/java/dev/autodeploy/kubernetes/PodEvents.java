package dev.autodeploy.kubernetes;

import dev.autodeploy.internal.text.PlainText;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The cluster's events about one pod: how far its start is, and what was done to it. */
final class PodEvents {
  private static final Logger LOG = LoggerFactory.getLogger(PodEvents.class);
  private static final Set<String> PROBLEMS =
      Set.of("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "Failed");

  private final Cluster cluster;

  PodEvents(Cluster cluster) {
    this.cluster = cluster;
  }

  /** Returns the events of a pod, in the order of the list; empty if they cannot be read. */
  List<Event> of(Pod pod) {
    try {
      return cluster.call(
          "reading the events of " + pod.getMetadata().getName(),
          client ->
              client
                  .v1()
                  .events()
                  .inNamespace(cluster.namespaceOf(pod))
                  .withField("involvedObject.uid", pod.getMetadata().getUid())
                  .list()
                  .getItems());
    } catch (ClusterException e) {
      LOG.debug("{}", e.getMessage());
      return List.of();
    }
  }

  /** Returns whether an image is being pulled, by the events: the pull has begun and not ended. */
  static @Nullable String pulling(List<Event> events) {
    Map<String, String> pulling = new LinkedHashMap<>(); // a pod may have several containers
    for (Event event : events) {
      String message = text(event.getMessage());
      switch (text(event.getReason())) {
        case "Pulling" -> pulling.put(image(message), message);
        case "Pulled" -> pulling.remove(image(message));
        default -> {}
      }
    }
    return pulling.isEmpty() ? null : pulling.values().iterator().next();
  }

  /** Returns whether the end of a pull is among the events. */
  static boolean hasPulled(List<Event> events) {
    return events.stream().anyMatch(event -> "Pulled".equals(event.getReason()));
  }

  /** Returns the image in a message such as {@code Pulling image "web:1"}. */
  private static String image(String message) {
    int begin = message.indexOf('"');
    int end = message.indexOf('"', begin + 1);
    return end < 0 ? "" : message.substring(begin + 1, end);
  }

  /**
   * Returns the last sentence about a step that is tried again and again; null if there is none.
   */
  static @Nullable String problem(List<Event> events) {
    String problem = null;
    for (Event event : events) {
      if (PROBLEMS.contains(text(event.getReason()))) {
        problem = event.getReason() + ": " + text(event.getMessage());
      }
    }
    return problem;
  }

  /** Returns what the cluster did to a pod, by name; null if the events do not tell. */
  static @Nullable String cause(List<Event> events) {
    String cause = null;
    for (Event event : events) {
      String said = text(event.getMessage());
      String words =
          switch (text(event.getReason())) {
            case "Preempted" -> "the pod was preempted by one of higher priority";
            case "Evicted" -> "its node evicted the pod";
            case "TaintManagerEviction" -> "its node is lost, or no longer takes such pods";
            case "NodeNotReady" -> "its node is lost";
            default -> null;
          };
      // A pod that tolerates it after all gets an event of the same name.
      if (words != null && !said.startsWith("Cancelling")) {
        cause = said.isEmpty() ? words : words + " (" + said + ")";
      }
    }
    return cause;
  }

  private static String text(@Nullable String text) {
    return text == null ? "" : PlainText.line(text).strip();
  }
}
