package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.internal.wire.SharedSecret;
import dev.autodeploy.internal.wire.WireJson;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The link of a follower to a leader that is played by the test, on a clock of the test's own. */
final class LeaderLinkTest {
  private static final Duration TERM = Duration.ofSeconds(10);

  private final AtomicLong now = new AtomicLong();
  private final List<String> asked = new ArrayList<>();
  private final List<ReplicaRuntime.Step> loops = new ArrayList<>();

  /** How long this replica is frozen while it waits for an answer, by the kind of its request. */
  private String frozenIn = "";

  private Duration frozen = Duration.ZERO;

  private final LeaderLink link =
      new LeaderLink(
          URI.create("http://leader:1"),
          7,
          "r1",
          TERM,
          new SharedSecret(SharedSecret.random()),
          new Silent(),
          runtime(),
          now::get);

  @Test
  void beginning_isBelieved_whenTheAnswerIsRead() throws Exception {
    frozenIn = "begin";
    frozen = TERM;
    link.start();
    once();

    assertThat(asked).containsExactly("hello", "begin");
    assertThat(link.isOpen()).isTrue();
    once();
    assertThat(asked).containsExactly("hello", "begin", "poll");
  }

  /** The leader may have given this replica up meanwhile, and its leases to others. */
  @Test
  void beginning_thatIsReadLongAfterItWasAskedFor_isNotBelieved() throws Exception {
    frozenIn = "begin";
    frozen = TERM.plusMillis(1);
    link.start();
    once();

    assertThat(link.isOpen()).isFalse();
    link.ready();
    assertThat(link.isReady()).as("leases are asked for there").isFalse();
    frozen = Duration.ZERO;
    once();
    assertThat(asked).as("it begins anew").containsExactly("hello", "begin", "hello", "begin");
    assertThat(link.isOpen()).isTrue();
  }

  @Test
  void word_thatIsReadLongAfterItWasAskedFor_isNotBelieved() throws Exception {
    link.start();
    once();
    now.addAndGet(TERM.toNanos() / 2);
    frozenIn = "poll";
    frozen = TERM.plusMillis(1);
    once();

    assertThat(link.isOpen()).isFalse();
    frozen = Duration.ZERO;
    once();
    assertThat(link.isOpen()).isTrue();
  }

  private void once() {
    assertThat(loops.get(0).once()).isNotNull();
  }

  private byte[] answer(byte[] body) throws Exception {
    JsonNode request = WireJson.parse(body);
    String kind = request.path("kind").asText();
    asked.add(kind);
    if (kind.equals(frozenIn)) {
      now.addAndGet(frozen.toNanos());
    }
    return WireJson.bytes(WireJson.object().put("session", "s" + asked.size()));
  }

  private ReplicaRuntime runtime() {
    ReplicaRuntime.Connection connection =
        new ReplicaRuntime.Connection() {
          @Override
          public byte[] exchange(byte[] body, Duration limit) {
            try {
              return answer(body);
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          }

          @Override
          public void close() {}
        };
    return PartialRuntime.of(
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "connect" -> connection;
              case "loop" -> {
                loops.add((ReplicaRuntime.Step) arguments[0]);
                yield null;
              }
              default -> throw new UnsupportedOperationException(method.getName());
            });
  }

  /** A follower without leases. */
  private static final class Silent implements LeaderLink.Follower {
    @Override
    public List<LeaseClaim> begins(LeaderLink link) {
      return List.of();
    }

    @Override
    public void isOpen(LeaderLink link) {}

    @Override
    public void lost(long lease, JsonNode exit) {}

    @Override
    public void deployment(JsonNode message) {}
  }
}
