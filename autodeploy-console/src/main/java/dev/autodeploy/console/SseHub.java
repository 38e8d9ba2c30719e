package dev.autodeploy.console;

import com.sun.net.httpserver.HttpExchange;
import dev.autodeploy.internal.document.ProblemType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open event streams. A stream that has nothing to say costs no thread; one whose reader does
 * not read is ended.
 */
final class SseHub {
  private static final Logger LOG = LoggerFactory.getLogger(SseHub.class);
  private static final byte[] HEARTBEAT = ": still here\n\n".getBytes(StandardCharsets.UTF_8);
  private static final int WRITERS = 4;
  private static final int MAX_QUEUED = 512;

  /** The longest time for which a reader may hold up a writer. */
  static final Duration LONGEST_WRITE = Duration.ofSeconds(10);

  private final int maxListeners;
  private final long longestWrite;
  private final List<Stream> streams = new CopyOnWriteArrayList<>();
  private final ReentrantLock surplus = new ReentrantLock();
  private final ThreadPoolExecutor writers;
  private volatile boolean closed;

  SseHub(int maxListeners, Duration longestWrite) {
    this.longestWrite = longestWrite.toNanos();
    this.maxListeners = maxListeners;
    this.writers =
        new ThreadPoolExecutor(
            WRITERS,
            WRITERS,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(2 * maxListeners + WRITERS),
            DaemonThreads.named("console-stream"),
            new ThreadPoolExecutor.DiscardPolicy());
    writers.allowCoreThreadTimeOut(true);
  }

  /**
   * Opens a stream on an exchange, which is left open when its handler returns.
   *
   * @param caller who listens
   * @param topic what the stream is about
   * @param first what is sent first
   */
  Stream open(HttpExchange exchange, Caller caller, String topic, String first) throws IOException {
    if (closed) {
      throw new ProblemException(ProblemType.SHUTTING_DOWN, "the console is closed");
    }
    if (streams.size() >= 2 * maxListeners) {
      throw new ProblemException(
          ProblemType.TOO_MANY_LISTENERS,
          maxListeners + " listeners are connected, which is the limit; close some pages");
    }
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
    exchange.getResponseHeaders().set("X-Accel-Buffering", "no");
    ServerWorkers.waitingForClient();
    exchange.sendResponseHeaders(200, 0);
    ServerWorkers.working();
    Stream stream = new Stream(exchange, caller, topic);
    streams.add(stream);
    endSurplus();
    stream.send(first.getBytes(StandardCharsets.UTF_8));
    return stream;
  }

  /**
   * Ends streams beyond the limit, each the oldest one of the client that has most: a client that
   * opens many takes no place from others. Streams that are being ended are listed until their last
   * bytes are written; of those there may be as many again.
   */
  private void endSurplus() {
    surplus.lock();
    try {
      List<Stream> open = new ArrayList<>(streams);
      open.removeIf(Stream::isEndingOrOver);
      while (open.size() > maxListeners) {
        Map<String, Integer> counts = new HashMap<>();
        open.forEach(stream -> counts.merge(stream.caller.client(), 1, Integer::sum));
        int most = Collections.max(counts.values());
        Stream oldest =
            open.stream()
                .filter(stream -> counts.getOrDefault(stream.caller.client(), 0) == most)
                .findFirst()
                .orElseThrow();
        oldest.end();
        open.remove(oldest);
      }
    } finally {
      surplus.unlock();
    }
  }

  /** Ends the streams of sessions. */
  void endWhere(Predicate<String> session) {
    streams.stream()
        .filter(stream -> stream.caller.session() != null && session.test(stream.caller.session()))
        .forEach(Stream::end);
  }

  static String message(String event, String data) {
    return "event: " + event + "\ndata: " + data + "\n\n";
  }

  boolean has(String topic) {
    return streams.stream().anyMatch(s -> s.topic.equals(topic));
  }

  List<Stream> streams(String topic) {
    return streams.stream().filter(s -> s.topic.equals(topic)).toList();
  }

  int size() {
    return streams.size();
  }

  void publish(String topic, String message) {
    byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
    for (Stream stream : streams) {
      if (stream.topic.equals(topic)) {
        stream.send(bytes);
      }
    }
  }

  /** Shows proxies that the streams live, and finds those whose reader is gone. */
  void heartbeat() {
    streams.forEach(stream -> stream.send(HEARTBEAT));
  }

  /** Ends the streams that somebody holds up. */
  void endStuck() {
    long now = System.nanoTime();
    streams.forEach(stream -> stream.endIfStuck(now));
  }

  void close() {
    closed = true;
    streams.forEach(Stream::end);
    writers.shutdown();
  }

  /** An open stream. */
  final class Stream {
    private final HttpExchange exchange;
    private final OutputStream out;
    private final Caller caller;
    private final String topic;
    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by the lock.
    private final Queue<byte[]> queue = new ArrayDeque<>();
    private boolean scheduled;
    private boolean ending;
    private boolean over;
    private @Nullable Thread writer;
    private long writingSince;

    Stream(HttpExchange exchange, Caller caller, String topic) {
      this.caller = caller;
      this.exchange = exchange;
      this.out = exchange.getResponseBody();
      this.topic = topic;
    }

    void send(byte[] message) {
      lock.lock();
      try {
        if (over || ending) {
          return;
        }
        queue.add(message);
        if (queue.size() > MAX_QUEUED) {
          queue.clear();
          ending = true;
        }
        schedule();
      } finally {
        lock.unlock();
      }
    }

    /** Ends the stream when what is queued has been written. */
    void end() {
      lock.lock();
      try {
        ending = true;
        schedule();
      } finally {
        lock.unlock();
      }
    }

    boolean isOver() {
      lock.lock();
      try {
        return over;
      } finally {
        lock.unlock();
      }
    }

    private boolean isEndingOrOver() {
      lock.lock();
      try {
        return ending || over;
      } finally {
        lock.unlock();
      }
    }

    private boolean isEnding() {
      lock.lock();
      try {
        return ending && queue.isEmpty();
      } finally {
        lock.unlock();
      }
    }

    private void schedule() {
      if (!scheduled && !over) {
        scheduled = true;
        writers.execute(this::write);
      }
    }

    private void write() {
      try {
        for (byte[] next = next(); next != null; next = next()) {
          out.write(next);
          out.flush();
        }
        if (isEnding()) {
          finish();
        }
      } catch (IOException | RuntimeException e) {
        LOG.debug("An event stream ended: {}", e.toString());
        finish();
      } finally {
        leave();
      }
    }

    private byte @Nullable [] next() {
      lock.lock();
      try {
        writer = Thread.currentThread();
        writingSince = System.nanoTime();
        byte[] next = over ? null : queue.poll();
        scheduled = next != null;
        return next;
      } finally {
        lock.unlock();
      }
    }

    private void leave() {
      lock.lock();
      try {
        if (writer == Thread.currentThread()) {
          writer = null;
        }
        // An interrupt that came too late must not hit the next stream.
        Thread.interrupted();
      } finally {
        lock.unlock();
      }
    }

    private void finish() {
      lock.lock();
      try {
        if (over) {
          return;
        }
        over = true;
        queue.clear();
      } finally {
        lock.unlock();
      }
      streams.remove(this);
      exchange.close();
    }

    private void endIfStuck(long now) {
      lock.lock();
      try {
        Thread thread = writer;
        if (thread != null && now - writingSince > longestWrite) {
          // Interrupting a write on a socket channel closes the channel.
          thread.interrupt();
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
