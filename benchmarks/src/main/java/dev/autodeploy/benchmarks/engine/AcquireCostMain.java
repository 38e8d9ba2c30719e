package dev.autodeploy.benchmarks.engine;

import com.sun.management.ThreadMXBean;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.benchmarks.server.GatedProvider;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures what it costs to take a lease of a running instance and to give it back, in processor
 * time and in bytes of its threads. What else a machine does changes them little, so that two
 * commits can be compared on a busy one.
 */
public final class AcquireCostMain {
  private static final int CALLS = 3_000_000;
  private static final int WARM_UPS = 4;
  private static final Duration WAIT = Duration.ofSeconds(10);
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @SuppressWarnings("UnusedVariable") // what is written to it is not optimised away
  private static volatile Object sink = "";

  private AcquireCostMain() {}

  /**
   * Measures, and prints a line for each figure: what it is, a tab, and the figure.
   *
   * @param arguments none
   * @throws Exception if the engine fails
   */
  public static void main(String[] arguments) throws Exception {
    AutoDeploy engine =
        AutoDeploy.builder()
            .provider(new GatedProvider(URI.create("http://127.0.0.1:1")))
            .releaseOnShutdown(false)
            .build();
    Deployment app =
        engine.deploy(
            DeploymentSpec.builder("app")
                .port(8080)
                .startCommand("serve")
                .readiness(target -> true)
                .build());
    app.acquire(WAIT).close();
    for (int i = 0; i < WARM_UPS; i++) {
      measure(app, 1);
    }
    print("one thread", measure(app, 1));
    measure(app, 4);
    print("four threads", measure(app, 4));
    engine.close();
  }

  private static void print(String what, double[] cost) {
    System.out.printf("acquire and close, %s, ns of processor time\t%.1f%n", what, cost[0]);
    System.out.printf("acquire and close, %s, bytes\t%.1f%n", what, cost[1]);
  }

  /** Returns nanoseconds and bytes of a call. */
  private static double[] measure(Deployment app, int count) throws InterruptedException {
    long[] nanos = new long[count];
    long[] bytes = new long[count];
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int own = i;
      Thread thread =
          new Thread(
              () -> {
                long id = Thread.currentThread().getId();
                long bytesBefore = THREADS.getThreadAllocatedBytes(id);
                long nanosBefore = THREADS.getThreadCpuTime(id);
                use(app);
                nanos[own] = THREADS.getThreadCpuTime(id) - nanosBefore;
                bytes[own] = THREADS.getThreadAllocatedBytes(id) - bytesBefore;
              });
      threads.add(thread);
      thread.start();
    }
    long allNanos = 0;
    long allBytes = 0;
    for (int i = 0; i < count; i++) {
      threads.get(i).join();
      allNanos += nanos[i];
      allBytes += bytes[i];
    }
    double calls = (double) CALLS * count;
    return new double[] {allNanos / calls, allBytes / calls};
  }

  private static void use(Deployment app) {
    for (int i = 0; i < CALLS; i++) {
      try (Lease lease = app.acquire(WAIT)) {
        sink = lease.endpoint();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
