package dev.autodeploy.kubernetes;

/**
 * The way in which a pod's status is read.
 *
 * @param container the name of the service's container; where there is none of it, the first counts
 * @param restarts how often that container had been restarted when the instance began, as one that
 *     is restarted later has ended; -1 for pods whose containers are not restarted
 */
record PodReading(String container, int restarts) {
  /** The reading of a pod that this library has made. */
  static final PodReading OWN = new PodReading(PodMaker.CONTAINER, -1);

  /** Returns whether the kubelet restarts containers of the pod, which ends the instance. */
  boolean isRestarted() {
    return restarts >= 0;
  }
}
