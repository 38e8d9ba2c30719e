package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.net.LoopbackHost;
import dev.autodeploy.internal.text.PlainText;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Recognizes instances that refuse the link's host: some servers that listen on loopback answer
 * only to its own names. Such an instance refuses every request, so one that has once served the
 * host is none. Thread-safe.
 */
final class HostRefusals {
  private static final Logger LOG = LoggerFactory.getLogger(HostRefusals.class);

  /** The deployments that have served a host other than those of loopback. */
  private final Set<String> serving = ConcurrentHashMap.newKeySet();

  private final Set<String> told = ConcurrentHashMap.newKeySet();

  /**
   * Looks at a response.
   *
   * @param deployment the deployment's name
   * @param host the host that the instance was asked for, or null if it was its own
   * @param status the status of the response
   * @return what would help if the host is why, or null if it is not
   */
  @Nullable String hint(String deployment, @Nullable String host, int status) {
    if (host == null || LoopbackHost.isLoopback(LinkAddress.hostOf(host))) {
      return null;
    }
    boolean refused = status == 403 || status == 421 || status == 400;
    if (!refused) {
      if (status != 401 && status < 500 && !serving.contains(deployment)) {
        serving.add(deployment);
      }
      return null;
    }
    if (serving.contains(deployment)) {
      return null;
    }
    if (told.add(deployment)) {
      LOG.warn(
          "{}: the instance responded {} to the host {}, and has served it never; if it serves only"
              + " its own names, set preserveHost(false) for the deployment",
          deployment,
          status,
          PlainText.line(host));
    }
    return "if the instance refuses the host, set preserveHost(false) for the deployment";
  }

  /** Forgets a deployment. */
  void forget(String deployment) {
    serving.remove(deployment);
    told.remove(deployment);
  }
}
