package dev.autodeploy.micrometer;

import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Money;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.StartFailure;
import dev.autodeploy.event.DeploymentEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToLongFunction;

/** The meters of the deployments of one engine in one registry. */
final class DeploymentMeters {
  private final MeterRegistry registry;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Map<String, Deployment> known = new HashMap<>();
  private final Map<String, Set<Meter>> meters = new HashMap<>();

  DeploymentMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  void register(Deployment deployment) {
    lock.lock();
    try {
      Deployment before = known.put(deployment.name(), deployment);
      if (deployment.equals(before)) {
        return;
      }
      if (before != null) {
        removeMeters(deployment.name());
      }
      gauge(deployment, "autodeploy.instances", "Instances that exist", s -> s.instances().size());
      gauge(
          deployment,
          "autodeploy.instances.asleep",
          "Instances that sleep",
          s -> s.count(InstancePhase.ASLEEP));
      gauge(deployment, "autodeploy.requests.in.flight", "Open leases", DeploymentStatus::inFlight);
      gauge(
          deployment,
          "autodeploy.requests.pending",
          "Callers that wait",
          DeploymentStatus::pending);
      counter(deployment, "autodeploy.requests", "Requests", DeploymentStatus::requests);
      counter(
          deployment,
          "autodeploy.cold.starts",
          "Requests that waited for a start",
          DeploymentStatus::coldStarts);
      pendingTime(deployment);
      money(deployment);
      budget(deployment);
      troubles(deployment.name());
    } finally {
      lock.unlock();
    }
  }

  private void gauge(
      Deployment deployment,
      String name,
      String description,
      ToLongFunction<DeploymentStatus> value) {
    add(
        deployment.name(),
        Gauge.builder(name, deployment, d -> value.applyAsLong(d.status()))
            .description(description)
            .tags(tags(deployment.name()))
            .register(registry));
  }

  private void counter(
      Deployment deployment,
      String name,
      String description,
      ToLongFunction<DeploymentStatus> value) {
    add(
        deployment.name(),
        FunctionCounter.builder(name, deployment, d -> value.applyAsLong(d.status()))
            .description(description)
            .tags(tags(deployment.name()))
            .register(registry));
  }

  private void pendingTime(Deployment deployment) {
    add(
        deployment.name(),
        FunctionCounter.builder(
                "autodeploy.requests.held.time", deployment, d -> seconds(d.status().pendingTime()))
            .description("For how long callers waited in all until they got an instance")
            .baseUnit("seconds")
            .tags(tags(deployment.name()))
            .register(registry));
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }

  /** The part of the budget that is spent: 0 without a budget, so that one may be set later. */
  private void budget(Deployment deployment) {
    add(
        deployment.name(),
        Gauge.builder("autodeploy.budget.used", deployment, DeploymentMeters::budgetUsed)
            .description("Part of the budget that is spent, 1 for all of it; 0 without a budget")
            .tags(tags(deployment.name()))
            .register(registry));
  }

  private static double budgetUsed(Deployment deployment) {
    BudgetStatus status = deployment.budgetStatus();
    return status == null ? 0 : status.share();
  }

  private void money(Deployment deployment) {
    Money total = deployment.cost().total();
    Iterable<Tag> tags =
        tags(deployment.name(), Tags.of("currency", total.currency().getCurrencyCode()));
    add(
        deployment.name(),
        FunctionCounter.builder(
                "autodeploy.cost", deployment, d -> d.cost().total().amount().doubleValue())
            .description("Money since the deployment was made")
            .baseUnit("money")
            .tags(tags)
            .register(registry));
    add(
        deployment.name(),
        FunctionCounter.builder(
                "autodeploy.cost.always.on",
                deployment,
                d -> d.cost().alwaysOn().amount().doubleValue())
            .description("Cost of one instance running the whole time")
            .baseUnit("money")
            .tags(tags)
            .register(registry));
  }

  /** Makes the counters from the beginning: an alert on their growth needs the first one too. */
  private void troubles(String deployment) {
    for (StartFailure.Kind kind : StartFailure.Kind.values()) {
      if (kind == StartFailure.Kind.SLEEP) {
        continue; // no start has failed by it: it has a meter of its own
      }
      counter(deployment, "autodeploy.start.failures", Tags.of("kind", word(kind)));
    }
    counter(deployment, "autodeploy.exits", Tags.empty());
    counter(deployment, "autodeploy.sleep.failures", Tags.empty());
    counter(deployment, "autodeploy.release.failures", Tags.empty());
  }

  void count(DeploymentEvent event) {
    lock.lock();
    try {
      String name = event.deployment();
      if (event instanceof DeploymentEvent.InstanceStarting e) {
        increment(name, "autodeploy.starts", Tags.of("reason", word(e.reason())));
      } else if (event instanceof DeploymentEvent.InstanceReady e) {
        timer(name, "autodeploy.start.duration").record(e.startDuration());
        if (e.expected() != null) {
          timer(name, "autodeploy.start.expected").record(e.expected());
        }
      } else if (event instanceof DeploymentEvent.InstanceStartFailed e) {
        increment(name, "autodeploy.start.failures", Tags.of("kind", word(e.failure().kind())));
      } else if (event instanceof DeploymentEvent.InstanceAsleep e) {
        timer(name, "autodeploy.sleep.duration").record(e.duration());
      } else if (event instanceof DeploymentEvent.InstanceWoken e) {
        timer(name, "autodeploy.wake.duration").record(e.duration());
      } else if (event instanceof DeploymentEvent.InstanceReplaced e
          && e.reason() == ReleaseReason.SLEEP_FAILED) {
        increment(name, "autodeploy.sleep.failures", Tags.empty());
      } else if (event instanceof DeploymentEvent.InstanceExited) {
        increment(name, "autodeploy.exits", Tags.empty());
      } else if (event instanceof DeploymentEvent.InstanceReleaseFailed) {
        increment(name, "autodeploy.release.failures", Tags.empty());
      } else if (event instanceof DeploymentEvent.InstanceReleased e) {
        increment(name, "autodeploy.releases", Tags.of("reason", word(e.reason())));
        timer(name, "autodeploy.instance.lifetime").record(e.lifetime());
      }
    } finally {
      lock.unlock();
    }
  }

  private void increment(String deployment, String name, Tags more) {
    counter(deployment, name, more).increment();
  }

  private Counter counter(String deployment, String name, Tags more) {
    Counter counter = registry.counter(name, tags(deployment, more));
    add(deployment, counter);
    return counter;
  }

  private Timer timer(String deployment, String name) {
    Timer timer = registry.timer(name, tags(deployment));
    add(deployment, timer);
    return timer;
  }

  private void add(String deployment, Meter meter) {
    meters.computeIfAbsent(deployment, d -> new LinkedHashSet<>()).add(meter);
  }

  void remove(String deployment) {
    lock.lock();
    try {
      known.remove(deployment);
      removeMeters(deployment);
    } finally {
      lock.unlock();
    }
  }

  private void removeMeters(String deployment) {
    Set<Meter> gone = meters.remove(deployment);
    if (gone != null) {
      gone.forEach(registry::remove);
    }
  }

  private static Iterable<Tag> tags(String deployment) {
    return tags(deployment, Tags.empty());
  }

  /** Returns no {@link Tags}: registries before Micrometer 1.16 have no methods that take those. */
  private static Iterable<Tag> tags(String deployment, Iterable<Tag> more) {
    return Tags.concat(Tags.of("deployment", deployment), more);
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
