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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to use an owner in a namespace, held by one engine at a time. A holder that ended
 * without letting go is recognised: by its pod, if that ran in this namespace; else by a heartbeat
 * that no longer comes.
 */
final class OwnerHold {
  private static final Logger LOG = LoggerFactory.getLogger(OwnerHold.class);
  private static final Duration SIGN_OF_LIFE = OwnerHeartbeat.INTERVAL.plusSeconds(5);
  private static final int ATTEMPTS = 5;

  /** The prefix of the name of a machine that is a pod. */
  private static final String POD = "pod/";

  /** The holders in this process. */
  private static final Set<String> HELD = ConcurrentHashMap.newKeySet();

  private final Cluster cluster;
  private final OwnerHeartbeat heartbeats;
  private final String host;
  private final String me;

  /**
   * Makes one.
   *
   * @param host the name of this machine, or of this process' pod
   */
  OwnerHold(Cluster cluster, OwnerHeartbeat heartbeats, String host) {
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
      ConfigMap seen = found();
      String holder = seen == null ? "" : OwnerHeartbeat.holderOf(seen);
      if (seen != null && !holder.isEmpty() && cluster.settings().cluster().lockOwner()) {
        if (lives(holder) || (!isKnownDead(holder) && givesSignOfLife(seen))) {
          throw inUse(owner, holder);
        }
        LOG.info("Owner '{}' was held by {}, which is gone", owner, words(holder));
        seen = found();
      }
      if (heartbeats.take(seen, me)) {
        HELD.add(me);
        return;
      }
    }
    throw inUse(owner, "another engine, which begins at this moment");
  }

  /** Returns the heartbeat; refuses to touch anything else that has its name. */
  private @Nullable ConfigMap found() {
    ConfigMap found = heartbeats.find();
    if (found != null && !heartbeats.isOurs(found)) {
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          "the ConfigMap "
              + found.getMetadata().getName()
              + " in namespace "
              + cluster.namespace()
              + " is not ours: it lacks the labels and the annotation of this owner. It is left as"
              + " it is; delete it, or choose another owner");
    }
    return found;
  }

  /** Returns whether somebody else has taken the owner since. */
  boolean isLost() {
    return heartbeats.isLost();
  }

  /** Refuses what would change instances that are another engine's by now. */
  void requireHeld() {
    if (isLost()) {
      throw inUse(heartbeats.owner(), "another engine, which has taken it since");
    }
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
      // Other machines and containers may have the same name: only what ran in this process is
      // known.
      return isThisProcess(parts);
    }
    if (!parts[0].startsWith(POD)) {
      return false;
    }
    Pod pod = find(parts[0].substring(POD.length()));
    return pod == null ? isNamespaceOfEngines() : new PodState(pod).hasEnded();
  }

  /** Returns whether engines run where the instances do: elsewhere no engine's pod is found. */
  private boolean isNamespaceOfEngines() {
    return host.startsWith(POD) && find(host.substring(POD.length())) != null;
  }

  private @Nullable Pod find(String pod) {
    return cluster.call(
        "looking up pod " + pod,
        client -> client.pods().inNamespace(cluster.namespace()).withName(pod).get());
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
        words(OwnerHeartbeat.holderOf(seen)));
    long deadline = System.nanoTime() + SIGN_OF_LIFE.toNanos();
    while (System.nanoTime() < deadline) {
      Thread.sleep(500);
      ConfigMap now = heartbeats.find();
      if (now == null || OwnerHeartbeat.holderOf(now).isEmpty()) {
        return false; // let go
      }
      if (!OwnerHeartbeat.beatOf(now).equals(OwnerHeartbeat.beatOf(seen))) {
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
