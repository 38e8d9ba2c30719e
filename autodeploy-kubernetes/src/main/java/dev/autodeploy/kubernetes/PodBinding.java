package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An instance in a pod that somebody else's Deployment makes, and which pod that is. It is written
 * before the Deployment is scaled, and read by the next engine.
 *
 * @param labels what our own pods have as labels
 * @param target the Deployment
 * @param uid the pod's UID, or empty as long as there is none
 * @param pod the pod's name, or empty
 * @param restarts how often its container had been restarted when it was bound
 * @param releasing whether its release was asked for: the Deployment is not to have it any longer
 */
record PodBinding(
    PodLabels labels, ScaleTarget target, String uid, String pod, int restarts, boolean releasing) {
  private static final String TARGET = "target";
  private static final String UID = "uid";
  private static final String POD = "pod";
  private static final String RESTARTS = "restarts";
  private static final String RELEASING = "releasing";

  static PodBinding of(PodLabels labels, ScaleTarget target) {
    return new PodBinding(labels, target, "", "", 0, false);
  }

  String instanceId() {
    return labels.instanceId();
  }

  boolean isBound() {
    return !uid.isEmpty();
  }

  boolean isOf(Pod of) {
    return uid.equals(of.getMetadata().getUid());
  }

  /**
   * Binds it to a pod. One that is ready may have been restarted before it was ours; of one that is
   * not, it is this instance that was.
   */
  PodBinding to(Pod bound, String container) {
    PodState state = new PodState(bound, new PodReading(container, 0));
    return new PodBinding(
        labels,
        target,
        bound.getMetadata().getUid(),
        bound.getMetadata().getName(),
        state.isReady() ? state.restarts() : 0,
        releasing);
  }

  PodBinding toRelease() {
    return new PodBinding(labels, target, uid, pod, restarts, true);
  }

  String write() {
    Map<String, String> map = new LinkedHashMap<>(labels.annotations());
    map.put(TARGET, target.toString());
    map.put(UID, uid);
    map.put(POD, pod);
    map.put(RESTARTS, String.valueOf(restarts));
    map.put(RELEASING, String.valueOf(releasing));
    return Serialization.asJson(map);
  }

  /** Reads what {@link #write} has written; null if it is anything else. */
  static @Nullable PodBinding read(String text) {
    try {
      Map<String, String> map = new LinkedHashMap<>();
      Map<?, ?> read = Serialization.unmarshal(text, Map.class);
      read.forEach((key, value) -> map.put(String.valueOf(key), String.valueOf(value)));
      PodLabels labels = PodLabels.read(map);
      return labels == null
          ? null
          : new PodBinding(
              labels,
              ScaleTarget.of(map.getOrDefault(TARGET, "")),
              map.getOrDefault(UID, ""),
              map.getOrDefault(POD, ""),
              Integer.parseInt(map.getOrDefault(RESTARTS, "0")),
              Boolean.parseBoolean(map.getOrDefault(RELEASING, "false")));
    } catch (RuntimeException e) {
      return null;
    }
  }
}
