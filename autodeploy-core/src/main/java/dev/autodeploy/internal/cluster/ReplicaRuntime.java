package dev.autodeploy.internal.cluster;

import dev.autodeploy.internal.wire.SharedSecret;
import dev.autodeploy.spi.Scheduler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The threads, timers and connections that a replica runs on: those of this process, or those of a
 * simulation, in which everything happens on one line of time.
 */
public interface ReplicaRuntime {

  /** A place where tasks run one after the other, at once or later, until it is shut down. */
  interface Line {
    /**
     * Runs a task after a delay.
     *
     * @return cancels it, if it has not begun
     * @throws RejectedExecutionException if it is shut down
     */
    Scheduler.Cancellable schedule(Runnable task, long nanos);

    /** Runs a task again and again, with a pause after each. */
    void repeat(Runnable task, long nanos);

    /** Drops what has not begun. */
    void shutdown();
  }

  /** Something that is done again and again until it is over. */
  @FunctionalInterface
  interface Step {
    /**
     * Does it once. May block.
     *
     * @return the pause before the next time, or null if it is over
     */
    @Nullable Duration once();
  }

  /** A connection to another replica, made when it is needed, and made anew after an error. */
  interface Connection extends AutoCloseable {
    /**
     * Sends a body and returns the answer's. May block.
     *
     * @param limit how long it may take
     * @throws IOException if there is no answer in time
     */
    byte[] exchange(byte[] body, Duration limit) throws IOException;

    @Override
    void close();
  }

  /** The place at which other replicas reach this one. */
  interface Server extends AutoCloseable {
    /** Begins to answer. */
    void start(SharedSecret secret, UnaryOperator<byte[]> handler);

    /** Returns the port at which it is reached. */
    int port();

    @Override
    void close();
  }

  /** Returns the line for what asks who leads, which may block. */
  Line election();

  /** Returns the line for what watches the time, which does not block. */
  Line watch();

  /** Starts or ends an engine, which may block. */
  void runEngine(Runnable task);

  /** Runs what may block, or end in foreign code. */
  void run(Runnable task);

  /** Runs something after a pause, or at once when the replica has ended. */
  default Scheduler.Cancellable runAfter(Runnable task, long nanos) {
    try {
      return watch().schedule(() -> run(task), nanos);
    } catch (RejectedExecutionException e) {
      run(task);
      return () -> {};
    }
  }

  /** Begins to do something again and again. */
  void loop(Step step);

  /** Connects to another replica, once it is needed. */
  Connection connect(URI address, SharedSecret secret);

  /** Takes an address, on which nothing is answered yet. */
  Server open(InetSocketAddress address);

  /**
   * Returns how long an answer may wait for something to say.
   *
   * @param term for how long a leader leads without renewal
   */
  Duration longPoll(Duration term);

  /** Returns a new id for a replica. */
  String newReplica();

  /** Returns a new id for a session, which nobody can guess. */
  String newSession();

  /** Ends the threads that are left. */
  void close();
}
