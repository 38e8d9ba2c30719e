package dev.autodeploy.internal.runtime;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a provider's list as far as it can be ours. Marks of an owner can be set by others who use
 * the same daemon or cluster; what nobody of ours can have written must not keep the rest from
 * being released. Thread-safe.
 */
final class ListedInstances {
  private static final Logger LOG = LoggerFactory.getLogger(ListedInstances.class);

  /** No instance is older, and no clock is wrong by more: with nanoseconds none can be reckoned. */
  private static final Duration LONGEST = Duration.ofDays(100 * 365);

  /** The number of those left alone that are told of, each once. */
  private static final int MOST_TOLD = 1000;

  private final InstantSource clock;
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  ListedInstances(InstantSource clock) {
    this.clock = clock;
  }

  /** Returns those that can be ours, begun at a moment that can be. */
  List<ProviderInstance> of(List<ProviderInstance> listed) {
    Instant now = clock.instant();
    List<ProviderInstance> own = new ArrayList<>(listed.size());
    for (ProviderInstance instance : listed) {
      if (!isName(instance.deployment())) {
        leaveAlone(instance);
      } else if (isFar(instance.startedAt(), now)) {
        own.add(begunNow(instance, now));
      } else {
        own.add(instance);
      }
    }
    return own;
  }

  private static boolean isName(String deployment) {
    try {
      DeploymentSpec.Builder unused = DeploymentSpec.builder(deployment);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isFar(Instant moment, Instant now) {
    return moment.isBefore(now.minus(LONGEST)) || moment.isAfter(now.plus(LONGEST));
  }

  private static ProviderInstance begunNow(ProviderInstance instance, Instant now) {
    return ProviderInstance.builder(instance.instanceId(), instance.deployment(), now)
        .slot(instance.slot())
        .fingerprint(instance.fingerprint())
        .endpoint(instance.endpoint())
        .exit(instance.exit())
        .gpus(instance.gpus())
        .gpuModel(instance.gpuModel())
        .epoch(instance.epoch())
        .build();
  }

  private void leaveAlone(ProviderInstance instance) {
    if (told.size() < MOST_TOLD && told.add(instance.instanceId())) {
      LOG.warn(
          "Instance '{}' bears this owner's mark and '{}', which is no deployment's name, so it is"
              + " somebody else's and left alone",
          PlainText.line(instance.instanceId()),
          PlainText.line(instance.deployment()));
    }
  }
}
