package dev.autodeploy.console;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.net.LoopbackHost;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.internal.util.Durations;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts the events of an engine to an address, one after the other and in order. Thread-safe.
 *
 * <p>Each is a POST of a JSON object as the console's API shows it, with the headers {@code
 * X-AutoDeploy-Delivery}, an id that stays the same when it is tried again, and {@code
 * X-AutoDeploy-Signature: t=<seconds>,v1=<hex>}, where the hex digits are the HMAC-SHA256 of {@code
 * <seconds>.<body>} under the secret. A receiver that checks the signature and that the time is
 * near its own knows that the event is real and not an old one sent again.
 *
 * <p>An event that is not answered with 2xx within 10 seconds is tried again with growing pauses; a
 * 4xx other than 408 and 429, and a redirect, which is never followed, is final. Meanwhile events
 * queue up; when the queue is full new ones are dropped and counted. Progress of starts is not
 * sent. Each webhook has a thread and connections of its own: a slow receiver delays no other one.
 */
public final class Webhook implements DeploymentListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Webhook.class);
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

  /** The time for the body of an answer, which is read only to use the connection again. */
  private static final Duration BODY_LIMIT = Duration.ofSeconds(1);

  private final AutoDeploy autoDeploy;
  private final URI address;
  private final byte[] secret;
  private final int attempts;
  private final Duration firstPause;
  private final Duration longestPause;
  private final Duration closeTimeout;
  private final BlockingQueue<String> queue;
  private final HttpClient client;
  private final Thread worker;
  private final AtomicLong delivered = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private volatile boolean closing;

  private Webhook(Builder b) {
    autoDeploy = b.autoDeploy;
    address = b.address;
    secret = b.secret.getBytes(StandardCharsets.UTF_8);
    attempts = b.attempts;
    firstPause = b.firstPause;
    longestPause = b.longestPause;
    closeTimeout = b.closeTimeout;
    queue = new LinkedBlockingQueue<>(b.queueSize);
    client =
        HttpClient.newBuilder()
            // In HTTP/2 a receiver could have as many acknowledgements queued here as it likes.
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(ANSWER_LIMIT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    worker = DaemonThreads.named("webhook").newThread(this::work);
  }

  /**
   * Returns a builder for a webhook.
   *
   * @param autoDeploy the engine whose events are posted
   * @param address where to; {@code https}, or {@code http} on this machine
   * @param secret what the signature is made with, shared with the receiver; 16 characters or more
   * @return the builder
   */
  public static Builder builder(AutoDeploy autoDeploy, URI address, String secret) {
    return new Builder(
        requireNonNull(autoDeploy, "autoDeploy"),
        requireNonNull(address, "address"),
        requireNonNull(secret, "secret"));
  }

  @Override
  public void onEvent(DeploymentEvent event) {
    if (closing || event instanceof DeploymentEvent.InstanceProgress) {
      return;
    }
    if (!queue.offer(ConsoleJson.text(EventJson.of(event)))) {
      long count = dropped.incrementAndGet();
      if (Long.bitCount(count) == 1) {
        LOG.warn(
            "The webhook's queue of {} events is full: {} events were dropped so far",
            queue.size(),
            count);
      }
    }
  }

  private void work() {
    try {
      while (!closing || !queue.isEmpty()) {
        String body = queue.poll(100, TimeUnit.MILLISECONDS);
        if (body != null) {
          deliver(body);
        }
      }
    } catch (InterruptedException e) {
      // Closed while it waited: what is left is told by close.
      Thread.currentThread().interrupt();
    }
  }

  private void deliver(String body) throws InterruptedException {
    String id = UUID.randomUUID().toString();
    Duration pause = firstPause;
    for (int attempt = 1; ; attempt++) {
      String failure = post(id, body);
      if (failure.isEmpty()) {
        delivered.incrementAndGet();
        return;
      }
      if (attempt >= attempts || failure.startsWith("refused")) {
        dropped.incrementAndGet();
        LOG.warn("The webhook gave an event up after {} attempts: {}", attempt, failure);
        return;
      }
      LOG.debug("The webhook's attempt {} failed, next in {}: {}", attempt, pause, failure);
      TimeUnit.NANOSECONDS.sleep(pause.toNanos());
      Duration doubled = pause.multipliedBy(2);
      pause = doubled.compareTo(longestPause) < 0 ? doubled : longestPause;
    }
  }

  /** Tries once; returns an empty text if it was taken, else what happened. */
  private String post(String id, String body) throws InterruptedException {
    long time = Instant.now().getEpochSecond();
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .timeout(ANSWER_LIMIT)
            .header("Content-Type", "application/json")
            .header("User-Agent", "AutoDeploy-Webhook")
            .header("X-AutoDeploy-Delivery", id)
            .header("X-AutoDeploy-Signature", "t=" + time + ",v1=" + sign(secret, time, body))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    CompletableFuture<Integer> head = new CompletableFuture<>();
    CompletableFuture<?> whole =
        client.sendAsync(
            request,
            answer -> {
              head.complete(answer.statusCode());
              return new BoundedDiscard();
            });
    whole.whenComplete((answer, error) -> head.completeExceptionally(orGone(error)));
    try {
      int status = head.get(ANSWER_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      awaitBody(whole);
      return verdict(status);
    } catch (ExecutionException e) {
      return PlainText.line(String.valueOf(e.getCause())); // which may quote the receiver
    } catch (TimeoutException e) {
      return "no answer within " + Durations.text(ANSWER_LIMIT);
    } finally {
      whole.cancel(true); // ends the connection of an answer that is not over
    }
  }

  private static Throwable orGone(@Nullable Throwable error) {
    return error == null ? new IOException("the answer had no head") : error;
  }

  private static void awaitBody(CompletableFuture<?> whole) throws InterruptedException {
    try {
      whole.get(BODY_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug(
          "The receiver of a webhook did not finish its answer: {}", PlainText.line(e.toString()));
    }
  }

  private static String verdict(int status) {
    if (status / 100 == 2) {
      return "";
    }
    if (status / 100 == 3) {
      return "refused: it answered " + status + ", and redirects are not followed";
    }
    boolean hopeless = status / 100 == 4 && status != 408 && status != 429;
    return (hopeless ? "refused with " : "answered ") + status;
  }

  static String sign(byte[] secret, long time, String body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      byte[] digest = mac.doFinal((time + "." + body).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every JVM has HmacSHA256", e);
    }
  }

  /**
   * Returns how many events were taken by the receiver.
   *
   * @return the number
   */
  public long delivered() {
    return delivered.get();
  }

  /**
   * Returns how many events were dropped, after all attempts or because the queue was full.
   *
   * @return the number
   */
  public long dropped() {
    return dropped.get();
  }

  /**
   * Stops listening, and waits up to the close timeout for the events that are queued. Idempotent.
   */
  @Override
  public void close() {
    autoDeploy.removeListener(this);
    closing = true;
    try {
      worker.join(closeTimeout.toMillis());
      worker.interrupt();
    } catch (InterruptedException e) {
      worker.interrupt();
      Thread.currentThread().interrupt();
    }
    int left = queue.size();
    if (left > 0) {
      queue.clear();
      dropped.addAndGet(left);
      LOG.warn("The webhook was closed with {} events that were not delivered", left);
    }
  }

  /** Collects the settings of a webhook. Not thread-safe. */
  public static final class Builder {
    private static final int SHORTEST_SECRET = 16;

    private final AutoDeploy autoDeploy;
    private final URI address;
    private final String secret;
    private int attempts = 8;
    private Duration firstPause = Duration.ofSeconds(1);
    private Duration longestPause = Duration.ofMinutes(1);
    private Duration closeTimeout = Duration.ofSeconds(5);
    private int queueSize = 1000;

    private Builder(AutoDeploy autoDeploy, URI address, String secret) {
      if (secret.length() < SHORTEST_SECRET) {
        throw new IllegalArgumentException(
            "the webhook's secret must have "
                + SHORTEST_SECRET
                + " characters or more, but had "
                + secret.length());
      }
      String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
      String host = String.valueOf(address.getHost());
      boolean here = LoopbackHost.isLoopback(host);
      if (!scheme.equals("https") && !(scheme.equals("http") && here)) {
        throw new IllegalArgumentException(
            "a webhook's address must be https, or http on this machine, but was " + address);
      }
      this.autoDeploy = autoDeploy;
      this.address = address;
      this.secret = secret;
    }

    /**
     * Sets how often an event is tried. Default: 8 times.
     *
     * @param value 1 to 100
     * @return this
     */
    public Builder attempts(int value) {
      attempts = Arguments.inRange("attempts", value, 1, 100);
      return this;
    }

    /**
     * Sets the pauses between attempts, which double each time. Default: 1 second to 1 minute.
     *
     * @param first before the second attempt, longer than 0
     * @param longest the longest one, {@code first} or longer
     * @return this
     */
    public Builder backoff(Duration first, Duration longest) {
      firstPause = Arguments.positive("first", first);
      longestPause = Arguments.atLeast("longest", longest, first);
      return this;
    }

    /**
     * Sets how many events may wait. Default: 1000.
     *
     * @param value 1 to 1000000
     * @return this
     */
    public Builder queueSize(int value) {
      queueSize = Arguments.inRange("queueSize", value, 1, 1_000_000);
      return this;
    }

    /**
     * Sets how long {@link Webhook#close()} waits for events that are queued. Default: 5 seconds.
     *
     * @param value 1 millisecond or longer
     * @return this
     */
    public Builder closeTimeout(Duration value) {
      closeTimeout = Arguments.atLeast("closeTimeout", value, Duration.ofMillis(1));
      return this;
    }

    /**
     * Begins to post events.
     *
     * @return the webhook, to be closed
     */
    public Webhook build() {
      Webhook webhook = new Webhook(this);
      webhook.worker.start();
      autoDeploy.addListener(webhook);
      return webhook;
    }
  }
}
