package dev.autodeploy.examples;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.IdlePolicy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * An idle policy of one's own: keeps an instance for as long as nine of ten recent gaps lasted, but
 * never longer than 10 starts take, since then starting again is the better wait.
 */
public final class CustomIdlePolicyMain {
  private CustomIdlePolicyMain() {}

  /**
   * Runs the example.
   *
   * @param arguments none
   * @throws InterruptedException if interrupted
   */
  public static void main(String[] arguments) throws InterruptedException {
    IdlePolicy policy =
        history -> {
          Duration start = percentile(history.recentStartDurations(), 0.5, Duration.ofSeconds(1));
          Duration gap = percentile(history.recentGaps(), 0.9, Duration.ofSeconds(1));
          Duration longest = start.multipliedBy(10);
          return Optional.of(gap.compareTo(longest) < 0 ? gap : longest);
        };
    try (AutoDeploy autoDeploy = AutoDeploy.builder().idlePolicy(policy).build()) {
      Deployment hello =
          autoDeploy.deploy(
              DeploymentSpec.builder("hello")
                  .port(0)
                  .startCommand(ExampleServer.command("hello"))
                  .build());
      for (int i = 0; i < 5; i++) {
        try (Lease lease = hello.acquire(Duration.ofMinutes(1))) {
          System.out.println(lease.instanceId() + ", cold start: " + lease.coldStart());
        }
        hello
            .status()
            .instances()
            .forEach(it -> System.out.println("  is kept until " + it.releaseAt()));
        Thread.sleep(200);
      }
    }
  }

  private static Duration percentile(List<Duration> values, double p, Duration otherwise) {
    return values.isEmpty()
        ? otherwise
        : values.stream()
            .sorted()
            .toList()
            .get((int) Math.min(values.size() - 1, p * values.size()));
  }
}
