package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that could be read in two ways are refused, and the others are not. */
final class RequestGuardTest {

  @Test
  void ordinaryRequests_pass() {
    assertThat(check("GET", "/", "HTTP/1.1", host())).isZero();
    assertThat(check("GET", "/", "HTTP/1.0", new HttpHeaders())).isZero();
    assertThat(check("get!", "/a?b=c%20\u00ff~", "HTTP/1.1", host())).isZero();
    assertThat(check("GET", "/" + "a".repeat(16_383), "HTTP/1.1", host())).isZero();
    assertThat(check("GET", "/", "HTTP/1.1", host().add("X", "a\tb \u00ff"))).isZero();
    assertThat(check("GET", "/", "HTTP/1.1", host().add("Expect", "100-Continue"))).isZero();
    assertThat(check("GET", "/", "HTTP/1.1", new HttpHeaders().add("Host", "[::1]:80"))).isZero();
    assertThat(check("GET", "/", "HTTP/1.1", new HttpHeaders().add("Host", ""))).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, HTTP/2.0, 505",
    "GET, HTTP/2, 0",
    "GET, HTTP/1.2, 505",
    "G T, HTTP/1.1, 400",
    "'', HTTP/1.1, 400",
    "trace, HTTP/1.1, 405",
    "CONNECT, HTTP/1.1, 405",
    "OPTIONS, HTTP/1.1, 0"
  })
  void versionAndMethod_areChecked(String method, String version, int status) {
    assertThat(check(method, "/", version, host())).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*",
        "//a",
        "http://a/",
        "/a b",
        "/a#b",
        "/a\u007f",
        "/\u0100",
        "/\t",
        "/\u0000"
      })
  void targets_thatAreNoPlainPath_areRefused(String target) {
    assertThat(check("GET", target, "HTTP/1.1", host())).isEqualTo(400);
  }

  @Test
  void target_thatIsTooLong_isToldSo() {
    assertThat(check("GET", "/" + "a".repeat(16_384), "HTTP/1.1", host())).isEqualTo(414);
  }

  @Test
  void header_withTooManyFields_isToldSo() {
    HttpHeaders fields = host();
    for (int i = 1; i < 150; i++) {
      fields.add("X-" + i, "v");
    }
    assertThat(check("GET", "/", "HTTP/1.1", fields)).isZero();

    assertThat(check("GET", "/", "HTTP/1.1", fields.add("X-150", "v"))).isEqualTo(431);
  }

  /** Each field counts with ": " and its line end. */
  @Test
  void header_withTooManyBytes_isToldSo() {
    int host = "Host: a.example\r\n".length();
    int rest = 65_536 - host - "X: \r\n".length();
    HttpHeaders fits = host().add("X", "v".repeat(rest));
    assertThat(check("GET", "/", "HTTP/1.1", fits)).isZero();

    HttpHeaders over = host().add("X", "v".repeat(rest + 1));
    assertThat(check("GET", "/", "HTTP/1.1", over)).isEqualTo(431);
    assertThat(RequestGuard.check(head("GET", "/", "HTTP/1.1", over, 0)))
        .extracting(Problem::toString)
        .asString()
        .contains("2 fields", "65537 bytes");
  }

  @Test
  void host_isThereOnceAndIsAHost() {
    assertThat(check("GET", "/", "HTTP/1.1", new HttpHeaders())).isEqualTo(400);
    assertThat(check("GET", "/", "HTTP/1.1", host().add("host", "b"))).isEqualTo(400);
    assertThat(check("GET", "/", "HTTP/1.0", host().add("host", "b"))).isEqualTo(400);
    for (String bad : new String[] {"a b", "a/b", "a@b", "a\"b", "a,b", "\u00e4"}) {
      assertThat(check("GET", "/", "HTTP/1.1", new HttpHeaders().add("Host", bad))).isEqualTo(400);
    }
    assertThat(
            check(
                "GET", "/", "HTTP/1.1", new HttpHeaders().add("Host", "-._~:[]%!$&'()*+;=azAZ09")))
        .isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "5, 5, 0",
    "5, 6, 400",
    "0, 0, 0",
    "+5, 5, 400",
    "-5, -5, 400",
    "'', 0, 400",
    "5a, 5, 400",
    "5/, 5, 400",
    "5:, 5, 400",
    "000000000000000005, 5, 0",
    "0000000000000000005, 5, 400"
  })
  void contentLength_isADecimalNumberThatTheFrontUnderstood(String value, long body, int status) {
    assertThat(status(head("POST", "/", "HTTP/1.1", host().add("Content-Length", value), body)))
        .isEqualTo(status);
  }

  @Test
  void framing_thatIsAmbiguous_isRefused() {
    HttpHeaders twice = host().add("Content-Length", "5").add("Content-Length", "5");
    assertThat(status(head("POST", "/", "HTTP/1.1", twice, 5))).isEqualTo(400);
    HttpHeaders both = host().add("Content-Length", "5").add("Transfer-Encoding", "chunked");
    assertThat(status(head("POST", "/", "HTTP/1.1", both, 5))).isEqualTo(400);
    assertThat(coding("HTTP/1.1", "Chunked")).isZero();
    assertThat(coding("HTTP/1.0", "chunked")).isEqualTo(400);
    assertThat(coding("HTTP/1.1", "gzip")).isEqualTo(501);
    assertThat(coding("HTTP/1.1", "gzip, chunked")).isEqualTo(501);
    HttpHeaders chunkedTwice =
        host().add("Transfer-Encoding", "chunked").add("Transfer-Encoding", "chunked");
    assertThat(status(head("POST", "/", "HTTP/1.1", chunkedTwice, -1))).isEqualTo(501);
  }

  @Test
  void fields_areTokensWithValuesOfBytes() {
    assertThat(check("GET", "/", "HTTP/1.1", host().add("X Y", "1"))).isEqualTo(400);
    assertThat(check("GET", "/", "HTTP/1.1", host().add("", "1"))).isEqualTo(400);
    for (String bad : new String[] {"a\rb", "a\nb", "\u0000", "\u007f", "\u0100", "\u001f"}) {
      assertThat(check("GET", "/", "HTTP/1.1", host().add("X", bad))).isEqualTo(400);
    }
  }

  @Test
  void expectation_thatCannotBeMet_isRefused() {
    assertThat(check("GET", "/", "HTTP/1.1", host().add("Expect", "200-ok"))).isEqualTo(417);
  }

  @Test
  void tokens_areWhatRfc9110Has() {
    assertThat(RequestGuard.isToken("azAZ09!#$%&'*+-.^_`|~")).isTrue();
    for (String bad :
        new String[] {"", "a b", "a:", "a/", "@", "[", "{", "\u00e4", "\"", "(", ","}) {
      assertThat(RequestGuard.isToken(bad)).as(bad).isFalse();
    }
    assertThat(RequestGuard.isValue("")).isTrue();
    assertThat(RequestGuard.isValue(" ~\t\u0080\u00ff")).isTrue();
  }

  @Test
  void refusal_endsTheConnection() {
    for (Problem problem :
        new Problem[] {
          RequestGuard.check(head("GET", "/", "HTTP/2.0", host(), 0)),
          RequestGuard.check(head("TRACE", "/", "HTTP/1.1", host(), 0)),
          RequestGuard.check(head("GET", "//", "HTTP/1.1", host(), 0)),
          RequestGuard.check(head("GET", "/", "HTTP/1.1", host().add("Expect", "x"), 0))
        }) {
      assertThat(problem.close()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Connection, keep-alive, 400",
    "keep-alive, x, 400",
    "Upgrade, h2c, 400",
    "Transfer-Encoding, chunked, 400",
    "te, gzip, 400",
    "te, trailers, 0"
  })
  void http2_hasNoFieldsOfTheConnection(String name, String value, int status) {
    assertThat(check("GET", "/", "HTTP/2", host().add(name, value))).isEqualTo(status);
  }

  @Test
  void head_knowsItsPathAndWhetherItMayBeRepeated() {
    assertThat(head("GET", "/a?b?c", "HTTP/1.1", host(), 0).path()).isEqualTo("/a");
    assertThat(head("GET", "/a", "HTTP/1.1", host(), 0).path()).isEqualTo("/a");
    assertThat(head("GET", "?b", "HTTP/1.1", host(), 0).path()).isEmpty();
    for (String method : new String[] {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
      assertThat(head(method, "/", "HTTP/1.1", host(), 0).idempotent()).isTrue();
    }
    for (String method : new String[] {"POST", "PATCH", "get"}) {
      assertThat(head(method, "/", "HTTP/1.1", host(), 0).idempotent()).isFalse();
    }
  }

  @Test
  void problemsOfParsers_sayWhatIsWrong() {
    assertThat(RequestGuard.malformed().status()).isEqualTo(400);
    assertThat(RequestGuard.targetTooLong().status()).isEqualTo(414);
    assertThat(RequestGuard.headerTooLarge().status()).isEqualTo(431);
    assertThat(RequestGuard.noRoomForHeader().status()).isEqualTo(431);
  }

  @ParameterizedTest
  @CsvSource({"websocket, 0", "web socket, 400", "web/1, 400"})
  void protocolOfAStream_isAToken(String protocol, int status) {
    RequestHead plain = head("GET", "/", "HTTP/2", host(), 0);
    RequestHead asking =
        new RequestHead(
            "GET",
            "/",
            "HTTP/2",
            host(),
            0,
            plain.remote(),
            plain.local(),
            false,
            "",
            HostCredentials.NONE,
            protocol);
    assertThat(status(asking)).isEqualTo(status);
  }

  private static int coding(String version, String value) {
    return status(head("POST", "/", version, host().add("Transfer-Encoding", value), -1));
  }

  private static HttpHeaders host() {
    return new HttpHeaders().add("Host", "a.example");
  }

  private static int check(String method, String target, String version, HttpHeaders fields) {
    return status(head(method, target, version, fields, 0));
  }

  /** Returns the status of the refusal, 0 if there is none. */
  private static int status(RequestHead head) {
    Problem problem = RequestGuard.check(head);
    return problem == null ? 0 : problem.status();
  }

  private static RequestHead head(
      String method, String target, String version, HttpHeaders fields, long bodyLength) {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    return new RequestHead(method, target, version, fields, bodyLength, address, address, false);
  }
}
