package dev.autodeploy.testing.cluster;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.cluster.ReplicaAddress;
import dev.autodeploy.internal.cluster.ReplicaRuntime;
import dev.autodeploy.internal.cluster.ReplicatedEngine;
import dev.autodeploy.internal.engine.EngineConfig;
import dev.autodeploy.internal.wire.SharedSecret;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.Scheduler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One life of one replica: the real one, on a process, timers and connections of a simulation. */
final class SimulatedReplica implements ReplicaRuntime {
  final int number;
  final String id;
  final SimulatedProcess process;
  final SplittableRandom random;
  private final ClusterWalk walk;
  private final ReplicatedEngine engine;
  private @Nullable UnaryOperator<byte[]> handler;
  private int sessions;

  /** Since when nobody hears of it; NEVER if somebody does. */
  long silentSince = SimulatedMachines.NEVER;

  /** Since when a leader that serves is reached; NEVER if none is. */
  long reachedSince = SimulatedMachines.NEVER;

  /** When one was last reached for some seconds on end. */
  long lastReached = -ClusterWalk.HOUR;

  /** Since when it is being restarted, and leads no more; NEVER if it is not. */
  long leavingSince = SimulatedMachines.NEVER;

  boolean ends;

  /** The number of leases that its host has. */
  int leases;

  SimulatedReplica(
      ClusterWalk walk,
      int number,
      int life,
      DeploymentSpec spec,
      SimulatedClock clock,
      SplittableRandom random) {
    this.random = random;
    this.walk = walk;
    this.number = number;
    this.id = "r" + number + "." + life;
    this.process = new SimulatedProcess(walk.time, clock);
    EngineConfig.Builder settings =
        EngineConfig.builder()
            .owner("cluster")
            .ticker(clock)
            .clock(clock)
            .scheduler(process)
            .providerExecutor(process)
            .callbackExecutor(process)
            .random(random.split())
            .costMeter(CostMeter.perHour("3600", "USD"))
            .drainTimeout(walk.hold)
            .releaseTimeout(Duration.ofMinutes(5))
            .releaseOnShutdown(false);
    this.engine =
        ReplicatedEngine.start(
            settings,
            walk.election.of(this),
            () -> walk.machines.connect(this),
            ClusterWalk.TERM,
            new ReplicaAddress(
                InetSocketAddress.createUnresolved("replica", 1 + number),
                URI.create("http://replica:" + number),
                null),
            this);
    engine.deploy(spec);
  }

  ReplicatedEngine engine() {
    return engine;
  }

  boolean isLeaving() {
    return leavingSince != SimulatedMachines.NEVER;
  }

  boolean cutFromProvider() {
    return walk.isCut(number, ClusterFaults.PROVIDER);
  }

  /** Fails if the database is not reached. */
  void reachStore() {
    if (walk.isCut(number, ClusterFaults.STORE)) {
      throw new AutoDeployException(ErrorCode.STATE_FAILED, null, "the database is not reached");
    }
  }

  byte[] answer(byte[] body) throws IOException {
    UnaryOperator<byte[]> answering = handler;
    if (answering == null || !process.runs()) {
      throw new IOException("connection refused");
    }
    return answering.apply(body);
  }

  // The runtime.

  @Override
  public Line election() {
    return new TimeLine();
  }

  @Override
  public Line watch() {
    return new TimeLine();
  }

  @Override
  public void runEngine(Runnable task) {
    walk.runEngine(this, task);
  }

  @Override
  public void run(Runnable task) {
    process.execute(task);
  }

  @Override
  public void loop(Step step) {
    process.execute(() -> once(step));
  }

  /** An exchange that follows another one takes some time, or the time would never move. */
  private void once(Step step) {
    Duration pause = step.once();
    if (pause != null) {
      Duration least = Duration.ofMillis(20 + random.nextInt(280));
      Scheduler.Cancellable unused =
          process.schedule(pause.compareTo(least) < 0 ? least : pause, () -> once(step));
    }
  }

  @Override
  public Connection connect(URI address, SharedSecret secret) {
    return new Connection() {
      private boolean closed;

      @Override
      public byte[] exchange(byte[] body, Duration limit) throws IOException {
        SimulatedReplica other = walk.replicas.get(address.getPort());
        if (closed || walk.isCut(number, other.number) || walk.isLost(random)) {
          throw new IOException("not reached");
        }
        byte[] answer = other.answer(body);
        if (walk.isLost(random)) {
          throw new IOException("the answer was lost");
        }
        return answer;
      }

      @Override
      public void close() {
        closed = true;
      }
    };
  }

  @Override
  public Server open(InetSocketAddress address) {
    return new Server() {
      @Override
      public void start(SharedSecret secret, UnaryOperator<byte[]> answering) {
        handler = answering;
      }

      @Override
      public int port() {
        return number;
      }

      @Override
      public void close() {
        handler = null;
      }
    };
  }

  @Override
  public Duration longPoll(Duration term) {
    return Duration.ZERO;
  }

  @Override
  public String newReplica() {
    return id;
  }

  @Override
  public String newSession() {
    return id + "-" + sessions++;
  }

  @Override
  public void close() {}

  private final class TimeLine implements Line {
    private boolean shut;

    @Override
    public Scheduler.Cancellable schedule(Runnable task, long nanos) {
      return process.schedule(
          Duration.ofNanos(nanos),
          () -> {
            if (!shut) {
              task.run();
            }
          });
    }

    @Override
    public void repeat(Runnable task, long nanos) {
      Scheduler.Cancellable unused =
          schedule(
              () -> {
                task.run();
                repeat(task, nanos);
              },
              nanos);
    }

    @Override
    public void shutdown() {
      shut = true;
    }
  }
}
