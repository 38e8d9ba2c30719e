package dev.autodeploy.reliability;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Clients that send one request after the other: quick ones, streams, and some that hang up. */
final class Load implements AutoCloseable {
  private final List<Thread> clients = new ArrayList<>();
  private final Tally tally;
  private final Supplier<@Nullable URI> link;
  private final int pauseMillis;
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> death = new AtomicReference<>();
  private volatile boolean ended;

  private Load(Supplier<@Nullable URI> link, Tally tally, int pauseMillis) {
    this.link = link;
    this.tally = tally;
    this.pauseMillis = pauseMillis;
  }

  /** Starts clients of a link, which is null while there is no host. */
  static Load start(int count, Supplier<@Nullable URI> link, Tally tally) {
    return start(count, new Load(link, tally, 60));
  }

  /** Starts two clients that often leave the instance idle, so that many are started. */
  static Load sparse(Supplier<@Nullable URI> link, Tally tally) {
    return start(2, new Load(link, tally, 1200));
  }

  private static Load start(int count, Load load) {
    for (int i = 0; i < count; i++) {
      Thread client = new Thread(load::run, "client-" + i);
      client.setDaemon(true);
      client.setUncaughtExceptionHandler((thread, e) -> load.death.set(e));
      load.clients.add(client);
      client.start();
    }
    return load;
  }

  private void run() {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    while (!ended) {
      URI base = link.get();
      if (base != null) {
        Outcome outcome = one(base, random.nextInt(10));
        tally.add(outcome);
        answered.addAndGet(outcome.kind() == Outcome.Kind.ANSWERED ? 1 : 0);
      }
      // Now and then long enough for the instance to become idle.
      Pause.millis(random.nextInt(40) == 0 ? 1500 : random.nextInt(pauseMillis));
    }
  }

  private static Outcome one(URI base, int kind) {
    URI stream = URI.create(base + "/cgi-bin/stream");
    if (kind < 6) {
      return Exchange.get(URI.create(base + "/index.html"), Service.QUICK_ANSWER);
    }
    return kind < 9
        ? Exchange.get(stream, Service.STREAM_ANSWER)
        : Exchange.abort(stream, Service.STREAM_ANSWER, 100);
  }

  /** Returns how many of its requests were answered so far. */
  int answered() {
    return answered.get();
  }

  /** Lets each client finish its request; fails if one came to another end, uncounted. */
  @Override
  public void close() {
    ended = true;
    for (Thread client : clients) {
      try {
        client.join(TimeUnit.MINUTES.toMillis(3));
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      if (client.isAlive()) {
        throw new AssertionError("a client has not come back within three minutes");
      }
    }
    if (death.get() != null) {
      throw new AssertionError("a client died, and what it asked is not counted", death.get());
    }
  }
}
