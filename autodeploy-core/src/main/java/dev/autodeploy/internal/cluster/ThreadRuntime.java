package dev.autodeploy.internal.cluster;

import dev.autodeploy.internal.util.Threads;
import dev.autodeploy.internal.wire.SharedSecret;
import dev.autodeploy.internal.wire.WireConnection;
import dev.autodeploy.internal.wire.WireServer;
import dev.autodeploy.spi.Scheduler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** The threads, timers and connections of this process. */
public final class ThreadRuntime implements ReplicaRuntime {
  private static final Executor FALLBACK = Threads.fallback();

  private final Line election = new Timer(Threads.timer("cluster-election"));
  private final Line watch = new Timer(Threads.timer("cluster-watch"));
  private final ExecutorService engines = Threads.perTask("cluster-engine");
  private final ExecutorService loops = Threads.perTask("replica-link");
  private final ExecutorService threads = Threads.perBurst("replica");

  @Override
  public Line election() {
    return election;
  }

  @Override
  public Line watch() {
    return watch;
  }

  @Override
  public void runEngine(Runnable task) {
    engines.execute(task);
  }

  @Override
  public void run(Runnable task) {
    run(threads, task);
  }

  private static void run(Executor executor, Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      FALLBACK.execute(task);
    }
  }

  @Override
  public void loop(Step step) {
    run(
        loops,
        () -> {
          Duration pause = step.once();
          while (pause != null) {
            try {
              TimeUnit.NANOSECONDS.sleep(pause.toNanos());
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
              return;
            }
            pause = step.once();
          }
        });
  }

  @Override
  public Connection connect(URI address, SharedSecret secret) {
    WireConnection connection = new WireConnection(address, secret);
    return new Connection() {
      @Override
      public byte[] exchange(byte[] body, Duration limit) throws IOException {
        return connection.exchange(body, limit);
      }

      @Override
      public void close() {
        connection.close();
      }
    };
  }

  @Override
  public Server open(InetSocketAddress address) {
    WireServer server = WireServer.open(address);
    return new Server() {
      @Override
      public void start(SharedSecret secret, UnaryOperator<byte[]> handler) {
        server.start(secret, handler);
      }

      @Override
      public int port() {
        return server.port();
      }

      @Override
      public void close() {
        server.close();
      }
    };
  }

  @Override
  public Duration longPoll(Duration term) {
    return term.dividedBy(6);
  }

  @Override
  public String newReplica() {
    return UUID.randomUUID().toString();
  }

  @Override
  public String newSession() {
    return SharedSecret.random();
  }

  @Override
  public void close() {
    threads.shutdown();
    loops.shutdown();
    engines.shutdown();
  }

  /** A timer with a thread of its own. */
  private record Timer(ScheduledThreadPoolExecutor timer) implements Line {
    @Override
    public Scheduler.Cancellable schedule(Runnable task, long nanos) {
      ScheduledFuture<?> scheduled = timer.schedule(task, nanos, TimeUnit.NANOSECONDS);
      return () -> scheduled.cancel(false);
    }

    @Override
    public void repeat(Runnable task, long nanos) {
      timer.scheduleWithFixedDelay(task, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void shutdown() {
      timer.shutdownNow();
    }
  }
}
