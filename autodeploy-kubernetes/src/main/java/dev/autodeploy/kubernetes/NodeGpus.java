package dev.autodeploy.kubernetes;

import dev.autodeploy.spi.ProviderCapacity;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The GPUs of the cluster's nodes, looked up from time to time, if the nodes may be listed. Which
 * of them a pod gets is the scheduler's choice: their ids are for counting.
 */
final class NodeGpus {
  private static final Logger LOG = LoggerFactory.getLogger(NodeGpus.class);

  private final Cluster cluster;
  private volatile @Nullable List<ProviderCapacity.Gpu> known;

  /** The models by the name of the node. */
  private volatile Map<String, String> models = Map.of();

  private volatile boolean refused;

  NodeGpus(Cluster cluster) {
    this.cluster = cluster;
  }

  /** Returns the labels of the nodes that have a model. */
  static Map<String, String> selector(KubernetesSettings.Gpus gpus, @Nullable String model) {
    if (model == null) {
      return Map.of();
    }
    Map<String, String> nodes = gpus.nodes().get(model);
    return nodes == null ? Map.of(gpus.modelLabel(), model) : nodes;
  }

  /** The GPUs as they were found last; null if that is not known. */
  @Nullable List<ProviderCapacity.Gpu> known() {
    return known;
  }

  /** Returns the model of the GPUs of the node that a pod runs on; null if it is not known. */
  @Nullable String modelOf(Pod pod) {
    String node = pod.getSpec() == null ? null : pod.getSpec().getNodeName();
    String model = node == null ? null : models.get(node);
    return model == null || model.isEmpty() ? null : model;
  }

  /** Looks at the nodes. */
  void look() {
    if (refused) {
      return;
    }
    List<Node> nodes;
    try {
      nodes = cluster.call("listing nodes", client -> client.nodes().list().getItems());
    } catch (ClusterException e) {
      if (e.isForbidden()) {
        refused = true;
        known = null;
        LOG.info("Nodes may not be listed, so how many GPUs there are is left to the scheduler");
      }
      return;
    }
    List<ProviderCapacity.Gpu> found = new ArrayList<>();
    Map<String, String> byNode = new HashMap<>();
    for (Node node : nodes) {
      byNode.put(node.getMetadata().getName(), model(node));
      if (isUsable(node)) {
        String name = node.getMetadata().getName();
        String model = model(node);
        for (int i = 0; i < count(node); i++) {
          String id = name + "/" + i;
          found.add(new ProviderCapacity.Gpu(id, List.of(id), model, 0));
        }
      }
    }
    models = Map.copyOf(byNode);
    known = List.copyOf(found);
  }

  private int count(Node node) {
    Map<String, Quantity> allocatable =
        node.getStatus() == null ? null : node.getStatus().getAllocatable();
    Quantity quantity =
        allocatable == null ? null : allocatable.get(cluster.settings().gpus().resource());
    return quantity == null ? 0 : quantity.getNumericalAmount().intValue();
  }

  /** The name of a model by the settings, or else the label's value. */
  private String model(Node node) {
    Map<String, String> labels = node.getMetadata().getLabels();
    if (labels == null) {
      return "";
    }
    for (Map.Entry<String, Map<String, String>> model :
        cluster.settings().gpus().nodes().entrySet()) {
      if (labels.entrySet().containsAll(model.getValue().entrySet())) {
        return model.getKey();
      }
    }
    return labels.getOrDefault(cluster.settings().gpus().modelLabel(), "");
  }

  /** Returns whether a pod of ours could run there. */
  private boolean isUsable(Node node) {
    if (node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable())) {
      return false;
    }
    boolean ready =
        node.getStatus() != null
            && node.getStatus().getConditions().stream()
                .anyMatch(it -> "Ready".equals(it.getType()) && "True".equals(it.getStatus()));
    Map<String, String> labels = node.getMetadata().getLabels();
    boolean selected =
        labels == null
            ? cluster.settings().placement().nodeSelector().isEmpty()
            : labels
                .entrySet()
                .containsAll(cluster.settings().placement().nodeSelector().entrySet());
    return ready && selected && taints(node).stream().allMatch(this::isTolerated);
  }

  private static List<Taint> taints(Node node) {
    return node.getSpec() == null || node.getSpec().getTaints() == null
        ? List.of()
        : node.getSpec().getTaints();
  }

  private boolean isTolerated(Taint taint) {
    return "PreferNoSchedule".equals(taint.getEffect())
        || cluster.settings().placement().tolerations().stream()
            .anyMatch(
                it ->
                    (it.getKey() == null || it.getKey().equals(taint.getKey()))
                        && (it.getEffect() == null || it.getEffect().equals(taint.getEffect()))
                        && ("Exists".equals(it.getOperator())
                            || String.valueOf(it.getValue())
                                .equals(String.valueOf(taint.getValue()))));
  }
}
