package dev.autodeploy.examples.standin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SleepCallsTest {
  private final SleepCalls calls = calls(true);

  private static SleepCalls calls(boolean enabled) {
    return new SleepCalls(
        enabled, Duration.ZERO, new UvicornLog(new PrintStream(new ByteArrayOutputStream())));
  }

  private @Nullable String ask(String method, String path, @Nullable String query, String body) {
    Answer answer = calls.answer(method, path, query, body.getBytes(UTF_8));
    return answer == null ? null : answer.status() + " " + new String(answer.body(), UTF_8);
  }

  @Test
  void withoutTheOption_thereAreNoSuchCalls() {
    assertThat(calls(false).answer("POST", "/sleep", "level=1", new byte[0])).isNull();
  }

  @Test
  void asleep_nothingElseIsAnswered_untilItIsWoken() {
    assertThat(ask("GET", "/is_sleeping", null, "")).isEqualTo("200 {\"is_sleeping\":false}");
    assertThat(ask("POST", "/sleep", "level=1", "")).isEqualTo("200 ");
    assertThat(ask("GET", "/is_sleeping", null, "")).isEqualTo("200 {\"is_sleeping\":true}");
    assertThat(ask("GET", "/v1/models", null, "")).startsWith("503 ");
    assertThat(ask("POST", "/wake_up", null, "")).isEqualTo("200 ");
    assertThat(ask("GET", "/v1/models", null, "")).isNull();
  }

  @Test
  void levelTwo_lacksItsWeightsUntilTheyAreReadAgain() {
    ask("POST", "/sleep", "level=2", "");
    ask("POST", "/wake_up", null, "");
    assertThat(ask("GET", "/is_sleeping", null, "")).isEqualTo("200 {\"is_sleeping\":false}");
    assertThat(ask("GET", "/v1/models", null, "")).startsWith("503 ");
    assertThat(ask("POST", "/collective_rpc", null, "{\"method\":\"other\"}")).startsWith("400 ");
    assertThat(ask("POST", "/collective_rpc", null, "{\"method\":\"reload_weights\"}"))
        .startsWith("200 ");
    assertThat(ask("GET", "/v1/models", null, "")).isNull();
  }

  @Test
  void getOfACallThatChangesSomething_isRefused() {
    assertThat(ask("GET", "/sleep", null, "")).startsWith("405 ");
    assertThat(ask("GET", "/wake_up", null, "")).startsWith("405 ");
  }
}
