package dev.autodeploy.docker;

import dev.autodeploy.spi.ProbeTarget;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.net.ConnectException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies probes to containers, and looks into those that are not ready for long: a service that
 * listens where nothing reaches it looks from outside like one that does not listen yet.
 */
final class ReadinessCheck {
  private static final Logger LOG = LoggerFactory.getLogger(ReadinessCheck.class);
  private static final long FIRST_LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LOOK_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final DaemonClient client;
  private final boolean ownNetwork;
  private final String doubt;

  ReadinessCheck(DockerHost host) {
    this.client = host.client();
    this.ownNetwork = host.reach().kind() != Reach.Kind.HOST;
    this.doubt = host.reach().doubt();
  }

  boolean isReady(TrackedInstance instance, ReadinessProbe probe, ProbeTarget target)
      throws IOException, InterruptedException {
    IOException failure = null;
    try {
      if (probe.isReady(target)) {
        return true;
      }
    } catch (IOException e) {
      failure = e;
    }
    String advice = ownNetwork ? advice(instance) : "";
    if (advice.isEmpty() && failure instanceof ConnectException) {
      advice = doubt; // it listens, but not where it is asked
    }
    if (!advice.isEmpty()) {
      String answer = failure == null ? "" : failure.getMessage() + "; ";
      throw new IOException(answer + advice, failure);
    }
    if (failure != null) {
      throw failure;
    }
    return false;
  }

  private String advice(TrackedInstance instance) {
    long now = System.nanoTime();
    if (instance.isLookDue(now, FIRST_LOOK_NANOS, LOOK_PAUSE_NANOS)) {
      try {
        ContainerPorts ports =
            ContainerPorts.parse(client.run(instance.containerId(), ContainerPorts.COMMAND));
        instance.setAdvice(ports.advice(instance.labels().port()));
      } catch (DockerDaemonException e) {
        LOG.debug("Looking into {}: {}", instance.instanceId(), e.getMessage());
        instance.setAdvice("");
      }
    }
    return instance.advice();
  }
}
