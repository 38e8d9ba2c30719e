package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.TokenCarrier;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SignInCookieTest {
  private static final byte[] HASH = AccessRules.hash("0123456789abcdef");

  private Instant now = Instant.EPOCH;
  private URI publicUrl;
  private boolean trusts;

  private SignInCookies signIn(byte[] hash) {
    AccessRules access =
        new AccessRules(Map.of("app", List.of(hash)), null, EnumSet.allOf(TokenCarrier.class));
    return new SignInCookies(
        access, new CorsRules(Map.of()), new LinkAddresses(trusts, publicUrl), () -> now);
  }

  private static LinkCall call(HttpHeaders headers) {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 8000);
    RequestHead head =
        new RequestHead(
            "GET",
            "/d/app/x",
            "HTTP/1.1",
            headers.add("Host", "a:8000"),
            0,
            address,
            address,
            false);
    LinkCall call = new LinkCall(head, null, false);
    call.route(new Route("app", "/d/app", "/x"));
    return call;
  }

  private static LinkCall with(String cookie) {
    return call(new HttpHeaders().add("Cookie", cookie.substring(0, cookie.indexOf(';'))));
  }

  @Test
  void cookie_isGoodForTwelveHours_alsoAfterARestart_untilTheTokenChanges() {
    String cookie = signIn(HASH).cookie(call(new HttpHeaders()), HASH);

    now = Instant.EPOCH.plus(SignInCookies.VALID).minusSeconds(1);
    assertThat(signIn(HASH).signedIn(with(cookie))).isEqualTo(HASH);
    assertThat(signIn(AccessRules.hash("another-token-then")).signedIn(with(cookie))).isNull();
    now = now.plusSeconds(1);
    assertThat(signIn(HASH).signedIn(with(cookie))).isNull();
  }

  @Test
  void cookie_isSecureWhereTheLinkIs_andOfThePathThatItsClientSees() {
    publicUrl = URI.create("https://a:8000/gpu");
    String cookie = signIn(HASH).cookie(call(new HttpHeaders()), HASH);
    assertThat(cookie).contains("; Path=/gpu/d/app;").endsWith("; Secure");

    trusts = true;
    publicUrl = null;
    HttpHeaders said =
        new HttpHeaders()
            .add("X-Forwarded-Proto", "https")
            .add("X-Forwarded-Prefix", "/x;Domain=evil");
    assertThat(signIn(HASH).cookie(call(said), HASH)).contains("; Path=/;").endsWith("; Secure");
  }

  @ParameterizedTest
  @CsvSource({
    "http://a:8000, true",
    "HTTP://A:8000, true",
    "http://a:8001, false",
    "http://a, false",
    "http://b:8000, false",
    "https://a:8000, true", // a proxy in front ends TLS
    "null, false",
    "http://a:8000@b, false",
    "'::', false",
  })
  void origin_isTheLinksOwn(String origin, boolean own) {
    LinkCall call = call(new HttpHeaders().add("Origin", origin));
    assertThat(signIn(HASH).isOfThisLink(call)).isEqualTo(own);
  }
}
