package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.document.ProblemType;
import dev.autodeploy.proxy.TokenCarrier;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SmallPartsTest {

  @ParameterizedTest
  @CsvSource({
    "START_FAILED, true",
    "INTERNAL_ERROR, true",
    "REPLICA_QUOTA_EXCEEDED, true",
    "ANSWER_TIMEOUT, true",
    "ACQUIRE_TIMEOUT, false",
    "QUEUE_FULL, false",
    "SHUTTING_DOWN, false",
    "INSTANCE_BROKE_EXCHANGE, false",
    "DEPLOYMENT_NOT_FOUND, false",
  })
  void problem_tellsClientsNotToTryAgainInVain(ProblemType type, boolean pointless) {
    assertThat(Problem.of(type, "it failed").retryIsPointless()).isEqualTo(pointless);
  }

  @ParameterizedTest
  @CsvSource({
    "NOT_ALLOWED, authentication_error",
    "CROSS_SITE_REQUEST, permission_error",
    "DEPLOYMENT_NOT_FOUND, not_found_error",
    "RATE_LIMITED, rate_limit_error",
    "BAD_REQUEST, invalid_request_error",
    "START_FAILED, server_error",
  })
  void problem_hasTheErrorThatClientsLookFor(ProblemType type, String said) {
    assertThat(Problem.of(type, "it failed").json())
        .contains("\"error\":{\"message\":\"it failed\",\"type\":\"" + said + "\"");
  }

  @Test
  void requestHead_isShownWithoutItsQuery_asOneLineOfPlainText() {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    RequestHead head =
        new RequestHead(
            "GE\u001B[1mT",
            "/d/a\r\nINFO forged\u202E?token=secret",
            "HTTP/1.1",
            new HttpHeaders(),
            0,
            address,
            address,
            false);

    assertThat(head.shown()).isEqualTo("GET /d/a INFO forged\uFFFD");
  }

  @Test
  void tokensThatOpenNothing_areHashedOnce_andNotLookedForInEachDeployment() {
    String good = "good-0123456789abcdef";
    AccessRules rules =
        new AccessRules(
            Map.of("voice", List.of(AccessRules.hash(good))), null, Set.of(TokenCarrier.values()));
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    HttpHeaders fields =
        new HttpHeaders().add("x-api-key", "x".repeat(60_000)).add("api-key", good);
    RequestHead head =
        new RequestHead("GET", "/-/status", "HTTP/1.1", fields, 0, address, address, false);

    assertThat(rules.presented(head)).containsExactly(good);
  }

  @Test
  void requestHead_splitsItsTargetAtTheFirstQuestionMark() {
    assertThat(head("/a/b?c=d?e").path()).isEqualTo("/a/b");
    assertThat(head("/a/b?c=d?e").query()).isEqualTo("c=d?e");
    assertThat(head("?c").path()).isEmpty();
    assertThat(head("?c").query()).isEqualTo("c");
    assertThat(head("/a").path()).isEqualTo("/a");
    assertThat(head("/a").query()).isEmpty();
  }

  private static RequestHead head(String target) {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    return new RequestHead(
        "GET", target, "HTTP/1.1", new HttpHeaders(), 0, address, address, false);
  }

  @Test
  void rateLimit_fillsUpEvenly() {
    AtomicLong now = new AtomicLong(5);
    RateLimit limit = new RateLimit(10, Duration.ofSeconds(1), now::get);
    for (int i = 0; i < 10; i++) {
      assertThat(limit.take("ann")).isZero();
    }
    assertThat(limit.take("ann")).isEqualTo(Duration.ofMillis(100));
    assertThat(limit.take("bob")).isZero();
    now.addAndGet(Duration.ofMillis(99).toNanos());
    assertThat(limit.take("ann")).isEqualTo(Duration.ofMillis(1));
    now.addAndGet(Duration.ofMillis(1).toNanos());
    assertThat(limit.take("ann")).isZero();
    assertThat(limit.take("ann")).isEqualTo(Duration.ofMillis(100));
    now.addAndGet(Duration.ofHours(1).toNanos());
    for (int i = 0; i < 10; i++) {
      assertThat(limit.take("ann")).isZero();
    }
    assertThat(limit.take("ann")).isPositive();
  }

  @Test
  void json_isEscaped() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("a\"b", "c\\d\n\u0001</script>\u2028");
    map.put("list", Arrays.asList(1, true, null, "x"));
    map.put("empty", Map.of());
    assertThat(JsonText.write(map))
        .isEqualTo(
            "{\"a\\\"b\":\"c\\\\d\\n\\u0001\\u003c/script>\\u2028\","
                + "\"list\":[1,true,null,\"x\"],\"empty\":{}}");
  }

  @Test
  void waitPreference_isReadAsRfc7240HasIt() {
    Duration max = Duration.ofMinutes(10);
    assertThat(wait("wait=5", max)).isEqualTo(Duration.ofSeconds(5));
    assertThat(wait("respond-async, wait = 5", max)).isEqualTo(Duration.ofSeconds(5));
    assertThat(wait("Wait=\"5\"; x=y", max)).isEqualTo(Duration.ofSeconds(5));
    assertThat(wait("wait=99999", max)).isEqualTo(max);
    for (String nonsense : List.of("", "wait", "wait=", "wait=-1", "wait=x", "waiting=5")) {
      assertThat(wait(nonsense, max)).as(nonsense).isEqualTo(max);
    }
  }

  private static Duration wait(String value, Duration max) {
    return WaitPreference.of(new HttpHeaders().add("Prefer", value), max).time();
  }

  @Test
  void connections_areFoundInTheKernelsTables(@TempDir Path directory) throws Exception {
    Path table = directory.resolve("tcp6");
    String head = "  sl  local_address remote_address st\n";
    String row = "  0: 0000000000000000FFFF00000100007F:1F40 %s:%s %s 0000001F:00000000 0 0\n";
    Files.writeString(
        table,
        head
            + String.format(row, "0000000000000000FFFF00000100007F", "C001", "01")
            + String.format(row, "0000000000000000FFFF00000100007F", "C002", "08")
            + String.format(row, "B80D0120000000000000000001000000", "C003", "01"));
    Map<ClientPresence.Connection, ClientPresence.Row> found = new LinkedHashMap<>();
    ClientPresence.read(table, Set.of(8000), found::put);

    assertThat(found)
        .containsExactly(
            Map.entry(connection("127.0.0.1", 0xC001), new ClientPresence.Row(true, 31)),
            Map.entry(connection("127.0.0.1", 0xC002), new ClientPresence.Row(false, 31)),
            Map.entry(connection("2001:db8::1", 0xC003), new ClientPresence.Row(true, 31)));
    found.clear();
    ClientPresence.read(table, Set.of(8001), found::put);
    assertThat(found).isEmpty();
  }

  private static ClientPresence.Connection connection(String address, int port) {
    return new ClientPresence.Connection(new InetSocketAddress(address, port), 8000);
  }

  @Test
  void waitingPage_hasABarThatFills_onceItIsKnownHowLongAStartTakes() {
    Duration soFar = Duration.ofSeconds(12);
    assertThat(WaitingPage.bar(started(soFar, Duration.ofSeconds(38))))
        .isEqualTo("<progress max=\"38000\" value=\"12000\"></progress>");
    assertThat(WaitingPage.bar(started(soFar, Duration.ofSeconds(11))))
        .isEqualTo("<progress></progress>");
    assertThat(WaitingPage.bar(started(soFar, null))).isEqualTo("<progress></progress>");
    assertThat(WaitingPage.bar(started(null, Duration.ofSeconds(38))))
        .isEqualTo("<progress></progress>");
  }

  @Test
  void waitingPage_saysWhenToComeBack_byTheEstimate() {
    Duration soFar = Duration.ofSeconds(12);
    assertThat(WaitingPage.retryAfter(started(soFar, Duration.ofSeconds(38)))).isEqualTo(26);
    assertThat(WaitingPage.retryAfter(started(soFar, soFar))).isEqualTo(1);
    assertThat(WaitingPage.retryAfter(started(soFar, null))).isEqualTo(2);
  }

  private static StartEstimates.Wait started(@Nullable Duration soFar, @Nullable Duration total) {
    return new StartEstimates.Wait("starting", soFar, total, 0, "starting");
  }
}
