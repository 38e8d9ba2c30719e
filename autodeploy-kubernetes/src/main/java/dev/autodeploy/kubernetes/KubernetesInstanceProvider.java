package dev.autodeploy.kubernetes;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import io.fabric8.kubernetes.api.model.Toleration;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

// Over 500 lines for its documentation: every setting of its builder.
/**
 * Runs instances as pods of a Kubernetes cluster, with GPUs. Thread-safe.
 *
 * <p>The cluster is the one that {@code kubectl} would use, or that of this process' own pod.
 *
 * <p>Pods get heartbeats: the service's command is run by a small shell script that ends it when
 * none has come for 5 minutes. So no pod, and no GPU, stays taken when this process is killed and
 * never returns; one that does return adopts the pod by going on with the heartbeats. A pod without
 * a start command runs without heartbeats: {@link Builder#activeDeadline} is the limit of those.
 *
 * <p>With {@link Builder#scaling} it makes no pods: instances are those of Deployments that
 * somebody else owns, of which it changes the number of replicas alone. Those get no heartbeats;
 * the next engine of the owner takes back what an earlier one has left.
 */
public final class KubernetesInstanceProvider implements InstanceProvider {
  private final InstanceProvider pods;

  private KubernetesInstanceProvider(InstanceProvider pods) {
    this.pods = pods;
  }

  /**
   * Returns a provider on the cluster that {@code kubectl} would use, with default settings.
   *
   * @return the provider
   */
  public static KubernetesInstanceProvider create() {
    return builder().build();
  }

  /**
   * Returns a builder for a provider.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public String name() {
    return pods.name();
  }

  @Override
  public void open(ProviderContext context) {
    pods.open(context);
  }

  @Override
  public void validate(DeploymentSpec spec) {
    pods.validate(spec);
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    return pods.start(request);
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    return pods.release(instanceId, grace);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return pods.list(owner);
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    return pods.logs(instanceId, lines);
  }

  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe)
      throws IOException, InterruptedException {
    return pods.isReady(instance, probe);
  }

  @Override
  public CompletionStage<Void> detach(String instanceId) {
    return pods.detach(instanceId);
  }

  /** Returns the GPUs of the nodes, if this process may list those; else nothing is known. */
  @Override
  public ProviderCapacity capacity() {
    return pods.capacity();
  }

  @Override
  public CompletionStage<ProviderCatalog> catalog() {
    return pods.catalog();
  }

  @Override
  public void close() {
    pods.close();
  }

  /** Collects the settings of a provider. Not thread-safe. Every setter checks its value. */
  public static final class Builder {
    private static final Duration LEAST_HEARTBEAT = Duration.ofMinutes(3);
    private static final Set<String> PULL_POLICIES = Set.of("IfNotPresent", "Always", "Never");

    private @Nullable Path kubeconfig;
    private @Nullable String context;
    private @Nullable String namespace;
    private Duration callTimeout = Duration.ofSeconds(15);
    private Duration createTimeout = Duration.ofMinutes(5);
    private Duration pullTimeout = Duration.ofHours(6);
    private PodReach reach = PodReach.AUTO;
    private boolean lockOwner = true;
    private final Map<String, String> nodeSelector = new LinkedHashMap<>();
    private final List<Toleration> tolerations = new ArrayList<>();
    private @Nullable String runtimeClass;
    private @Nullable String priorityClass;
    private @Nullable String serviceAccount;
    private final List<String> pullSecrets = new ArrayList<>();
    private @Nullable String pullPolicy;
    private boolean hostPaths;
    private boolean ownerReference = true;
    private String gpuResource = "nvidia.com/gpu";
    private String gpuModelLabel = "nvidia.com/gpu.product";
    private final Map<String, Map<String, String>> gpuNodes = new LinkedHashMap<>();
    private long gpuSharedMemory = 8L << 30;
    private @Nullable Long user;
    private boolean newPrivileges;
    private boolean readOnlyRoot;
    private Duration heartbeatTimeout = Duration.ofMinutes(5);
    private @Nullable Duration activeDeadline;
    private Duration nodeLossTimeout = Duration.ofSeconds(60);
    private @Nullable PodCustomizer customizer;
    private final Map<String, ScaleTarget> scaling = new LinkedHashMap<>();
    private ClusterAccess access = ClusterAccess.ofProcess();

    private Builder() {}

    /** Sets the access to the cluster, for tests that bring their own. */
    Builder access(ClusterAccess value) {
      access = value;
      return this;
    }

    /** Sets the timeout without its lower limit, for tests, which cannot wait for minutes. */
    Builder shortHeartbeatTimeout(Duration value) {
      heartbeatTimeout = value;
      return this;
    }

    /**
     * Sets the kubeconfig file. Default: where {@code kubectl} would look, or the service account
     * of this process' pod.
     *
     * @param file the file
     * @return this
     */
    public Builder kubeconfig(Path file) {
      kubeconfig = requireNonNull(file, "kubeconfig");
      return this;
    }

    /**
     * Sets the context of the kubeconfig. Default: its current one.
     *
     * @param name the context's name
     * @return this
     */
    public Builder context(String name) {
      context = Arguments.notBlank("context", name);
      return this;
    }

    /**
     * Sets the namespace of pods. Default: that of this process' own pod, or of the kubeconfig's
     * context, or {@code default}.
     *
     * @param name the namespace, which exists
     * @return this
     */
    public Builder namespace(String name) {
      namespace = Arguments.notBlank("namespace", name);
      return this;
    }

    /**
     * Sets how long the API server may take to answer one call. Default: 15 seconds.
     *
     * @param value 100 milliseconds or longer
     * @return this
     */
    public Builder callTimeout(Duration value) {
      callTimeout = Arguments.atLeast("callTimeout", value, Duration.ofMillis(100));
      return this;
    }

    /**
     * Sets how long a pod that has a node may take until its container runs, with its volumes and
     * its network, but without pulls and containers that run before its own. Default: 5 minutes.
     *
     * @param value a second or longer
     * @return this
     */
    public Builder createTimeout(Duration value) {
      createTimeout = Arguments.atLeast("createTimeout", value, Duration.ofSeconds(1));
      return this;
    }

    /**
     * Sets how long the pulls of a pod may take, all together. Default: 6 hours.
     *
     * @param value a second or longer
     * @return this
     */
    public Builder pullTimeout(Duration value) {
      pullTimeout = Arguments.atLeast("pullTimeout", value, Duration.ofSeconds(1));
      return this;
    }

    /**
     * Sets how instances are reached from this process. Default: {@link PodReach#AUTO}.
     *
     * @param value how
     * @return this
     */
    public Builder reach(PodReach value) {
      reach = requireNonNull(value, "reach");
      return this;
    }

    /**
     * Sets whether a second engine of one owner in one namespace is refused. Default: true. False
     * where something else sees to it that only one is at work.
     *
     * @param value whether
     * @return this
     */
    public Builder lockOwner(boolean value) {
      lockOwner = value;
      return this;
    }

    /**
     * Adds a label that the nodes of pods must have. Default: none.
     *
     * @param label the label's key
     * @param value its value
     * @return this
     */
    public Builder nodeSelector(String label, String value) {
      nodeSelector.put(Arguments.notBlank("label", label), requireNonNull(value, "value"));
      return this;
    }

    /**
     * Adds a taint of nodes that pods tolerate, whatever its effect. Default: none.
     *
     * @param taint the taint's key, such as {@code nvidia.com/gpu}
     * @param value its value, or an empty text for any
     * @return this
     */
    public Builder toleration(String taint, String value) {
      Arguments.notBlank("taint", taint);
      tolerations.add(
          value.isEmpty()
              ? new Toleration(null, taint, "Exists", null, null)
              : new Toleration(null, taint, "Equal", null, value));
      return this;
    }

    /**
     * Sets the runtime class of pods, such as {@code nvidia}. Default: the cluster's.
     *
     * @param name its name
     * @return this
     */
    public Builder runtimeClass(String name) {
      runtimeClass = Arguments.notBlank("runtimeClass", name);
      return this;
    }

    /**
     * Sets the priority class of pods. Default: the cluster's.
     *
     * @param name its name
     * @return this
     */
    public Builder priorityClass(String name) {
      priorityClass = Arguments.notBlank("priorityClass", name);
      return this;
    }

    /**
     * Sets the service account of pods, whose token they then get. Default: the namespace's default
     * one, without its token.
     *
     * @param name its name
     * @return this
     */
    public Builder serviceAccount(String name) {
      serviceAccount = Arguments.notBlank("serviceAccount", name);
      return this;
    }

    /**
     * Adds Secrets with the credentials of registries. Default: those of the service account.
     *
     * @param names their names
     * @return this
     */
    public Builder pullSecrets(String... names) {
      for (String name : names) {
        pullSecrets.add(Arguments.notBlank("pullSecrets", name));
      }
      return this;
    }

    /**
     * Sets when images are pulled. Default: Kubernetes' own, which is {@code Always} for the tag
     * {@code latest} and {@code IfNotPresent} for others.
     *
     * @param value {@code IfNotPresent}, {@code Always} or {@code Never}
     * @return this
     */
    public Builder pullPolicy(String value) {
      if (!PULL_POLICIES.contains(value)) {
        throw new IllegalArgumentException(
            "pullPolicy must be IfNotPresent, Always or Never, but was '" + value + "'");
      }
      pullPolicy = value;
      return this;
    }

    /**
     * Sets whether deployments may mount directories of nodes, by an absolute path. Default: false;
     * a mount's source is the name of a PersistentVolumeClaim.
     *
     * @param value whether
     * @return this
     */
    public Builder hostPaths(boolean value) {
      hostPaths = value;
      return this;
    }

    /**
     * Sets whether pods belong to the Deployment, or the like, of this process' own pod, so that
     * uninstalling the application ends them. Default: true.
     *
     * @param value whether
     * @return this
     */
    public Builder ownerReference(boolean value) {
      ownerReference = value;
      return this;
    }

    /**
     * Sets the name of the resource that GPUs are. Default: {@code nvidia.com/gpu}.
     *
     * @param name such as {@code amd.com/gpu}, or a MIG profile like {@code nvidia.com/mig-1g.10gb}
     * @return this
     */
    public Builder gpuResource(String name) {
      gpuResource = Arguments.notBlank("gpuResource", name);
      return this;
    }

    /**
     * Sets the label of nodes that names the model of their GPUs. Default: {@code
     * nvidia.com/gpu.product}, which NVIDIA's operator sets.
     *
     * @param label the label's key
     * @return this
     */
    public Builder gpuModelLabel(String label) {
      gpuModelLabel = Arguments.notBlank("gpuModelLabel", label);
      return this;
    }

    /**
     * Sets the labels of the nodes with a model of GPU. Default: the model is the value of {@link
     * #gpuModelLabel}.
     *
     * @param model the model as deployments name it
     * @param labels the labels of its nodes
     * @return this
     */
    public Builder gpuNodes(String model, Map<String, String> labels) {
      gpuNodes.put(Arguments.notBlank("model", model), Map.copyOf(labels));
      return this;
    }

    /**
     * Sets the shared memory of instances with GPUs whose deployment does not say. Default: 8 GiB.
     * It counts as memory of the pod.
     *
     * @param bytes 1 MiB or more
     * @return this
     */
    public Builder gpuSharedMemoryBytes(long bytes) {
      gpuSharedMemory = Arguments.atLeast("gpuSharedMemoryBytes", bytes, 1 << 20, " bytes");
      return this;
    }

    /**
     * Sets the user of pods. Default: the image's.
     *
     * @param id the user's number
     * @return this
     */
    public Builder user(long id) {
      user = Arguments.inRange("user", id, 0, Integer.MAX_VALUE);
      return this;
    }

    /**
     * Sets whether a program in a pod may get more rights than its caller, as {@code sudo} does.
     * Default: false.
     *
     * @param value whether
     * @return this
     */
    public Builder newPrivileges(boolean value) {
      newPrivileges = value;
      return this;
    }

    /**
     * Sets whether the files of an image cannot be changed in its pods; {@code /tmp} can be.
     * Default: false.
     *
     * @param value whether
     * @return this
     */
    public Builder readOnlyRoot(boolean value) {
      readOnlyRoot = value;
      return this;
    }

    /**
     * Sets how long a pod with a start command runs without a heartbeat of this process, after
     * {@link #detach} too. Default: 5 minutes. A heartbeat takes up to 2 minutes to reach a pod, as
     * kubelets look after mounted ConfigMaps in their own time.
     *
     * @param value 3 minutes or longer; or zero, after which nothing ends the pods of a process
     *     that is killed, or leaves them, and never returns
     * @return this
     */
    public Builder heartbeatTimeout(Duration value) {
      requireNonNull(value, "heartbeatTimeout");
      heartbeatTimeout =
          value.isZero() ? value : Arguments.atLeast("heartbeatTimeout", value, LEAST_HEARTBEAT);
      return this;
    }

    /**
     * Sets after which time Kubernetes ends a pod in any case, also while it serves requests: a
     * limit for images without a shell, whose pods get no heartbeats. Default: none.
     *
     * @param value 1 minute or longer
     * @return this
     */
    public Builder activeDeadline(Duration value) {
      activeDeadline = Arguments.atLeast("activeDeadline", value, Duration.ofMinutes(1));
      return this;
    }

    /**
     * Sets how long a node may give no sign of life before its pods are given up. Default: 60
     * seconds; Kubernetes' own is 5 minutes. It needs about 40 seconds more to notice.
     *
     * @param value 1 second or longer
     * @return this
     */
    public Builder nodeLossTimeout(Duration value) {
      nodeLossTimeout = Arguments.atLeast("nodeLossTimeout", value, Duration.ofSeconds(1));
      return this;
    }

    /**
     * Sets what changes a pod before it is created, by the deployment and the instance.
     *
     * @param value gets the pod as it would be created, and returns it
     * @return this
     */
    public Builder customizer(PodCustomizer value) {
      customizer = requireNonNull(value, "customizer");
      return this;
    }

    /**
     * Adds a Deployment of the cluster that somebody else owns, for the deployment of the same
     * name; see {@link #scaling(String, String)}.
     *
     * @param target the namespace and the Deployment, such as {@code speech/breezyvoice}
     * @return this
     */
    public Builder scaling(String target) {
      return scaling(ScaleTarget.of(requireNonNull(target, "scaling")).name(), target);
    }

    /**
     * Adds a Deployment of the cluster that somebody else owns. The instances of a deployment are
     * its pods: its number of replicas is set to that of the instances, and nothing else of it is
     * changed. Nobody else may scale it. Default: none, and pods are made by this provider. A
     * provider does either: with this setting it makes no pods, needs none of the rights for that,
     * and of the settings above those about pods have no effect.
     *
     * @param deployment the deployment's name
     * @param target the namespace and the Deployment, such as {@code speech/breezyvoice}
     * @return this
     * @throws IllegalArgumentException if it is added for two deployments
     */
    public Builder scaling(String deployment, String target) {
      ScaleTarget added = ScaleTarget.of(requireNonNull(target, "scaling"));
      scaling.remove(Arguments.notBlank("deployment", deployment));
      if (scaling.containsValue(added)) {
        throw new IllegalArgumentException(
            "scaling names Deployment " + added + " for two deployments; it can have only one");
      }
      scaling.put(deployment, added);
      return this;
    }

    /**
     * Builds the provider. The API server is asked for nothing yet.
     *
     * @return the provider
     * @throws IllegalArgumentException if there is no such kubeconfig or context, or the settings
     *     do not go together
     */
    public KubernetesInstanceProvider build() {
      KubernetesSettings settings =
          new KubernetesSettings(
              new KubernetesSettings.Cluster(callTimeout, reach, lockOwner),
              new KubernetesSettings.Placement(
                  nodeSelector,
                  tolerations,
                  runtimeClass,
                  priorityClass,
                  serviceAccount,
                  pullSecrets,
                  pullPolicy,
                  hostPaths,
                  ownerReference),
              new KubernetesSettings.Gpus(gpuResource, gpuModelLabel, gpuNodes, gpuSharedMemory),
              new KubernetesSettings.Rights(user, newPrivileges, readOnlyRoot),
              new KubernetesSettings.Life(heartbeatTimeout, activeDeadline, nodeLossTimeout),
              new KubernetesSettings.Arrival(createTimeout, pullTimeout),
              customizer);
      if (!scaling.isEmpty() && reach == PodReach.NODE_PORT) {
        throw new IllegalArgumentException(
            "reach must be POD_IP or PORT_FORWARD with scaling, as a Service for each pod needs"
                + " labels that only its owner can set");
      }
      Cluster cluster = access.connect(settings, kubeconfig, context, namespace);
      return new KubernetesInstanceProvider(
          scaling.isEmpty()
              ? new PodProvider(cluster, access.hostName())
              : new ScalingProvider(cluster, access.hostName(), scaling));
    }
  }
}
