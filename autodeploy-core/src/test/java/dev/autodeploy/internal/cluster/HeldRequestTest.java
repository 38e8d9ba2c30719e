package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.internal.engine.EngineConfig;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.StartRequest;
import dev.autodeploy.spi.StateStore;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class HeldRequestTest {
  private static final Duration TERM = Duration.ofSeconds(1);

  private static Replica replica(ReplicaRuntime runtime) {
    return replica(runtime, new Silent(), null);
  }

  private static Replica replica(
      ReplicaRuntime runtime, LeaderElection election, @Nullable ReplicaAddress address) {
    return new Replica(
        election,
        EngineConfig.builder(),
        Nothing::new,
        TERM,
        address,
        new Declarations(),
        new Directory(),
        message -> {},
        link -> {},
        new ReentrantLock(),
        runtime);
  }

  @Test
  void attempt_thatThrowsOnAThreadOfNobody_isAnswered() {
    Replica replica = replica(new ThreadRuntime());
    AtomicInteger reads = new AtomicInteger();
    CompletableFuture<Lease> answer =
        new HeldRequest(
                replica,
                "voice",
                AcquireRequest.within(Duration.ofHours(1)),
                () -> {
                  if (reads.incrementAndGet() > 2) {
                    throw new IllegalStateException("the clock has stopped");
                  }
                  return 0;
                })
            .begin();
    assertThat(answer).as("held while nobody leads").isNotDone();

    replica.close(Duration.ZERO); // which it looks at once more

    assertThat(answer)
        .failsWithin(20, TimeUnit.SECONDS)
        .withThrowableThat()
        .withMessageContaining("the clock has stopped");
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void unreachedLeader_isWaitedFor_alsoByARequestThatHasWaitedForLong() throws Exception {
    AtomicReference<Leader> leads = new AtomicReference<>(new Leader(1, "", ""));
    AtomicInteger asked = new AtomicInteger();
    Silent election =
        new Silent() {
          @Override
          public Leader campaign(String replica, long held, Duration term) {
            asked.incrementAndGet();
            return leads.get();
          }
        };
    InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ReplicaAddress address =
        new ReplicaAddress(local, URI.create("http://127.0.0.1:1"), "0123456789abcdef");
    Replica replica = replica(new ThreadRuntime(), election, address);
    AtomicLong now = new AtomicLong();
    replica.begin();
    CompletableFuture<Lease> answer =
        new HeldRequest(replica, "voice", AcquireRequest.within(Duration.ofDays(30)), now::get)
            .begin();

    now.addAndGet(Duration.ofHours(1).toNanos()); // in which nobody led
    leads.set(new Leader(2, "another", "http://127.0.0.1:1"));
    int before = asked.get();
    while (asked.get() < before + 5) { // those who wait look at each
      TimeUnit.MILLISECONDS.sleep(10);
    }

    assertThat(answer).isNotDone();

    while (!answer.isDone()) {
      now.addAndGet(TERM.toNanos());
      TimeUnit.MILLISECONDS.sleep(50);
    }
    assertThat(answer)
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .withMessageContaining("does not reach the leader");
    replica.close(Duration.ZERO);
  }

  @Test
  void close_hasThoseLookAgain_whoseTimersEndWithIt() {
    ThreadRuntime threads = new ThreadRuntime();
    AtomicReference<Runnable> atTheEnd = new AtomicReference<>(() -> {});
    Replica replica = replica(watched(threads, () -> atTheEnd.get().run()));
    AtomicReference<CompletableFuture<Void>> change = new AtomicReference<>();
    atTheEnd.set(() -> change.set(replica.change())); // as a request does that begins again

    replica.close(Duration.ZERO);

    assertThat(change.get()).isDone();
  }

  /** Returns the threads with something that is done just before the timer of requests ends. */
  private static ReplicaRuntime watched(ThreadRuntime threads, Runnable end) {
    ReplicaRuntime.Line line = threads.watch();
    ReplicaRuntime.Line watch =
        new ReplicaRuntime.Line() {
          @Override
          public Scheduler.Cancellable schedule(Runnable task, long nanos) {
            return line.schedule(task, nanos);
          }

          @Override
          public void repeat(Runnable task, long nanos) {
            line.repeat(task, nanos);
          }

          @Override
          public void shutdown() {
            end.run();
            line.shutdown();
          }
        };
    return PartialRuntime.of(
        (proxy, method, arguments) ->
            method.getName().equals("watch") ? watch : method.invoke(threads, arguments));
  }

  /** An election that is never asked. */
  private static class Silent implements LeaderElection {
    @Override
    public Leader campaign(String replica, long held, Duration term) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void resign(long epoch) {}

    @Override
    public StateStore store(long epoch) {
      throw new UnsupportedOperationException();
    }
  }

  /** A provider that is never used. */
  private static final class Nothing implements InstanceProvider {
    @Override
    public CompletionStage<ProviderInstance> start(StartRequest request) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> release(String instanceId, Duration grace) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<List<ProviderInstance>> list(String owner) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<List<String>> logs(String instanceId, int lines) {
      throw new UnsupportedOperationException();
    }
  }
}
