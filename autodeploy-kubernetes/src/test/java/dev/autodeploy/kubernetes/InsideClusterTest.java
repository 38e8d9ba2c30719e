package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.ProviderInstance;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An application in a pod of the cluster, whose Deployment instances belong to; and node ports. */
@Timeout(60)
final class InsideClusterTest {
  private static final String APPS = "apps/v1";

  @TempDir private Path directory;
  private FakeCluster cluster;

  @BeforeEach
  void begin() {
    Services.require();
    cluster = new FakeCluster(directory);
    cluster.inside = true;
    cluster.kubelet.scripts.put(
        "host:1", status -> FakeKubelet.withState("Running", null, FakeKubelet.started()));
  }

  @AfterEach
  void end() {
    cluster.close();
  }

  @Test
  void whatIsMade_belongsToTheDeploymentOfTheApplication() {
    String deployment = make("Deployment", "speech", null);
    String set = make("ReplicaSet", "speech-1", reference("Deployment", "speech", deployment));
    makeHost(reference("ReplicaSet", "speech-1", set));

    try (PodFixture fixture = new PodFixture(cluster.provider())) {
      ProviderInstance instance =
          fixture.start(Services.serving("voice").environment("A", "b").build());
      String name = Names.ofInstance(instance.instanceId());
      Pod pod = cluster.admin().pods().inNamespace(FakeCluster.NAMESPACE).withName(name).get();

      assertThat(owners(pod.getMetadata())).containsExactly(deployment);
      assertThat(pod.getMetadata().getOwnerReferences().get(0).getController()).isFalse();
      assertThat(cluster.admin().configMaps().inNamespace(FakeCluster.NAMESPACE).list().getItems())
          .allSatisfy(map -> assertThat(owners(map.getMetadata())).containsExactly(deployment));
    }
  }

  @Test
  void pods_ofAnApplicationWithoutADeployment_belongToNobody() {
    makeHost(null);
    assertThat(owners(startedPod(cluster.provider()))).isEmpty();
  }

  @Test
  void pods_belongToNobody_whereThatIsNotWanted() {
    makeHost(reference("StatefulSet", "speech", make("StatefulSet", "speech", null)));
    assertThat(owners(startedPod(cluster.provider().ownerReference(false)))).isEmpty();
    assertThat(owners(startedPod(cluster.provider()))).hasSize(1);
  }

  @Test
  void instance_byNodePort_isReachedOnItsNode_andItsServiceGoesWithIt() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .image(Services.IMAGE)
            .port(port)
            .startCommand("echo hello > x; exec busybox httpd -f -p 127.0.0.1:" + port)
            .build();
    makeHost(null);
    try (PodFixture fixture = new PodFixture(cluster.provider().reach(PodReach.NODE_PORT))) {
      ProviderInstance instance = fixture.ready(spec);
      String name = Names.ofInstance(instance.instanceId());

      assertThat(instance.endpoint()).isEqualTo(URI.create("http://127.0.0.1:" + port));
      assertThat(PodFixture.get(URI.create(instance.endpoint() + "/x"))).isEqualTo("hello\n");
      Service service = service(name);
      Pod pod = cluster.admin().pods().inNamespace(FakeCluster.NAMESPACE).withName(name).get();
      assertThat(service.getSpec().getType()).isEqualTo("NodePort");
      assertThat(pod.getMetadata().getLabels())
          .containsAllEntriesOf(service.getSpec().getSelector());
      assertThat(owners(service.getMetadata())).containsExactly(pod.getMetadata().getUid());

      fixture.release(instance);
      assertThat(service(name)).isNull();
    }
  }

  private Service service(String name) {
    return cluster.admin().services().inNamespace(FakeCluster.NAMESPACE).withName(name).get();
  }

  private ObjectMeta startedPod(KubernetesInstanceProvider.Builder provider) {
    try (PodFixture fixture = new PodFixture(provider)) {
      String name = Names.ofInstance(fixture.start(Services.serving("voice").build()).instanceId());
      return cluster
          .admin()
          .pods()
          .inNamespace(FakeCluster.NAMESPACE)
          .withName(name)
          .get()
          .getMetadata();
    }
  }

  private static List<String> owners(ObjectMeta meta) {
    return meta.getOwnerReferences().stream().map(OwnerReference::getUid).toList();
  }

  private static OwnerReference reference(String kind, String name, String uid) {
    return new OwnerReference(APPS, true, true, kind, name, uid);
  }

  private static ObjectMeta meta(String name, @Nullable OwnerReference owner) {
    ObjectMetaBuilder meta =
        new ObjectMetaBuilder().withName(name).withNamespace(FakeCluster.NAMESPACE);
    return owner == null ? meta.build() : meta.withOwnerReferences(owner).build();
  }

  /** Makes an object of the cluster's, and returns its id. */
  private String make(String kind, String name, @Nullable OwnerReference owner) {
    GenericKubernetesResource object = new GenericKubernetesResource();
    object.setApiVersion(APPS);
    object.setKind(kind);
    object.setMetadata(meta(name, owner));
    return cluster.admin().resource(object).create().getMetadata().getUid();
  }

  /** Makes the pod of this process. */
  private void makeHost(@Nullable OwnerReference owner) {
    Pod unused =
        cluster
            .admin()
            .resource(
                new PodBuilder()
                    .withMetadata(meta(cluster.hostName(), owner))
                    .withNewSpec()
                    .addNewContainer()
                    .withName("host")
                    .withImage("host:1")
                    .endContainer()
                    .endSpec()
                    .build())
            .create();
  }
}
