package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventList;
import io.fabric8.kubernetes.api.model.EventListBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v1.Scale;
import io.fabric8.kubernetes.api.model.autoscaling.v1.ScaleBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A cluster without any container: fabric8's server keeps the objects, {@link FakeKubelet} makes
 * local processes of pods. Its API server refuses, loses and delays what a test says.
 */
final class FakeCluster implements ClusterAccess, AutoCloseable {
  static final String NAMESPACE = "models";
  private static final Logger QUIET = Logger.getLogger(MockWebServer.class.getName());
  private static final Pattern SCALE =
      Pattern.compile("(/apis/apps/v1/namespaces/[^/]+/deployments/[^/]+)/scale");
  private static final Pattern POD =
      Pattern.compile("/api/v1/namespaces/[^/]+/pods(?:/([^/?]+))?(/log)?(?:\\?.*)?");

  final FakeKubelet kubelet;
  final FakeDeployments deployments;
  final List<Event> events = new CopyOnWriteArrayList<>();

  /** The rights that the application lacks, such as {@code create pods}. */
  final Set<String> denied = ConcurrentHashMap.newKeySet();

  /** The minor version of the cluster. */
  volatile String minor = "30";

  /** True if this process runs in a pod of the cluster, by the name {@link #hostName}. */
  volatile boolean inside;

  /** The words with which the creation of pods is refused, if at all. */
  volatile @Nullable String refusal;

  private final KubernetesMockServer server;
  private final KubernetesClient admin;
  private final List<KubernetesClient> clients = new CopyOnWriteArrayList<>();

  FakeCluster(Path directory) {
    QUIET.setLevel(Level.OFF);
    // Reading the first pod takes seconds of a slow machine, which its event loop would miss.
    Pod unused = Serialization.unmarshal(Serialization.asJson(new PodBuilder().build()), Pod.class);
    server =
        new KubernetesMockServer(
            new Context(), new MockWebServer(), new HashMap<>(), new ApiServer(), false);
    server.init();
    admin = ClusterAccess.client(config());
    kubelet = new FakeKubelet(admin, directory, events);
    deployments = new FakeDeployments(admin);
  }

  private Config config() {
    return new ConfigBuilder(Config.empty())
        .withMasterUrl(server.url("/"))
        .withNamespace(NAMESPACE)
        .withRequestRetryBackoffLimit(0)
        .withRequestTimeout(20_000)
        .build();
  }

  KubernetesClient admin() {
    return admin;
  }

  @Override
  public Cluster connect(
      KubernetesSettings settings,
      @Nullable Path kubeconfig,
      @Nullable String context,
      @Nullable String namespace) {
    KubernetesClient client = ClusterAccess.client(config());
    clients.add(client);
    return new Cluster(client, namespace == null ? NAMESPACE : namespace, settings, inside);
  }

  /** Returns an access of its own, with the settings of every provider. */
  Cluster connect() {
    AtomicReference<Cluster> connected = new AtomicReference<>();
    KubernetesInstanceProvider unused =
        KubernetesInstanceProvider.builder()
            .reach(PodReach.POD_IP)
            .access(
                new ClusterAccess() {
                  @Override
                  public Cluster connect(
                      KubernetesSettings settings,
                      @Nullable Path kubeconfig,
                      @Nullable String context,
                      @Nullable String namespace) {
                    connected.set(
                        FakeCluster.this.connect(settings, kubeconfig, context, namespace));
                    return connected.get();
                  }

                  @Override
                  public String hostName() {
                    return FakeCluster.this.hostName();
                  }
                })
            .build();
    return connected.get();
  }

  @Override
  public String hostName() {
    return "fake-host";
  }

  KubernetesInstanceProvider.Builder provider() {
    return KubernetesInstanceProvider.builder().access(this).reach(PodReach.POD_IP);
  }

  @Override
  public void close() {
    deployments.close();
    kubelet.close();
    clients.forEach(KubernetesClient::close);
    admin.close();
    try {
      server.destroy();
    } catch (IllegalStateException e) {
      // It waits half a minute for watchers that left without a word; its port goes with the JVM.
    }
  }

  private static MockResponse json(int code, Object body) {
    return new MockResponse()
        .setResponseCode(code)
        .setHeader("Content-Type", "application/json")
        .setBody(Serialization.asJson(body));
  }

  private static MockResponse refused(int code, String reason, String message) {
    return json(
        code,
        new StatusBuilder()
            .withCode(code)
            .withStatus("Failure")
            .withReason(reason)
            .withMessage(message)
            .build());
  }

  /** The things that a real API server does and the mock does not. */
  private final class ApiServer extends KubernetesCrudDispatcher {
    @Override
    public MockResponse dispatch(RecordedRequest request) {
      try {
        return answer(request);
      } catch (RuntimeException e) {
        return refused(500, "InternalError", String.valueOf(e.getMessage()));
      }
    }

    private MockResponse answer(RecordedRequest request) {
      String path = request.getPath();
      if (path.contains("/selfsubjectaccessreviews")) {
        return review(request.getUtf8Body());
      }
      if (path.contains("/events?") && request.getMethod().equals("GET")) {
        return json(200, eventsOf(URLDecoder.decode(path, StandardCharsets.UTF_8)));
      }
      if (path.endsWith("/services") && request.getMethod().equals("POST")) {
        return super.dispatch(withBody(request, withNodePorts(request.getUtf8Body())));
      }
      if (path.equals("/version")) {
        return json(200, Map.of("major", "1", "minor", minor));
      }
      Matcher scale = SCALE.matcher(path);
      if (scale.matches()) {
        return scale(request, scale.group(1));
      }
      Matcher pod = POD.matcher(path);
      if (!pod.matches()) {
        return super.dispatch(request);
      }
      if (pod.group(2) != null) {
        String log = kubelet.log(pod.group(1), path);
        return log == null
            ? refused(400, "BadRequest", "container is waiting to start")
            : new MockResponse().setResponseCode(200).setBody(log);
      }
      return switch (request.getMethod()) {
        case "POST" -> create(request);
        case "DELETE" -> delete(request, pod.group(1));
        default -> super.dispatch(request);
      };
    }

    /** The scale of a Deployment: its number of replicas, with the Deployment's own version. */
    private MockResponse scale(RecordedRequest request, String path) {
      MockResponse found = super.dispatch(at(request, "GET", path, ""));
      if (found.code() != 200) {
        return found;
      }
      Deployment deployment = Serialization.unmarshal(found.getBody().readUtf8(), Deployment.class);
      if (request.getMethod().equals("GET")) {
        return json(200, scaleOf(deployment));
      }
      Scale asked = Serialization.unmarshal(request.getUtf8Body(), Scale.class);
      String seen = asked.getMetadata().getResourceVersion();
      if (seen != null && !seen.equals(deployment.getMetadata().getResourceVersion())) {
        return refused(409, "Conflict", "the object has been modified");
      }
      MockResponse changed =
          super.dispatch(
              at(
                  request,
                  "PUT",
                  path,
                  Serialization.asJson(
                      FakeDeployments.scaled(deployment, asked.getSpec().getReplicas()))));
      if (changed.code() >= 300) {
        return changed;
      }
      return json(
          200, scaleOf(Serialization.unmarshal(changed.getBody().readUtf8(), Deployment.class)));
    }

    private Scale scaleOf(Deployment deployment) {
      return new ScaleBuilder()
          .withNewMetadata()
          .withName(deployment.getMetadata().getName())
          .withNamespace(deployment.getMetadata().getNamespace())
          .withResourceVersion(deployment.getMetadata().getResourceVersion())
          .endMetadata()
          .withNewSpec()
          .withReplicas(deployment.getSpec().getReplicas())
          .endSpec()
          .build();
    }

    private RecordedRequest at(RecordedRequest like, String method, String path, String body) {
      return new RecordedRequest(
          like.getHttpVersion(),
          HttpMethod.valueOf(method),
          path,
          like.getHeaders(),
          new Buffer().writeUtf8(body));
    }

    private MockResponse create(RecordedRequest request) {
      String words = refusal;
      if (words != null) {
        return refused(403, "Forbidden", words);
      }
      Pod pod = Serialization.unmarshal(request.getUtf8Body(), Pod.class);
      // What a kubelet has to end does not go before the kubelet says so.
      Pod held =
          new PodBuilder(pod)
              .editMetadata()
              .withFinalizers(FakeKubelet.FINALIZER)
              .endMetadata()
              .build();
      MockResponse made = super.dispatch(withBody(request, held));
      if (made.code() < 300) {
        String body = made.getBody().readUtf8();
        kubelet.run(Serialization.unmarshal(body, Pod.class));
        return new MockResponse()
            .setResponseCode(made.code())
            .setHeader("Content-Type", "application/json")
            .setBody(body);
      }
      return made;
    }

    /** Every port of the only node is the service's own there. */
    private Service withNodePorts(String body) {
      Service service = Serialization.unmarshal(body, Service.class);
      service.getSpec().getPorts().forEach(port -> port.setNodePort(port.getPort()));
      return service;
    }

    private RecordedRequest withBody(RecordedRequest request, Object body) {
      return new RecordedRequest(
          request.getHttpVersion(),
          request.method(),
          request.getPath(),
          request.getHeaders(),
          new Buffer().writeUtf8(Serialization.asJson(body)));
    }

    private MockResponse delete(RecordedRequest request, String name) {
      Matcher grace =
          Pattern.compile("\"gracePeriodSeconds\":\\s*(\\d+)").matcher(request.getUtf8Body());
      long seconds = grace.find() ? Long.parseLong(grace.group(1)) : 30;
      MockResponse deleted = super.dispatch(request);
      kubelet.delete(name, seconds);
      return deleted;
    }

    private MockResponse review(String body) {
      Map<?, ?> spec = (Map<?, ?>) Serialization.unmarshal(body, Map.class).get("spec");
      Map<?, ?> asked = (Map<?, ?>) spec.get("resourceAttributes");
      Object subresource = asked.get("subresource");
      String right =
          asked.get("verb")
              + " "
              + asked.get("resource")
              + (subresource == null ? "" : "/" + subresource);
      boolean allowed = !denied.contains(right);
      return json(
          201,
          Map.of(
              "apiVersion",
              "authorization.k8s.io/v1",
              "kind",
              "SelfSubjectAccessReview",
              "spec",
              spec,
              "status",
              Map.of("allowed", allowed)));
    }

    private EventList eventsOf(String path) {
      return new EventListBuilder()
          .withItems(
              events.stream()
                  .filter(
                      it -> path.contains("involvedObject.uid=" + it.getInvolvedObject().getUid()))
                  .toList())
          .build();
    }
  }
}
