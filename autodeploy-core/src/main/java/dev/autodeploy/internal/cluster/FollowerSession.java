package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.Lease;
import dev.autodeploy.RouteRule;
import dev.autodeploy.internal.engine.Engine;
import dev.autodeploy.internal.wire.Mailbox;
import dev.autodeploy.internal.wire.WireErrors;
import dev.autodeploy.internal.wire.WireJson;
import dev.autodeploy.spi.InstanceExit;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A follower as the leader sees it: the leases that are counted for it, what it has asked for, and
 * the messages for it. Once it has ended every lease is closed, and none is granted any longer.
 */
final class FollowerSession {
  /**
   * The bytes of a result that are told at most: a follower reads no longer answer, and in time.
   */
  private static final int MAX_RESULT = 48 * 1024 * 1024;

  /** The length from which a result is told once. */
  private static final int LONG_RESULT = 256 * 1024;

  private final String id;
  private final String replica;
  private final Engine engine;
  private final Executor executor;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition mail = lock.newCondition();

  // Guarded by the lock.
  private final Mailbox mailbox = new Mailbox();
  private final Map<Long, Lease> leases = new HashMap<>();
  private final Map<Long, CompletableFuture<Lease>> asked = new HashMap<>();
  private boolean active;
  private boolean ended;
  private long polls;

  private volatile long heardAt;

  FollowerSession(String id, String replica, Engine engine, Executor executor, long now) {
    this.id = id;
    this.replica = replica;
    this.engine = engine;
    this.executor = executor;
    this.heardAt = now;
  }

  String id() {
    return id;
  }

  String replica() {
    return replica;
  }

  long heardAt() {
    return heardAt;
  }

  void heard(long now) {
    heardAt = now;
  }

  /**
   * Counts the leases that the follower has from before, and begins.
   *
   * @return false if it has begun before
   */
  boolean activate(List<LeaseClaim> claims) {
    lock.lock();
    try {
      if (active || ended) {
        return false;
      }
      active = true;
      for (LeaseClaim claim : claims) {
        Lease lease = engine.takeOver(claim.deployment(), claim.instance(), claim.caller());
        if (lease == null) {
          lost(claim.id(), InstanceExit.unknown("it was gone when the next leader looked"));
        } else {
          leases.put(claim.id(), lease);
          watch(claim.id(), lease);
        }
      }
      for (Deployment deployment : engine.deployments()) {
        tellDeployment(deployment);
      }
      tell(Mailbox.message("listed"));
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Takes messages of the follower, and acknowledges them. */
  ObjectNode receive(JsonNode exchange) {
    ObjectNode answer = WireJson.object();
    lock.lock();
    try {
      for (JsonNode message : mailbox.read(exchange)) {
        handle(message);
      }
      mailbox.acknowledge(answer);
    } finally {
      lock.unlock();
    }
    return answer;
  }

  /** Returns the messages for the follower, and waits for some. */
  ObjectNode poll(JsonNode exchange, Duration wait) throws InterruptedException {
    ObjectNode answer = WireJson.object();
    lock.lock();
    try {
      mailbox.read(exchange);
      long own = ++polls;
      mail.signalAll(); // an earlier poll, of which nobody reads the answer
      long left = wait.toNanos();
      while (!mailbox.hasMail() && !ended && polls == own && left > 0) {
        left = mail.awaitNanos(left);
      }
      if (polls == own) {
        mailbox.write(answer);
      }
    } finally {
      lock.unlock();
    }
    return answer;
  }

  private void handle(JsonNode message) {
    long number = message.path("id").asLong();
    switch (message.path("kind").asText()) {
      case "acquire" -> acquire(number, message);
      case "cancel" -> {
        CompletableFuture<Lease> waiting = asked.remove(number);
        if (waiting != null) {
          executor.execute(() -> waiting.cancel(false));
        }
        close(number);
      }
      case "close" -> close(number);
      case "call" -> call(number, message);
      default -> fail(number, new UnsupportedOperationException("an unknown message"));
    }
  }

  private void acquire(long number, JsonNode message) {
    String name = message.path("deployment").asText();
    Deployment deployment = engine.find(name).orElse(null);
    if (deployment == null) {
      fail(
          number,
          new AutoDeployException(
              ErrorCode.DEPLOYMENT_NOT_FOUND, name, "there is no deployment '" + name + "'"));
      return;
    }
    AcquireRequest request =
        new AcquireRequest(
            WireJson.read(message.path("route"), RouteRule.class),
            Duration.ofNanos(message.path("timeout").asLong()),
            message.path("caller").textValue());
    boolean shareable = deployment.spec().concurrency() == DeploymentSpec.UNLIMITED;
    EngineRequest toEngine = EngineRequest.of(engine, request);
    CompletableFuture<Lease> answer = toEngine.ask(deployment);
    asked.put(number, answer);
    Executor where = answer.isDone() ? Runnable::run : executor;
    answer.whenCompleteAsync(
        (lease, error) -> {
          if (lease != null && toEngine.isLate()) {
            lease.close();
            answered(number, null, toEngine.late(), shareable);
          } else {
            Throwable failure = error == null ? null : toEngine.failure(error);
            answered(number, lease, failure, shareable);
          }
        },
        where);
  }

  private void answered(
      long number, @Nullable Lease lease, @Nullable Throwable error, boolean shareable) {
    boolean unwanted = false;
    lock.lock();
    try {
      asked.remove(number);
      if (lease == null) {
        fail(number, error == null ? new IllegalStateException("no lease") : error);
      } else if (ended) {
        unwanted = true;
      } else {
        leases.put(number, lease);
        tell(
            Mailbox.message("granted")
                .put("id", number)
                .put("instance", lease.instanceId())
                .put("endpoint", lease.endpoint().toString())
                .put("cold", lease.coldStart())
                .put("woken", lease.woken())
                .put("waited", lease.waited().toNanos())
                .put("shareable", shareable));
        watch(number, lease);
      }
    } finally {
      lock.unlock();
    }
    if (unwanted && lease != null) {
      lease.close();
    }
  }

  private void watch(long number, Lease lease) {
    lease.lost().thenAcceptAsync(exit -> within(() -> lost(number, exit)), executor);
  }

  private void lost(long number, InstanceExit exit) {
    ObjectNode message = Mailbox.message("lost").put("id", number);
    message.set("exit", WireJson.write(exit));
    tell(message);
  }

  private void close(long number) {
    Lease lease = leases.remove(number);
    if (lease != null) {
      lease.close();
    }
  }

  private void call(long number, JsonNode message) {
    RemoteCall<?> call = RemoteCalls.find(message.path("call").asText());
    if (call == null) {
      fail(
          number,
          new UnsupportedOperationException(
              "the leader runs another version, which cannot do that: ask it itself"));
      return;
    }
    executor.execute(
        () ->
            call.run(engine, message.path("args"))
                .whenComplete(
                    (value, error) -> {
                      if (error == null) {
                        finish(number, value);
                      } else {
                        within(() -> fail(number, error));
                      }
                    }));
  }

  /** Tells the follower a result, unless that is so long that it would hold up everything else. */
  private void finish(long number, @Nullable Object value) {
    String result;
    try {
      result = WireJson.text(value, MAX_RESULT); // without the lock, as it can take long
    } catch (IllegalArgumentException e) {
      within(() -> fail(number, e));
      return;
    }
    if (result == null) {
      within(() -> fail(number, tooLong("has more than " + (MAX_RESULT >> 20) + " MB")));
      return;
    }
    ObjectNode message = Mailbox.message("result").put("id", number);
    message.putRawValue("value", new RawValue(result));
    within(
        () -> {
          if (result.length() > LONG_RESULT) {
            tell(message, result.length(), error(number, tooLong("did not arrive in time")));
          } else {
            tell(message, result.length());
          }
        });
  }

  private static AutoDeployException tooLong(String what) {
    return new AutoDeployException(
        ErrorCode.NOT_LEADING,
        null,
        "the leader's answer " + what + ": ask for less at once, or ask the leader itself");
  }

  private void fail(long number, Throwable error) {
    tell(error(number, error));
  }

  private static ObjectNode error(long number, Throwable error) {
    ObjectNode message = Mailbox.message("error").put("id", number);
    message.set("error", WireErrors.write(error));
    return message;
  }

  private void tell(JsonNode message) {
    if (!ended) {
      mailbox.add(message);
      mail.signalAll();
    }
  }

  private void tell(JsonNode message, int length) {
    if (!ended) {
      mailbox.add(message, length);
      mail.signalAll();
    }
  }

  private void tell(JsonNode message, int length, JsonNode instead) {
    if (!ended) {
      mailbox.add(message, length, instead);
      mail.signalAll();
    }
  }

  /** Tells the follower of a deployment as it is now. */
  void tellDeployment(String name) {
    within(
        () -> {
          Deployment deployment = engine.find(name).orElse(null);
          if (!active) {
            return; // it is told of all of them
          }
          if (deployment == null) {
            tell(Mailbox.message("removed").put("deployment", name));
          } else {
            tellDeployment(deployment);
          }
        });
  }

  private void tellDeployment(Deployment deployment) {
    ObjectNode message = Mailbox.message("deployment");
    message.set("spec", WireJson.write(deployment.spec()));
    message.set("createdAt", WireJson.write(deployment.createdAt()));
    tell(message, message.toString().length());
  }

  private void within(Runnable task) {
    lock.lock();
    try {
      task.run();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends it: nobody waits for an answer any longer.
   *
   * @param closing takes each lease that is still open
   */
  void end(Consumer<Lease> closing) {
    List<CompletableFuture<Lease>> waiting;
    List<Lease> open;
    lock.lock();
    try {
      ended = true;
      waiting = List.copyOf(asked.values());
      open = List.copyOf(leases.values());
      asked.clear();
      leases.clear();
      mail.signalAll();
    } finally {
      lock.unlock();
    }
    waiting.forEach(it -> it.cancel(false));
    open.forEach(closing);
  }

  boolean isActive() {
    lock.lock();
    try {
      return active && !ended;
    } finally {
      lock.unlock();
    }
  }
}
