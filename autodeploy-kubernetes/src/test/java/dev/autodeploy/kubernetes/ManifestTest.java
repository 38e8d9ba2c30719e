package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The manifests of the example: three replicas, with the rights that the provider asks for. */
final class ManifestTest {
  private static final Path FILE = Path.of("../examples/kubernetes/autodeploy.yaml");
  private static final Path SCALING = Path.of("../examples/kubernetes/scaling.yaml");

  @Test
  void role_hasTheRightsThatTheProviderNeeds_andNoOther() throws IOException {
    List<String> granted = granted(find("Role"));
    List<String> needed =
        new ArrayList<>(
            AccessRights.forPods(PodReach.POD_IP).stream().map(AccessRights.Right::words).toList());
    needed.add("get replicasets.apps"); // for the owner of the application's own pod
    assertThat(granted).containsExactlyInAnyOrderElementsOf(needed);
  }

  @Test
  void rolesForScaling_haveTheRightsThatItNeeds_andNoOther() throws IOException {
    List<String> scaling =
        new ArrayList<>(
            AccessRights.forScaling(PodReach.POD_IP).stream()
                .map(AccessRights.Right::words)
                .toList());
    scaling.add("list horizontalpodautoscalers.autoscaling");
    assertThat(granted(named("autodeploy-scaling"))).containsExactlyInAnyOrderElementsOf(scaling);
    assertThat(granted(named("autodeploy-choosing"))).containsExactly("patch pods");
    assertThat(granted(named("autodeploy-bindings")))
        .containsExactlyInAnyOrderElementsOf(
            AccessRights.forBindings().stream().map(AccessRights.Right::words).toList());
  }

  private static GenericKubernetesResource named(String role) throws IOException {
    return all(SCALING)
        .filter(it -> it.getKind().equals("Role") && it.getMetadata().getName().equals(role))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> granted(GenericKubernetesResource role) {
    List<String> granted = new ArrayList<>();
    List<Map<String, List<String>>> rules = role.get("rules");
    for (Map<String, List<String>> rule : rules) {
      for (String group : rule.get("apiGroups")) {
        for (String resource : rule.get("resources")) {
          rule.get("verbs")
              .forEach(verb -> granted.add(new AccessRights.Right(verb, group, resource).words()));
        }
      }
    }
    return granted;
  }

  @Test
  void probes_wakeNothing() throws IOException {
    GenericKubernetesResource deployment = find("Deployment");
    List<Map<String, Map<String, Map<String, Object>>>> containers =
        deployment.get("spec", "template", "spec", "containers");
    for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
      assertThat(containers.get(0).get(probe).get("httpGet").get("path"))
          .isIn("/alive", "/-/health");
    }
  }

  @Test
  void replicas_areThree_andOneAtATimeMayBeGone() throws IOException {
    GenericKubernetesResource deployment = find("Deployment");
    assertThat(deployment.<Integer>get("spec", "replicas")).isEqualTo(3);
    Map<String, String> pods = deployment.get("spec", "template", "metadata", "labels");
    GenericKubernetesResource budget = find("PodDisruptionBudget");
    assertThat(budget.<Integer>get("spec", "maxUnavailable")).isEqualTo(1);
    assertThat(budget.<Map<String, String>>get("spec", "selector", "matchLabels")).isEqualTo(pods);
    assertThat(find("NetworkPolicy").<Map<String, String>>get("spec", "podSelector", "matchLabels"))
        .isEqualTo(pods);
  }

  private static GenericKubernetesResource find(String kind) throws IOException {
    return all(FILE).filter(it -> it.getKind().equals(kind)).findFirst().orElseThrow();
  }

  private static Stream<GenericKubernetesResource> all(Path file) throws IOException {
    return Arrays.stream(Files.readString(file).split("\n---\n", -1))
        .map(text -> Serialization.unmarshal(text, GenericKubernetesResource.class));
  }
}
