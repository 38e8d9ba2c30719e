package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpgradeTest {
  /** The key and its answer of RFC 6455, 1.3. */
  private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

  private static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

  private static RequestHead head(
      String version, long length, HttpHeaders fields, @Nullable String protocol) {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    return new RequestHead(
        "GET",
        "/",
        version,
        fields,
        length,
        address,
        address,
        false,
        "",
        HostCredentials.NONE,
        protocol);
  }

  private static HttpHeaders asking() {
    return new HttpHeaders().add("Connection", "Upgrade").add("Upgrade", "websocket");
  }

  private static boolean isClear(
      @Nullable String protocol, HttpHeaders asked, int status, HttpHeaders received) {
    return Upgrade.isClear(head("HTTP/2", 0, asked, protocol), status, received);
  }

  @Test
  void protocolOfAStream_isAskedFor_withoutAnyField() {
    assertThat(Upgrade.asked(head("HTTP/2", 0, new HttpHeaders(), "websocket")))
        .isEqualTo("websocket");
    assertThat(head("HTTP/2", 0, new HttpHeaders(), "websocket").asksForProtocol()).isTrue();
    assertThat(head("HTTP/1.1", 0, asking(), null).asksForProtocol()).isTrue();
    assertThat(head("HTTP/1.1", 0, new HttpHeaders(), null).asksForProtocol()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"HTTP/1.1, 0, websocket", "HTTP/1.1, 5,", "HTTP/1.1, -1,", "HTTP/1.0, 0,"})
  void requestWithABody_orOfAnOlderVersion_asksForNone(
      String version, long length, @Nullable String protocol) {
    assertThat(Upgrade.asked(head(version, length, asking(), null))).isEqualTo(protocol);
  }

  @Test
  void headWithOtherFields_orAnotherLength_isTheSameElse() {
    RequestHead head = head("HTTP/2", 0, new HttpHeaders(), "websocket");

    assertThat(head.with(asking()).headers().first("Upgrade")).isEqualTo("websocket");
    assertThat(head.with(asking()).protocol()).isEqualTo("websocket");
    assertThat(head.with(7).bodyLength()).isEqualTo(7);
    assertThat(head.with(7).headers()).isSameAs(head.headers());
  }

  @ParameterizedTest
  @CsvSource({"200, false", "204, false", "299, false", "300, true", "404, true", "500, true"})
  void everySuccess_isASwitchToAClientOfHttp2(int status, boolean clear) {
    assertThat(isClear("websocket", new HttpHeaders(), status, new HttpHeaders())).isEqualTo(clear);
    assertThat(isClear(null, new HttpHeaders(), status, new HttpHeaders())).isTrue();
  }

  @Test
  void switch_needsTheAnswerToTheKey_whereThereIsOne() {
    HttpHeaders asked = new HttpHeaders().add("Sec-WebSocket-Key", KEY);

    assertThat(
            isClear("websocket", asked, 101, new HttpHeaders().add("Sec-WebSocket-Accept", ACCEPT)))
        .isTrue();
    assertThat(
            isClear("websocket", asked, 101, new HttpHeaders().add("Sec-WebSocket-Accept", "no")))
        .isFalse();
    assertThat(isClear("websocket", asked, 101, new HttpHeaders())).isFalse();
    assertThat(isClear("other", new HttpHeaders(), 101, new HttpHeaders())).isTrue();
    assertThat(isClear(null, asked, 101, new HttpHeaders())).isTrue();
  }
}
