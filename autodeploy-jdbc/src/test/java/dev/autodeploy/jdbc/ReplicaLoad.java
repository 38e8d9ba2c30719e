package dev.autodeploy.jdbc;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Callers that send request after request, each to the next of the links that are up until one
 * answers it. A refusal in words (503) or at the door (connection refused) is tried again
 * elsewhere; a connection that breaks under a request is counted as cut, and a request without an
 * answer as late, for each link. Half of the callers send requests that take longer than a leader
 * takes to be replaced.
 */
final class ReplicaLoad implements AutoCloseable {
  static final int CALLERS = 6;

  /** The time that half of the requests take. */
  private static final int LONG_MILLIS = 4500;

  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(60);

  private final Balancer balancer;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger answers = new AtomicInteger();
  private final AtomicInteger refusals = new AtomicInteger();
  private final Map<Integer, AtomicInteger> late = new ConcurrentHashMap<>();
  private final Map<Integer, AtomicInteger> cut = new ConcurrentHashMap<>();
  private final AtomicLong slowest = new AtomicLong();
  private final AtomicLong slowestFrozen = new AtomicLong();

  /** The link of the replica that is frozen, or was last; what it carries waits for it. */
  private volatile int frozen;

  private volatile boolean ended;

  ReplicaLoad(List<Integer> ports) {
    balancer = new Balancer(ports);
    for (int i = 0; i < CALLERS; i++) {
      int number = i;
      Thread thread = new Thread(() -> call(number), "caller-" + i);
      thread.start();
      threads.add(thread);
    }
  }

  private void call(int number) {
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(1))
            .build();
    int turn = number;
    String query = number % 2 == 0 ? "?ms=20" : "?ms=" + LONG_MILLIS;
    while (!ended) {
      long begun = System.nanoTime();
      boolean answered = false;
      int port = 0;
      while (!answered && !ended) {
        port = balancer.pick(turn++);
        try {
          HttpResponse<String> response =
              client.send(request(port, query), HttpResponse.BodyHandlers.ofString());
          answered = response.statusCode() == 200;
          if (!answered) {
            refusals.incrementAndGet();
            pause(20);
          }
        } catch (ConnectException | java.net.http.HttpConnectTimeoutException e) {
          refusals.incrementAndGet();
          pause(20);
        } catch (java.net.http.HttpTimeoutException e) {
          count(late, port); // a frozen replica: the caller goes elsewhere
          begun = System.nanoTime();
        } catch (IOException e) {
          count(cut, port);
          begun = System.nanoTime(); // what it took until then is not the time that it was held
        } catch (InterruptedException e) {
          return;
        }
      }
      if (answered) {
        answers.incrementAndGet();
        long work = number % 2 == 0 ? 20 : LONG_MILLIS;
        long waited = System.nanoTime() - begun - TimeUnit.MILLISECONDS.toNanos(work);
        (port == frozen ? slowestFrozen : slowest).accumulateAndGet(waited, Math::max);
      }
    }
  }

  private static void count(Map<Integer, AtomicInteger> at, int port) {
    at.computeIfAbsent(port, it -> new AtomicInteger()).incrementAndGet();
  }

  private static int all(Map<Integer, AtomicInteger> at) {
    return at.values().stream().mapToInt(AtomicInteger::get).sum();
  }

  private static int at(Map<Integer, AtomicInteger> all, int port) {
    AtomicInteger there = all.get(port);
    return there == null ? 0 : there.get();
  }

  private static HttpRequest request(int port, String query) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/d/voice/work" + query))
        // Neither the client nor a link repeats it: a GET that is cut would be sent again unseen.
        .POST(HttpRequest.BodyPublishers.ofString("x"))
        .timeout(Duration.ofSeconds(15))
        .build();
  }

  /** Waits until so many more requests were answered. */
  void awaitAnswers(int more) throws InterruptedException {
    int until = answers.get() + more;
    long deadline = System.nanoTime() + ANSWER_LIMIT.toNanos();
    while (answers.get() < until) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not answered within " + ANSWER_LIMIT + ": " + this);
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns how many requests were cut at all links. */
  int cut() {
    return all(cut);
  }

  /** Returns how many requests were cut at one link. */
  int cut(int port) {
    return at(cut, port);
  }

  /** Returns how many requests were not answered in time at all links. */
  int late() {
    return all(late);
  }

  /** Returns how many requests were not answered in time at one link. */
  int late(int port) {
    return at(late, port);
  }

  /** The replica with a link is frozen from now on. */
  void freezes(int port) {
    frozen = port;
  }

  Duration slowest() {
    return Duration.ofNanos(slowest.get());
  }

  void end() throws InterruptedException {
    ended = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Override
  public void close() {
    ended = true;
    balancer.close();
    threads.forEach(Thread::interrupt);
  }

  @Override
  public String toString() {
    return answers
        + " answered, "
        + refusals
        + " refused and tried elsewhere, "
        + late()
        + " not answered in time, "
        + cut()
        + " cut, longest wait "
        + slowest().toMillis()
        + " ms ("
        + slowestFrozen.get() / 1_000_000
        + " at one that was frozen)";
  }
}
