package dev.autodeploy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Cluster;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.UsageInterval;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Three replicas in one process, on a real database and a cloud, under random faults: the database
 * is out of reach of one or all, the way to one is cut, one is cut off from both, one is replaced
 * by a new process. Meanwhile callers acquire leases at all of them; the instance is released when
 * it is idle for a moment. At every moment the instance of an open lease runs; there is never more
 * than one; each start is in the ledger once, as may be one that was not made any longer; nothing
 * is left in the end. {@code -Dautodeploy.replicas.seconds} says for how long.
 */
@Tag("slow")
final class ReplicaFaultsTest {
  private static final int SECONDS = Integer.getInteger("autodeploy.replicas.seconds", 12);
  private static final long SEED = Long.getLong("autodeploy.replicas.seed", 1);
  private static final int CALLERS = 4;
  private static final Duration TERM = Duration.ofSeconds(1);

  /** Longer than any fault: no replica that carries a request is away for so long. */
  private static final Duration DRAIN = Duration.ofSeconds(6);

  private static final int LONGEST_FAULT = 2500;
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final String name = TestDatabase.newName();
  private final Queue<String> broken = new ConcurrentLinkedQueue<>();
  private final AtomicInteger granted = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger faults = new AtomicInteger();
  private final List<Host> hosts = new ArrayList<>();
  private Cloud cloud;
  private volatile boolean pause;
  private volatile boolean ended;

  /** A place where a replica runs, and its ways to the others and to the database. */
  private final class Host implements AutoCloseable {
    final Relay relay = new Relay(Relay.freePort());
    volatile boolean databaseDown;
    volatile AutoDeploy replica = start();

    Host() throws IOException {}

    private AutoDeploy start() {
      AutoDeploy started =
          AutoDeploy.builder()
              .owner("owner-1")
              .cluster(
                  Cluster.builder(
                          new UnreachableElection(
                              JdbcLeaderElection.builder(TestDatabase.source()).name(name).build(),
                              () -> databaseDown),
                          () -> new CloudProvider(cloud.address()))
                      .term(TERM)
                      .listen(
                          new InetSocketAddress(InetAddress.getLoopbackAddress(), relay.target()))
                      .advertise(URI.create("http://127.0.0.1:" + relay.port()))
                      .build())
              .drainTimeout(DRAIN)
              .releaseOnShutdown(false)
              .build();
      started.deploy(
          DeploymentSpec.builder("voice")
              .port(8080)
              .maxInstances(1)
              .idleTimeout(Duration.ofMillis(700))
              .build());
      return started;
    }

    void isReplaced() {
      replica.handOver();
      replica.close();
      replica = start();
    }

    @Override
    public void close() throws IOException {
      replica.close();
      relay.close();
    }
  }

  @Test
  void leases_underFaultsOfAllKinds_areCountedAtEveryMoment() throws Exception {
    cloud = new Cloud();
    try {
      for (int i = 0; i < 3; i++) {
        hosts.add(new Host());
      }
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        Random random = new Random(SEED * 100 + i);
        threads.add(thread("caller-" + i, () -> call(random)));
      }
      threads.add(thread("faults", () -> breakThings(new Random(SEED))));
      for (int second = 0; second < SECONDS; second++) {
        pause = second % 6 > 3; // long enough to be released as idle
        TimeUnit.SECONDS.sleep(1);
      }
      ended = true;
      for (Thread thread : threads) {
        thread.join();
      }
      System.out.printf(
          "random faults, seed %d, %d s: %d faults, %d leases, %d refused in words, %d starts%n",
          SEED, SECONDS, faults.get(), granted.get(), refused.get(), cloud.started().size());

      assertThat(broken).isEmpty();
      assertThat(granted).hasValueGreaterThan(10);
      assertThat(cloud.most()).as("instances at one moment").isEqualTo(1);
      awaitNothingRuns();
      assertThat(booked()).doesNotHaveDuplicates().containsAll(cloud.started());
    } finally {
      ended = true;
      for (Host host : hosts) {
        host.close();
      }
      cloud.close();
    }
  }

  private static Thread thread(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.start();
    return thread;
  }

  private void call(Random random) {
    while (!ended) {
      try {
        AutoDeploy replica = hosts.get(random.nextInt(hosts.size())).replica;
        try (Lease lease =
            replica
                .deployment("voice")
                .acquireAsync(AcquireRequest.within(PATIENCE))
                .get(2 * PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
          granted.incrementAndGet();
          use(lease, random.nextInt(1200));
        }
        do {
          TimeUnit.MILLISECONDS.sleep(20 + random.nextInt(100));
        } while (pause && !ended);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof AutoDeployException) {
          refused.incrementAndGet();
          LockSupport.parkNanos(20_000_000);
        } else {
          broken.add("an error without a word: " + e.getCause());
        }
      } catch (AutoDeployException e) { // it is being replaced
        refused.incrementAndGet();
        LockSupport.parkNanos(20_000_000);
      } catch (TimeoutException e) {
        broken.add("a request was not answered");
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Sees to it that the instance of a lease runs as long as the lease is open. */
  private void use(Lease lease, int millis) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    do {
      if (!cloud.running().contains(lease.instanceId())) {
        broken.add(lease + " has lost its instance");
        return;
      }
      TimeUnit.MILLISECONDS.sleep(10);
    } while (System.nanoTime() < until);
  }

  private void breakThings(Random random) {
    try {
      while (!ended) {
        Host host = hosts.get(random.nextInt(hosts.size()));
        int kind = random.nextInt(5);
        faults.incrementAndGet();
        if (kind == 4) {
          host.isReplaced();
        } else {
          List<Host> without = kind == 3 ? hosts : kind == 1 ? List.of() : List.of(host);
          without.forEach(it -> it.databaseDown = true);
          if (kind == 1 || kind == 2) {
            host.relay.cut();
          }
          TimeUnit.MILLISECONDS.sleep(200 + random.nextInt(LONGEST_FAULT));
          without.forEach(it -> it.databaseDown = false);
          host.relay.mend();
        }
        TimeUnit.MILLISECONDS.sleep(random.nextInt(1000));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      broken.add("a replica could not be replaced: " + e);
    }
  }

  private void awaitNothingRuns() throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!cloud.running().isEmpty()) {
      assertThat(System.nanoTime()).as("left: %s", cloud.running()).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  /** Returns the instances in the ledger, as the leader reads it. */
  private List<String> booked() throws InterruptedException {
    while (true) {
      for (Host host : hosts) {
        if (host.replica.leads()) {
          return host
              .replica
              .deployment("voice")
              .usage(Instant.EPOCH, Instant.now().plusSeconds(60))
              .stream()
              .map(UsageInterval::instanceId)
              .toList();
        }
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }
}
