package dev.autodeploy.benchmarks.gpus;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.benchmarks.gpus.Arrivals.Arrival;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.testing.InstancePlan;
import dev.autodeploy.testing.ManualTime;
import dev.autodeploy.testing.SimulatedProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Ten models on one, two and three GPUs: how many swaps a day takes, and how long calls wait, under
 * the engine's rules and under simpler ones. In virtual time; the argument is the file {@code
 * invocations-per-minute.csv.gz} of the Azure Functions trace of 2019.
 */
public final class SharedGpuMain {
  static final double COLD_START = 30;
  static final double RELEASE = 1;
  static final double SERVICE = 1;
  static final double PATIENCE = 600;

  private static final int MOST_GPUS = 3;

  private SharedGpuMain() {}

  /**
   * Prints a table.
   *
   * @param args the path of the trace
   * @throws IOException if it cannot be read
   */
  public static void main(String[] args) throws IOException {
    List<Arrival> arrivals = Arrivals.read(Path.of(args[0]));
    System.out.printf("%d calls of %d models%n%n", arrivals.size(), Arrivals.FUNCTIONS);
    System.out.println("| GPUs | rule | swaps | wait p50 | p95 | p99 | lost |");
    System.out.println("| ---: | --- | ---: | ---: | ---: | ---: | ---: |");
    for (int gpus = 1; gpus <= MOST_GPUS; gpus++) {
      System.out.println(new SimpleRule(gpus, false).run(arrivals).line(gpus));
      System.out.println(new SimpleRule(gpus, true).run(arrivals).line(gpus));
      System.out.println(engine(gpus, arrivals).line(gpus));
    }
  }

  private static Outcome engine(int gpus, List<Arrival> arrivals) {
    ManualTime time = ManualTime.create();
    SimulatedProvider provider = SimulatedProvider.on(time);
    provider.gpus(IntStream.range(0, gpus).mapToObj(String::valueOf).toArray(String[]::new));
    provider.plan(InstancePlan.readyAfter(seconds(COLD_START)).releaseTakes(seconds(RELEASE)));
    AutoDeploy autoDeploy =
        time.build(AutoDeploy.builder().provider(provider).idlePolicy(IdlePolicy.never()));
    List<Deployment> models =
        IntStream.range(0, Arrivals.FUNCTIONS)
            .mapToObj(
                i ->
                    autoDeploy.deploy(
                        DeploymentSpec.builder("model-" + i)
                            .port(8080)
                            .gpu(GpuRequest.count(1))
                            .maxPending(100_000)
                            .build()))
            .toList();
    Counts counts = new Counts(time);
    for (Arrival arrival : arrivals) {
      Deployment model = models.get(arrival.function());
      time.schedule(
          seconds(arrival.at()),
          () ->
              model
                  .acquireAsync(AcquireRequest.within(seconds(PATIENCE)))
                  .whenComplete(counts::answered));
    }
    time.advance(Duration.ofDays(1).plus(Duration.ofHours(1)));
    int swaps = provider.instances().size();
    time.close(autoDeploy);
    return new Outcome("AutoDeploy", swaps, counts.waits, counts.lost);
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  /** The outcomes of the calls. */
  private static final class Counts {
    private final ManualTime time;
    private final List<Double> waits = new ArrayList<>();
    private int lost;

    Counts(ManualTime time) {
      this.time = time;
    }

    void answered(@Nullable Lease lease, @Nullable Throwable error) {
      if (lease == null) {
        lost++;
        waits.add(PATIENCE);
      } else {
        waits.add(lease.waited().toNanos() / 1e9);
        var unused = time.schedule(seconds(SERVICE), lease::close);
      }
    }
  }
}
