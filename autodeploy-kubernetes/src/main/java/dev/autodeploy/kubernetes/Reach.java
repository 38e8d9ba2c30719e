package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.InstanceStartException;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way in which the services in pods are reached from this process. Thread-safe. */
final class Reach implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reach.class);

  /** The time in which a forwarder finds out that nobody listens. */
  private static final int FORWARDER_MILLIS = 1000;

  private final Cluster cluster;
  private final PodReach kind;
  private final Map<String, LocalPortForward> forwards = new ConcurrentHashMap<>();

  Reach(Cluster cluster) {
    this.cluster = cluster;
    this.kind = cluster.reach();
  }

  PodReach kind() {
    return kind;
  }

  /** Returns whether a connection to a pod comes from the pod itself, not from a forwarder. */
  boolean isDirect() {
    return kind == PodReach.POD_IP;
  }

  /** Makes what is needed to reach a pod that was just created. */
  void prepare(Pod pod, PodLabels labels) {
    if (kind == PodReach.NODE_PORT) {
      Service service =
          new ServiceBuilder()
              .withNewMetadata()
              .withName(labels.name())
              .withLabels(labels.labels())
              .withOwnerReferences(
                  new OwnerReferenceBuilder()
                      .withApiVersion("v1")
                      .withKind("Pod")
                      .withName(labels.name())
                      .withUid(pod.getMetadata().getUid())
                      .build())
              .endMetadata()
              .withNewSpec()
              .withType("NodePort")
              .withSelector(labels.labels())
              .addNewPort()
              .withPort(labels.port())
              .endPort()
              .endSpec()
              .build();
      Service unused =
          cluster.call(
              "making the Service " + labels.name(),
              client ->
                  client.services().inNamespace(cluster.namespace()).resource(service).create());
    }
  }

  /** Returns where a pod that has an address is reached. */
  URI endpoint(Pod pod, PodLabels labels) {
    URI endpoint = find(pod, labels);
    if (endpoint == null) {
      throw new InstanceStartException(
          "the cluster did not say where " + name(pod) + " is reached by " + kind);
    }
    return endpoint;
  }

  /** Returns where a pod is reached; null if that is not known yet. */
  @Nullable URI find(Pod pod, PodLabels labels) {
    return switch (kind) {
      case POD_IP, AUTO -> {
        String ip = new PodState(pod).ip();
        yield ip == null ? null : http(ip, labels.port());
      }
      case PORT_FORWARD -> http("127.0.0.1", forward(name(pod), labels.port()).getLocalPort());
      case NODE_PORT -> nodePort(pod, labels);
    };
  }

  private static String name(Pod pod) {
    return pod.getMetadata().getName();
  }

  private LocalPortForward forward(String pod, int port) {
    return forwards.compute(
        pod,
        (name, open) ->
            open != null && open.isAlive()
                ? open
                : cluster.call(
                    "forwarding a port to " + name,
                    client ->
                        client
                            .pods()
                            .inNamespace(cluster.namespace())
                            .withName(name)
                            .portForward(port, InetAddress.getLoopbackAddress(), 0)));
  }

  /**
   * Returns whether a connection reaches the service itself. A forwarder accepts on its behalf, and
   * closes only when it has found out that nobody listens.
   */
  boolean isThrough(URI endpoint) throws IOException {
    if (kind != PodReach.PORT_FORWARD) {
      return true;
    }
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(endpoint.getHost(), endpoint.getPort()), FORWARDER_MILLIS);
      socket.setSoTimeout(FORWARDER_MILLIS);
      return socket.getInputStream().read() >= 0;
    } catch (SocketTimeoutException e) {
      return true; // a service that waits for a request
    }
  }

  private @Nullable URI nodePort(Pod pod, PodLabels labels) {
    Service service =
        cluster.call(
            "looking up the Service " + labels.name(),
            client ->
                client.services().inNamespace(cluster.namespace()).withName(labels.name()).get());
    String node = pod.getStatus() == null ? null : pod.getStatus().getHostIP();
    if (service == null || node == null) {
      return null;
    }
    Integer port = service.getSpec().getPorts().get(0).getNodePort();
    return port == null ? null : http(node, port);
  }

  private static URI http(String host, int port) {
    return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
  }

  /** Takes back what was made for an instance. */
  void release(String name) {
    LocalPortForward open = forwards.remove(name);
    if (open != null) {
      close(open);
    }
    if (kind == PodReach.NODE_PORT) {
      try {
        List<StatusDetails> unused =
            cluster.call(
                "deleting the Service " + name,
                client ->
                    client.services().inNamespace(cluster.namespace()).withName(name).delete());
      } catch (ClusterException e) {
        if (!e.isNotFound()) {
          throw e;
        }
      }
    }
  }

  @Override
  public void close() {
    forwards.values().forEach(Reach::close);
    forwards.clear();
  }

  private static void close(LocalPortForward open) {
    try {
      open.close();
    } catch (IOException e) {
      LOG.debug("A forwarded port was not closed: {}", e.toString());
    }
  }
}
