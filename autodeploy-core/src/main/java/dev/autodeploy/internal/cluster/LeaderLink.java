package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.internal.wire.Mailbox;
import dev.autodeploy.internal.wire.SharedSecret;
import dev.autodeploy.internal.wire.WireConnection;
import dev.autodeploy.internal.wire.WireErrors;
import dev.autodeploy.internal.wire.WireJson;
import dev.autodeploy.internal.wire.WireRefusedException;
import dev.autodeploy.spi.Ticker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The link of a follower to the leader of one epoch. One connection waits for what the leader has
 * to say, another one carries what the follower asks. A connection that breaks is made again, and
 * nothing is lost with it; a session that the leader no longer knows is begun again, with the open
 * leases, and whatever was asked in the one before fails with {@link Broken}.
 */
final class LeaderLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderLink.class);
  private static final Duration PAUSE = Duration.ofMillis(50);

  /** The time by which the leader may be late with an answer that it owes. */
  private static final Duration LATE = Duration.ofSeconds(1);

  /** The use that a replica makes of its link. Called by the link's own threads. */
  interface Follower {
    /** Returns the open leases, as this link is the one from now on that is told of changes. */
    List<LeaseClaim> begins(LeaderLink link);

    /** The leader knows the leases, and has told of its deployments. */
    void isOpen(LeaderLink link);

    /** The instance of a lease is lost. */
    void lost(long lease, JsonNode exit);

    /** A deployment is there, was changed or removed, or all of them have been told. */
    void deployment(JsonNode message);
  }

  /** The leader that was asked is gone, or no longer knows this replica. */
  static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Broken() {
      super("the leader that was asked is gone");
    }
  }

  /** A lease that is asked for. */
  interface Grant {
    /** Returns when nobody waits for it any longer. */
    long deadline();

    void granted(JsonNode message);

    void refused(RuntimeException error);
  }

  /** The conversation of the leader with this replica, as long as the leader knows it. */
  private final class Session implements AutoCloseable {
    final String id;
    final Mailbox mailbox = new Mailbox(); // guarded by the lock
    final ReplicaRuntime.Connection connection = runtime.connect(address, secret);
    boolean sends = true; // guarded by the lock; until it has begun nothing is sent

    Session(String id) {
      this.id = id;
    }

    @Override
    public void close() {
      connection.close();
    }
  }

  private final URI address;
  private final long epoch;
  private final String replica;
  private final Duration term;
  private final Follower follower;
  private final ReplicaRuntime runtime;
  private final SharedSecret secret;
  private final Ticker ticker;
  private final ReplicaRuntime.Connection polling;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Long, Grant> asked = new ConcurrentHashMap<>();
  private final Map<Long, CompletableFuture<JsonNode>> calls = new ConcurrentHashMap<>();

  private volatile @Nullable Session session;
  private volatile long heardAt;
  private volatile boolean ready;
  private volatile boolean refusalTold;
  private volatile boolean closed;

  LeaderLink(
      URI address,
      long epoch,
      String replica,
      Duration term,
      SharedSecret secret,
      Follower follower,
      ReplicaRuntime runtime,
      Ticker ticker) {
    this.address = address;
    this.epoch = epoch;
    this.replica = replica;
    this.term = term;
    this.follower = follower;
    this.runtime = runtime;
    this.secret = secret;
    this.ticker = ticker;
    this.heardAt = ticker.read();
    this.polling = runtime.connect(address, secret);
  }

  /** Begins to follow. */
  void start() {
    runtime.loop(this::follow);
  }

  long epoch() {
    return epoch;
  }

  /** Returns whether the leader knows this replica, and was heard of not long ago. */
  boolean isOpen() {
    return session != null && !closed && ticker.read() - heardAt < term.toNanos();
  }

  /** The leader has been told of what is declared here: it can be asked for leases. */
  void ready() {
    ready = true;
  }

  /** Returns whether the leader can be asked for leases. */
  boolean isReady() {
    return ready && isOpen();
  }

  // What the leader is asked.

  /**
   * Asks for a lease.
   *
   * @param number the lease's number, which is new
   */
  void acquire(long number, ObjectNode message, Grant grant) {
    asked.put(number, grant);
    if (!send(message.put("kind", "acquire").put("id", number))) {
      fail(number);
    }
  }

  private void fail(long number) {
    Grant grant = asked.remove(number);
    if (grant != null) {
      grant.refused(new Broken());
    }
  }

  /** A lease is no longer asked for. */
  void cancel(long number) {
    if (asked.remove(number) != null) {
      send(Mailbox.message("cancel").put("id", number));
    }
  }

  /** A lease is closed, of which the leader may know. */
  void closed(long number) {
    send(Mailbox.message("close").put("id", number));
  }

  /**
   * Asks the leader to carry out an operation.
   *
   * @param number a new number
   */
  CompletableFuture<JsonNode> call(long number, String name, ObjectNode args) {
    CompletableFuture<JsonNode> result = new CompletableFuture<>();
    calls.put(number, result);
    ObjectNode message = Mailbox.message("call").put("id", number).put("call", name);
    message.set("args", args);
    if (!send(message)) {
      calls.remove(number);
      result.completeExceptionally(new Broken());
    }
    return result;
  }

  /** Sends a message, with others that are waiting; false if there is no session. */
  private boolean send(JsonNode message) {
    lock.lock();
    try {
      Session current = session;
      if (current == null || closed) {
        return false;
      }
      current.mailbox.add(message);
      if (!current.sends) {
        current.sends = true;
        sendAll(current);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void sendAll(Session current) {
    runtime.loop(() -> sendWaiting(current));
  }

  private @Nullable Duration sendWaiting(Session current) {
    ObjectNode request = request("send").put("session", current.id);
    lock.lock();
    try {
      if (session != current || !current.mailbox.hasMail()) {
        current.sends = false;
        return null;
      }
      current.mailbox.write(request);
    } finally {
      lock.unlock();
    }
    try {
      JsonNode answer = exchange(current.connection, request);
      if (!answer.has("refused")) {
        read(current, answer);
        return Duration.ZERO;
      } // else the other connection finds out what that means
    } catch (IOException | UncheckedIOException e) {
      LOG.debug("The leader at {} was not reached: {}", address, e.getMessage());
    }
    return PAUSE;
  }

  // What the leader says.

  private @Nullable Duration follow() {
    if (closed) {
      return null;
    }
    Session current = session;
    try {
      return (current == null ? begin() : poll(current)) ? Duration.ZERO : PAUSE;
    } catch (WireRefusedException e) {
      if (!refusalTold) { // and not twenty times a second: it stays so while that one leads
        LOG.warn("The leader at {} cannot be followed: {}", address, e.getMessage());
        refusalTold = true;
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.debug("The leader at {} was not reached: {}", address, e.getMessage());
    } catch (RuntimeException e) {
      LOG.warn("The leader at {} is not understood: {}", address, Errors.describe(e));
    }
    return PAUSE;
  }

  /** Begins a session; returns whether the leader took it. */
  private boolean begin() throws IOException {
    JsonNode hello = exchange(polling, request("hello").put("replica", replica));
    if (hello.has("refused")) {
      return false;
    }
    Session next = new Session(hello.path("session").asText());
    session = next; // what is closed from now on is told after the beginning
    ObjectNode request = request("begin").put("session", next.id);
    ArrayNode leases = request.putArray("leases");
    follower.begins(this).forEach(claim -> leases.add(claim.write()));
    boolean begun = false;
    long asked = ticker.read();
    try {
      boolean refused = exchange(polling, request).has("refused");
      begun =
          !refused && ticker.read() - asked <= term.toNanos(); // else it is not believed, as below
    } finally {
      if (!begun) {
        breaks();
      }
    }
    if (begun) {
      heardAt = ticker.read();
      sendAll(next);
    }
    return begun;
  }

  /** Hears what the leader has to say; returns whether it knows the session. */
  private boolean poll(Session current) throws IOException {
    ObjectNode request = request("poll").put("session", current.id);
    lock.lock();
    try {
      current.mailbox.acknowledge(request);
    } finally {
      lock.unlock();
    }
    long asked = ticker.read();
    JsonNode answer = exchange(polling, request);
    if (ticker.read() - asked
        > term.toNanos()) { // frozen meanwhile: the leases may be closed by now
      throw new IOException("the answer is too old to be believed");
    }
    if (answer.has("refused")) {
      LOG.debug("The leader at {} answers: {}", address, answer.path("refused").asText());
      breaks();
      return false;
    }
    heardAt = ticker.read();
    read(current, answer).forEach(this::handle);
    return true;
  }

  private List<JsonNode> read(Session current, JsonNode answer) {
    lock.lock();
    try {
      return current.mailbox.read(answer);
    } finally {
      lock.unlock();
    }
  }

  private void handle(JsonNode message) {
    long number = message.path("id").asLong();
    switch (message.path("kind").asText()) {
      case "granted" -> granted(number, message);
      case "error" -> refused(number, WireErrors.read(message.path("error")));
      case "result" -> {
        CompletableFuture<JsonNode> call = calls.remove(number);
        if (call != null) {
          call.completeAsync(() -> message.path("value"), runtime::run);
        }
      }
      case "lost" -> follower.lost(number, message.path("exit"));
      case "deployment", "removed" -> follower.deployment(message);
      case "listed" -> {
        follower.deployment(message);
        follower.isOpen(this);
      }
      default -> LOG.debug("The leader says something of a later version");
    }
  }

  private void granted(long number, JsonNode message) {
    Grant grant = asked.remove(number);
    if (grant == null) {
      closed(number); // nobody wants it any longer
    } else {
      grant.granted(message);
    }
  }

  private void refused(long number, RuntimeException error) {
    Grant grant = asked.remove(number);
    CompletableFuture<JsonNode> call = calls.remove(number);
    if (grant != null) {
      grant.refused(error);
    }
    if (call != null) {
      runtime.run(() -> call.completeExceptionally(error));
    }
  }

  /** The session is over: what was asked in it is asked again, or fails. */
  private void breaks() {
    Session over;
    lock.lock();
    try {
      over = session;
      session = null;
    } finally {
      lock.unlock();
    }
    if (over != null) {
      over.close();
    }
    List.copyOf(asked.keySet()).forEach(this::fail);
    failCalls();
  }

  private void failCalls() {
    for (Long number : List.copyOf(calls.keySet())) {
      CompletableFuture<JsonNode> call = calls.remove(number);
      if (call != null) {
        runtime.run(() -> call.completeExceptionally(new Broken()));
      }
    }
  }

  /**
   * Looks at what waits for a leader that is silent. The session goes on: a lease that is granted
   * late is given back.
   */
  void look() {
    long now = ticker.read();
    boolean silent = !isOpen();
    for (Map.Entry<Long, Grant> waiting : asked.entrySet()) {
      if (silent || now - waiting.getValue().deadline() > LATE.toNanos()) {
        cancel(waiting.getKey());
        waiting.getValue().refused(new Broken());
      }
    }
    if (silent) {
      failCalls();
    }
  }

  private ObjectNode request(String kind) {
    return WireJson.object()
        .put("version", WireConnection.VERSION)
        .put("epoch", epoch)
        .put("kind", kind);
  }

  private JsonNode exchange(ReplicaRuntime.Connection connection, ObjectNode request)
      throws IOException {
    return WireJson.parse(connection.exchange(WireJson.bytes(request), term));
  }

  /** Takes leave of the leader, which need not wait for this replica any longer. */
  void bye() {
    Session current = session;
    if (current != null && isOpen()) {
      try (ReplicaRuntime.Connection last = runtime.connect(address, secret)) {
        exchange(last, request("bye").put("session", current.id));
      } catch (IOException | UncheckedIOException e) {
        LOG.debug("The leader at {} was not told: {}", address, e.getMessage());
      }
    }
  }

  /** Ends it; what was asked fails with {@link Broken}. */
  @Override
  public void close() {
    closed = true;
    polling.close();
    breaks();
  }
}
