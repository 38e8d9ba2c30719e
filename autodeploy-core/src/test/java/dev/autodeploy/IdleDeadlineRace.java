package dev.autodeploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.spi.ReadinessProbe;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Requests that come exactly when the idle time ends, against real processes. */
public final class IdleDeadlineRace {
  private static final Duration IDLE = Duration.ofMillis(5);

  private IdleDeadlineRace() {}

  /**
   * Runs the rounds, and fails at the first request that is lost or given a dying instance.
   *
   * @param directory where the processes' logs go
   * @param mark a word in the environment of every process that it starts
   * @param rounds how many
   * @param took gets the time that each request waited for its instance
   * @return how many met a release
   * @throws Exception if a request fails
   */
  public static int run(Path directory, String mark, int rounds, Consumer<Duration> took)
      throws Exception {
    Random random = new Random(42);
    int starts = 0;
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(LocalProcessProvider.builder().directory(directory).build())
            .build()) {
      Deployment deployment =
          autoDeploy.deploy(
              DeploymentSpec.builder("race")
                  .port(0)
                  .environment("MARK", mark)
                  .startCommand("echo pid=$$; exec sleep 600")
                  .readiness(ReadinessProbe.logLine("^pid="))
                  .idleTimeout(IDLE)
                  .build());
      for (int round = 0; round < rounds; round++) {
        long asked = System.nanoTime();
        try (Lease lease = deployment.acquire(Duration.ofSeconds(30))) {
          took.accept(Duration.ofNanos(System.nanoTime() - asked));
          ProcessHandle process = process(deployment, lease);
          assertThat(process.isAlive()).as("round %s", round).isTrue();
          pause(random.nextInt(1_000_000)); // for as long as a request takes
          assertThat(process.isAlive()).as("round %s", round).isTrue();
          assertThat(lease.lost().toCompletableFuture()).isNotDone();
          starts += lease.coldStart() ? 1 : 0;
        }
        pause(IDLE.toNanos() - 1_000_000 + random.nextInt(2_000_000));
      }
      assertThat(deployment.status().starts()).isGreaterThanOrEqualTo(starts);
      assertThat(deployment.status().startFailures()).isZero();
    }
    System.out.println(rounds + " rounds at the idle deadline, " + starts + " met a release");
    // Or the requests did not meet the deadline at all.
    assertThat(starts).isBetween(rounds / 20, rounds - rounds / 20);
    return starts;
  }

  private static ProcessHandle process(Deployment deployment, Lease lease) throws Exception {
    List<String> log = deployment.logs(lease.instanceId(), 10).get(10, TimeUnit.SECONDS);
    String line = log.stream().filter(l -> l.startsWith("pid=")).findFirst().orElseThrow();
    return ProcessHandle.of(Long.parseLong(line.substring(4))).orElseThrow();
  }

  /** Sleeps as exactly as the machine can. */
  private static void pause(long nanos) {
    long end = System.nanoTime() + nanos;
    for (long left = nanos; left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
