package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.autodeploy.proxy.WakeRule;
import dev.autodeploy.spi.Ticker;
import java.io.ByteArrayOutputStream;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The last good answers of instances, which the link gives while none is ready. One caller's answer
 * is never given to another: callers are told apart by the credentials that the instance gets.
 * Thread-safe.
 */
final class LastAnswers {
  private static final long MAX_BYTES = 64L * 1024 * 1024;

  /** All answers together that are being recorded; what comes beyond it is not kept. */
  private static final long MAX_RECORDED = 64L * 1024 * 1024;

  private static final int MAX_NUMBER = 10_000;

  /** The fields by which an instance may know under which address it is asked. */
  private static final List<String> ADDRESS =
      List.of("Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded");

  /** The fields of a request on which an answer may depend without being another caller's. */
  private static final List<String> VARYING =
      List.of("Accept", "Accept-Encoding", "Accept-Language");

  private static final Set<String> KNOWN_TO_VARY =
      Set.of("accept", "accept-encoding", "accept-language", "origin", "authorization", "cookie");

  private static final Set<String> OF_THE_EXCHANGE =
      Set.of(
          "content-type",
          "content-length",
          "transfer-encoding",
          "connection",
          "preference-applied",
          "set-cookie",
          "age");

  private final boolean keepAuthorization;
  private final Ticker ticker;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Kept> answers = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /** The number of times that something was forgotten. */
  private final AtomicLong generation = new AtomicLong();

  private final AtomicLong recorded = new AtomicLong();

  private record Kept(HttpHeaders headers, @Nullable String type, String body, long at) {
    long size() {
      long size = body.length() + 512L;
      for (int i = 0; i < headers.size(); i++) {
        size += headers.name(i).length() + headers.value(i).length() + 128L;
      }
      return size;
    }
  }

  LastAnswers(boolean keepAuthorization, Ticker ticker) {
    this.keepAuthorization = keepAuthorization;
    this.ticker = ticker;
  }

  private String key(LinkCall call) {
    HttpHeaders headers = call.head().headers();
    StringBuilder key = new StringBuilder(call.head().target()); // with the link's own prefix
    key.append('\n').append(call.route().target());
    ADDRESS.forEach(name -> key.append('\n').append(headers.all(name)));
    VARYING.forEach(name -> key.append('\n').append(headers.all(name)));
    key.append(InstanceCredentials.of(headers, keepAuthorization));
    return prefix(call.deployment().name())
        + java.util.HexFormat.of().formatHex(AccessRules.hash(key.toString()));
  }

  private static String prefix(String deployment) {
    return deployment + '\n';
  }

  /** Forgets the answers of a deployment, and those that are on their way. */
  void forget(String deployment) {
    String prefix = prefix(deployment);
    lock.lock();
    try {
      generation.incrementAndGet();
      Iterator<Map.Entry<String, Kept>> all = answers.entrySet().iterator();
      while (all.hasNext()) {
        Map.Entry<String, Kept> entry = all.next();
        if (entry.getKey().startsWith(prefix)) {
          bytes -= entry.getValue().size();
          all.remove();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns the answer to give, or null if there is none that is young enough. */
  @Nullable LinkResponse find(LinkCall call, WakeRule.LastAnswer rule) {
    String key = key(call);
    Kept kept;
    lock.lock();
    try {
      kept = answers.get(key);
    } finally {
      lock.unlock();
    }
    if (kept == null) {
      return null;
    }
    long age = ticker.read() - kept.at;
    if (age > rule.maxAge().toNanos()) {
      return null;
    }
    HttpHeaders headers = new HttpHeaders();
    for (int i = 0; i < kept.headers.size(); i++) {
      headers.add(kept.headers.name(i), kept.headers.value(i));
    }
    headers.set("Age", Long.toString(TimeUnit.NANOSECONDS.toSeconds(age)));
    headers.set("AutoDeploy-Status", call.deployment().status().state().name());
    return LinkResponse.bytes(200, headers, kept.type, kept.body);
  }

  /** Returns how many bytes are kept. */
  long kept() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many bytes of answers are being recorded. */
  long recorded() {
    return recorded.get();
  }

  /** Returns what keeps the answer to a request. */
  Recording recording(LinkCall call, WakeRule.LastAnswer rule) {
    return new Recording(key(call), rule.maxBytes());
  }

  private void keep(String key, Kept kept, long begun) {
    lock.lock();
    try {
      if (begun != generation.get()) {
        return; // of a deployment that is another one by now, perhaps
      }
      Kept before = answers.put(key, kept);
      bytes += kept.size() - (before == null ? 0 : before.size());
      Iterator<Kept> eldest = answers.values().iterator();
      while ((bytes > MAX_BYTES || answers.size() > MAX_NUMBER) && eldest.hasNext()) {
        bytes -= eldest.next().size();
        eldest.remove();
      }
    } finally {
      lock.unlock();
    }
  }

  /** An answer that may be kept when it is complete. Used by one thread at a time. */
  final class Recording implements Relay.Copy {
    private final String key;
    private final int maxBytes;
    private final long begun = generation.get();
    private @Nullable ByteArrayOutputStream body;
    private @Nullable HttpHeaders headers;

    Recording(String key, int maxBytes) {
      this.key = key;
      this.maxBytes = maxBytes;
    }

    /**
     * Begins.
     *
     * @param status the status code
     * @param received the instance's fields
     * @param passed those that go to the client
     * @return itself if the answer can be kept, else null
     */
    Relay.@Nullable Copy begin(int status, HttpHeaders received, HttpHeaders passed) {
      close();
      if (status != 200 || !mayBeKept(received)) {
        return null;
      }
      headers = passed;
      body = new ByteArrayOutputStream();
      return this;
    }

    private static boolean mayBeKept(HttpHeaders received) {
      List<String> cache = received.tokens("Cache-Control");
      return received.first("Set-Cookie") == null
          && !cache.contains("no-store")
          && !cache.contains("private")
          && KNOWN_TO_VARY.containsAll(received.tokens("Vary"));
    }

    /** Returns whether the link says a field anew for each exchange. */
    private static boolean ofTheExchange(String name) {
      return OF_THE_EXCHANGE.contains(name)
          || name.startsWith("access-control-")
          || name.startsWith("autodeploy-")
          || name.startsWith("deploy-route-");
    }

    @Override
    public void add(byte[] buffer, int offset, int length) {
      ByteArrayOutputStream copy = body;
      if (copy == null) {
        return;
      }
      if (copy.size() + length <= maxBytes && recorded.get() + length <= MAX_RECORDED) {
        recorded.addAndGet(length);
        copy.write(buffer, offset, length);
      } else {
        close();
      }
    }

    /** Forgets what was recorded; the last call. */
    void close() {
      ByteArrayOutputStream copy = body;
      body = null;
      if (copy != null) {
        recorded.addAndGet(-copy.size());
      }
    }

    /** The answer is complete. */
    void complete() {
      ByteArrayOutputStream copy = body;
      HttpHeaders passed = headers;
      if (copy == null || passed == null) {
        return;
      }
      HttpHeaders kept = new HttpHeaders();
      for (int i = 0; i < passed.size(); i++) {
        String name = passed.name(i).toLowerCase(Locale.ROOT);
        if (!ofTheExchange(name)) {
          kept.add(passed.name(i), passed.value(i));
        }
      }
      if ("*".equals(passed.first("Access-Control-Allow-Origin"))) {
        kept.add("Access-Control-Allow-Origin", "*");
      }
      String text = copy.toString(ISO_8859_1);
      keep(key, new Kept(kept, passed.first("Content-Type"), text, ticker.read()), begun);
    }
  }
}
