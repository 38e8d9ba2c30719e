package dev.autodeploy.kubernetes;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to use an owner in a namespace, held by one engine at a time. A holder that ended
 * without letting go is recognised: by its process, if it ran on this machine; by its pod, if it
 * ran in the cluster; else by a heartbeat that no longer comes.
 */
final class OwnerHold {
  private static final Logger LOG = LoggerFactory.getLogger(OwnerHold.class);
  private static final Duration SIGN_OF_LIFE = Heartbeats.INTERVAL.plusSeconds(5);
  private static final int ATTEMPTS = 5;

  /** Before the name of a machine that is a pod. */
  private static final String POD = "pod/";

  /** The holders in this process. */
  private static final Set<String> HELD = ConcurrentHashMap.newKeySet();

  private final Cluster cluster;
  private final Heartbeats heartbeats;
  private final String host;
  private final String me;

  /**
   * Makes one.
   *
   * @param host the name of this machine, or of this process' pod
   */
  OwnerHold(Cluster cluster, Heartbeats heartbeats, String host) {
    this.cluster = cluster;
    this.heartbeats = heartbeats;
    this.host = cluster.isInside() ? POD + host : host;
    ProcessHandle process = ProcessHandle.current();
    this.me =
        String.join(
            " ",
            this.host,
            String.valueOf(process.pid()),
            begun(process),
            UUID.randomUUID().toString());
  }

  private static String begun(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toString).orElse("-");
  }

  /** Takes the owner; may wait for a sign of life of the last holder. */
  void take(String owner) throws InterruptedException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      ConfigMap seen = heartbeats.find();
      String holder = seen == null ? "" : Heartbeats.holderOf(seen);
      if (seen != null && !holder.isEmpty() && cluster.settings().cluster().lockOwner()) {
        if (lives(holder) || (!isKnownDead(holder) && givesSignOfLife(seen))) {
          throw inUse(owner, holder);
        }
        LOG.info("Owner '{}' was held by {}, which is gone", owner, words(holder));
        seen = heartbeats.find();
      }
      if (heartbeats.take(seen, me)) {
        HELD.add(me);
        return;
      }
    }
    throw inUse(owner, "another engine, which begins at this moment");
  }

  /** Returns whether the holder certainly lives: it is a process of this machine, or this one. */
  private boolean lives(String holder) {
    String[] parts = holder.split(" ", -1);
    if (HELD.contains(holder)) {
      return true;
    }
    return parts.length == 4
        && parts[0].equals(host)
        && !isThisProcess(parts)
        && process(parts).isPresent();
  }

  /** Returns whether the holder is certainly gone. */
  private boolean isKnownDead(String holder) {
    String[] parts = holder.split(" ", -1);
    if (parts.length != 4) {
      return false;
    }
    if (parts[0].equals(host)) {
      return isThisProcess(parts) || process(parts).isEmpty();
    }
    if (!parts[0].startsWith(POD)) {
      return false;
    }
    String name = parts[0].substring(POD.length());
    Pod pod =
        cluster.call(
            "looking up pod " + name,
            client -> client.pods().inNamespace(cluster.namespace()).withName(name).get());
    return pod == null || new PodState(pod).hasEnded();
  }

  private static boolean isThisProcess(String[] parts) {
    return parts[1].equals(String.valueOf(ProcessHandle.current().pid()))
        && parts[2].equals(begun(ProcessHandle.current()));
  }

  private static Optional<ProcessHandle> process(String[] parts) {
    try {
      return ProcessHandle.of(Long.parseLong(parts[1]))
          .filter(it -> it.isAlive() && begun(it).equals(parts[2]));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private boolean givesSignOfLife(ConfigMap seen) throws InterruptedException {
    LOG.info(
        "Waiting up to {} s for a sign of life of {}",
        SIGN_OF_LIFE.toSeconds(),
        words(Heartbeats.holderOf(seen)));
    long deadline = System.nanoTime() + SIGN_OF_LIFE.toNanos();
    while (System.nanoTime() < deadline) {
      Thread.sleep(500);
      ConfigMap now = heartbeats.find();
      if (now == null || Heartbeats.holderOf(now).isEmpty()) {
        return false; // let go
      }
      if (!Heartbeats.beatOf(now).equals(Heartbeats.beatOf(seen))) {
        return true;
      }
    }
    return false;
  }

  private AutoDeployException inUse(String owner, String holder) {
    return new AutoDeployException(
        ErrorCode.OWNER_IN_USE,
        null,
        "owner '"
            + owner
            + "' is in use in namespace "
            + cluster.namespace()
            + " by "
            + words(holder)
            + "; end it, or choose another owner");
  }

  private static String words(String holder) {
    String[] parts = holder.split(" ", -1);
    return parts.length == 4 ? "process " + parts[1] + " on " + parts[0] : holder;
  }

  /** Lets the next engine have the owner at once. */
  void close() {
    if (HELD.remove(me)) {
      KubernetesThreads.quietly(heartbeats::letGo);
    }
  }
}
