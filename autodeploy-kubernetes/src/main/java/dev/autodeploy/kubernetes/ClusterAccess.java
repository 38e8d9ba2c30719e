package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The way in which a process finds its cluster. */
interface ClusterAccess {

  /** Returns the access that this process has by its environment. */
  static ClusterAccess ofProcess() {
    return new OfProcess();
  }

  /** Connects to the cluster; asks it for nothing. */
  Cluster connect(
      KubernetesSettings settings,
      @Nullable Path kubeconfig,
      @Nullable String context,
      @Nullable String namespace);

  /** Returns the name of this machine, or of this process' pod. */
  String hostName();

  /** Makes a client of a configuration. */
  static KubernetesClient client(Config config) {
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withHttpClientFactory(new JdkHttpClientFactory())
        .build();
  }

  /** By kubeconfig or service account. */
  final class OfProcess implements ClusterAccess {
    private static final Path TOKEN =
        Path.of("/var/run/secrets/kubernetes.io/serviceaccount/token");
    private static final int RETRIES = 3;

    @Override
    public Cluster connect(
        KubernetesSettings settings,
        @Nullable Path kubeconfig,
        @Nullable String context,
        @Nullable String namespace) {
      Config found;
      if (kubeconfig != null) {
        if (!Files.isReadable(kubeconfig)) {
          throw new IllegalArgumentException("the kubeconfig " + kubeconfig + " cannot be read");
        }
        found = Config.fromKubeconfig(context, kubeconfig.toFile());
      } else {
        found = Config.autoConfigure(context);
      }
      int millis = (int) Math.min(Integer.MAX_VALUE, settings.cluster().callTimeout().toMillis());
      Config config =
          new ConfigBuilder(found)
              .withConnectionTimeout(millis)
              .withRequestTimeout(millis)
              .withRequestRetryBackoffLimit(RETRIES)
              .build();
      String chosen = namespace != null ? namespace : config.getNamespace();
      return new Cluster(
          client(config),
          chosen == null || chosen.isBlank() ? "default" : chosen,
          settings,
          isInside() && kubeconfig == null);
    }

    private static boolean isInside() {
      return System.getenv("KUBERNETES_SERVICE_HOST") != null && Files.exists(TOKEN);
    }

    @Override
    public String hostName() {
      String name = System.getenv("HOSTNAME");
      if (name != null && !name.isBlank()) {
        return name;
      }
      try {
        return InetAddress.getLocalHost().getHostName();
      } catch (UnknownHostException e) {
        return "unknown";
      }
    }
  }
}
