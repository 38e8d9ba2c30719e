package dev.autodeploy.benchmarks.engine;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.benchmarks.server.GatedProvider;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** The price of a request on a running instance: a lease is taken and given back. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class AcquireBenchmark {
  private static final Duration WAIT = Duration.ofSeconds(10);

  private final AutoDeploy engine;
  private final Deployment app;

  /** Creates the engine. */
  public AcquireBenchmark() {
    engine =
        AutoDeploy.builder()
            .provider(new GatedProvider(URI.create("http://127.0.0.1:1")))
            .releaseOnShutdown(false)
            .build();
    app =
        engine.deploy(
            DeploymentSpec.builder("app")
                .port(8080)
                .startCommand("serve")
                .readiness(target -> true)
                .build());
  }

  /** Starts the instance. */
  @Setup
  public void start() {
    app.warmUp().join();
  }

  /** Ends the engine. */
  @TearDown
  public void stop() {
    engine.close();
  }

  /**
   * Takes and gives back a lease on one thread.
   *
   * @return where the instance answers
   */
  @Benchmark
  public URI alone() {
    return use();
  }

  /**
   * Takes and gives back leases of one deployment on four threads.
   *
   * @return where the instance answers
   */
  @Benchmark
  @Threads(4)
  public URI fourThreads() {
    return use();
  }

  private URI use() {
    try (Lease lease = app.acquire(WAIT)) {
      return lease.endpoint();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
