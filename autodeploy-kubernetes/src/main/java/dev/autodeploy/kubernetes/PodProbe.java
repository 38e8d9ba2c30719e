package dev.autodeploy.kubernetes;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Asks services in pods whether they are ready. */
final class PodProbe {
  private final KubernetesThreads threads;

  PodProbe(KubernetesThreads threads) {
    this.threads = threads;
  }

  /**
   * Asks once.
   *
   * @param known what is known of the instance's pod, or null
   * @param reach how its pod is reached
   * @param cluster the API server, in the namespace of its pod
   * @param logs reads the last lines of its log
   */
  boolean isReady(
      ProviderInstance instance,
      ReadinessProbe probe,
      @Nullable TrackedPod known,
      Reach reach,
      Cluster cluster,
      Supplier<CompletionStage<List<String>>> logs)
      throws IOException, InterruptedException {
    if (known == null) {
      return probe.isReady(ProbeTarget.of(instance, logs));
    }
    if (known.isTold()) {
      return false;
    }
    ProbeTarget target =
        new ProbeTarget(
            requireNonNull(instance.endpoint(), "endpoint"),
            reach.isDirect(),
            logs,
            known.log(cluster, threads));
    boolean ready = probe.isReady(target) && reach.isThrough(target.endpoint());
    if (ready) {
      known.closeLog();
    }
    return ready;
  }
}
