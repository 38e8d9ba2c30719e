package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The rights that this process needs in the cluster, and which of them it lacks. Thread-safe. */
final class AccessRights {
  private static final Logger LOG = LoggerFactory.getLogger(AccessRights.class);

  /**
   * A right.
   *
   * @param verb the verb
   * @param group the API group, possibly empty
   * @param resource the resource, with its subresource after a slash
   */
  record Right(String verb, String group, String resource) {
    String words() {
      return verb + " " + resource + (group.isEmpty() ? "" : "." + group);
    }
  }

  private final Cluster cluster;
  private final String namespace;
  private final List<Right> needed;
  private volatile boolean granted;

  AccessRights(Cluster cluster, String namespace, List<Right> needed) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.needed = List.copyOf(needed);
  }

  /** Returns the rights for instances in pods of their own. */
  static List<Right> forPods(PodReach reach) {
    List<Right> rights = new ArrayList<>();
    add(rights, "", "pods", "create", "get", "list", "watch", "delete");
    add(rights, "", "pods/log", "get");
    add(rights, "", "secrets", "create", "get", "list", "update", "delete");
    add(rights, "", "configmaps", "create", "get", "update", "patch");
    add(rights, "", "events", "list");
    if (reach == PodReach.PORT_FORWARD) {
      add(rights, "", "pods/portforward", "create");
    }
    if (reach == PodReach.NODE_PORT) {
      add(rights, "", "services", "create", "get", "delete");
    }
    return rights;
  }

  /** Returns the rights in this application's own namespace for instances in pods of others. */
  static List<Right> forBindings() {
    List<Right> rights = new ArrayList<>();
    add(rights, "", "configmaps", "create", "get", "update", "patch");
    return rights;
  }

  /** Returns the rights in the namespace of a Deployment that is scaled. */
  static List<Right> forScaling(PodReach reach) {
    List<Right> rights = new ArrayList<>();
    add(rights, "apps", "deployments", "get");
    add(rights, "apps", "deployments/scale", "get", "update");
    add(rights, "", "pods", "get", "list", "watch");
    add(rights, "", "pods/log", "get");
    add(rights, "", "events", "list");
    if (reach == PodReach.PORT_FORWARD) {
      add(rights, "", "pods/portforward", "create");
    }
    return rights;
  }

  static void add(List<Right> rights, String group, String resource, String... verbs) {
    for (String verb : verbs) {
      rights.add(new Right(verb, group, resource));
    }
  }

  /** Throws an {@link IllegalArgumentException} that names each right that is missing. */
  void check() {
    if (granted) {
      return;
    }
    List<String> missing = new ArrayList<>();
    try {
      for (Right right : needed) {
        if (!isAllowed(right)) {
          missing.add(right.words());
        }
      }
    } catch (ClusterException e) {
      LOG.debug("{}", e.getMessage()); // the first call that needs it will tell
      return;
    }
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "in namespace "
              + namespace
              + " this application lacks the right to "
              + String.join(", ", missing)
              + "; add it to the Role of its service account, as the guide to Kubernetes lists"
              + " them");
    }
    granted = true;
  }

  /** Returns whether a right is there that can be done without; false if that cannot be told. */
  boolean has(Right right) {
    try {
      return isAllowed(right);
    } catch (ClusterException e) {
      LOG.debug("{}", e.getMessage());
      return false;
    }
  }

  private boolean isAllowed(Right right) {
    String[] resource = right.resource().split("/", -1);
    SelfSubjectAccessReview review =
        new SelfSubjectAccessReviewBuilder()
            .withNewSpec()
            .withNewResourceAttributes()
            .withNamespace(namespace)
            .withVerb(right.verb())
            .withGroup(right.group())
            .withResource(resource[0])
            .withSubresource(resource.length > 1 ? resource[1] : null)
            .endResourceAttributes()
            .endSpec()
            .build();
    SelfSubjectAccessReview answer =
        cluster.call(
            "asking for the right to " + right.words(),
            client -> client.authorization().v1().selfSubjectAccessReview().create(review));
    return answer.getStatus() == null || Boolean.TRUE.equals(answer.getStatus().getAllowed());
  }
}
