package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * The way in which a request uses an instance.
 *
 * @param wakes whether an instance is started for it
 * @param keeps whether it counts as use, so that the instance is not released meanwhile
 * @param refusal the status code of the refusal if there is no instance for it
 * @param recording keeps the answer, or null
 */
record InstanceUse(
    boolean wakes, boolean keeps, int refusal, LastAnswers.@Nullable Recording recording) {

  /** The use by any request without a rule. */
  static final InstanceUse ORDINARY = new InstanceUse(true, true, 503, null);

  /** The exchange is over: what was recorded of its response is forgotten. */
  void end() {
    if (recording != null) {
      recording.close();
    }
  }

  static InstanceUse notWaking(int refusal) {
    return new InstanceUse(false, true, refusal, null);
  }

  static InstanceUse notKeeping(int refusal) {
    return new InstanceUse(false, false, refusal, null);
  }

  /** Returns the use that keeps no instance, but starts one if there is none. */
  static InstanceUse recorded(LastAnswers.@Nullable Recording recording) {
    return new InstanceUse(true, false, 503, recording);
  }
}
