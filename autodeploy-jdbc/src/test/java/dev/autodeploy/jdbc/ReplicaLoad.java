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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Callers that send request after request, each to the next of the links until one answers it. A
 * refusal in words (503) or at the door (connection refused) is tried again elsewhere; a connection
 * that breaks under a request is counted as cut.
 */
final class ReplicaLoad implements AutoCloseable {
  static final int CALLERS = 6;

  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(60);

  private final List<Integer> ports;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger answers = new AtomicInteger();
  private final AtomicInteger refusals = new AtomicInteger();
  private final AtomicInteger cut = new AtomicInteger();
  private final AtomicLong slowest = new AtomicLong();
  private volatile boolean ended;

  ReplicaLoad(List<Integer> ports) {
    this.ports = ports;
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
    while (!ended) {
      long begun = System.nanoTime();
      boolean answered = false;
      while (!answered && !ended) {
        int port = ports.get(turn++ % ports.size());
        try {
          HttpResponse<String> response =
              client.send(request(port, "?ms=20"), HttpResponse.BodyHandlers.ofString());
          answered = response.statusCode() == 200;
          if (!answered) {
            refusals.incrementAndGet();
            pause(20);
          }
        } catch (ConnectException | java.net.http.HttpConnectTimeoutException e) {
          refusals.incrementAndGet();
          pause(20);
        } catch (java.net.http.HttpTimeoutException e) {
          refusals.incrementAndGet(); // a frozen replica: the caller goes elsewhere
        } catch (IOException e) {
          cut.incrementAndGet();
        } catch (InterruptedException e) {
          return;
        }
      }
      if (answered) {
        answers.incrementAndGet();
        slowest.accumulateAndGet(System.nanoTime() - begun, Math::max);
      }
    }
  }

  private static HttpRequest request(int port, String query) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/d/voice/work" + query))
        .timeout(Duration.ofSeconds(8))
        .build();
  }

  /** Returns whether the replica of a link answers requests. */
  static boolean leads(int port) throws InterruptedException {
    try {
      HttpClient client = HttpClient.newHttpClient();
      return client.send(request(port, ""), HttpResponse.BodyHandlers.discarding()).statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    }
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

  int cut() {
    return cut.get();
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
    threads.forEach(Thread::interrupt);
  }

  @Override
  public String toString() {
    return answers
        + " answered, "
        + refusals
        + " refused and tried elsewhere, "
        + cut
        + " cut, slowest "
        + slowest().toMillis()
        + " ms";
  }
}
