package dev.autodeploy.kubernetes;

/** The way in which instances in pods are reached from this process. */
public enum PodReach {
  /** {@link #POD_IP} in a pod of the cluster, else {@link #PORT_FORWARD}. */
  AUTO,
  /** By the pod's own address: from inside the cluster, or where its network is routed to. */
  POD_IP,
  /**
   * By way of the API server, as {@code kubectl port-forward} does: for development, since every
   * byte passes the API server.
   */
  PORT_FORWARD,
  /** By a Service of type NodePort for each instance, on the address of the pod's node. */
  NODE_PORT
}
