package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.CorsPolicy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CorsRulesTest {
  private static final String PAGE = "https://app.example.com";

  private final CorsPolicy policy =
      CorsPolicy.builder()
          .origins(PAGE)
          .methods("GET", "PUT")
          .headers("X-One", "X-Two")
          .exposedHeaders("X-Cost")
          .credentials(true)
          .privateNetwork(true)
          .maxAge(Duration.ofMinutes(7))
          .build();
  private final CorsRules rules = new CorsRules(Map.of("voice", policy));

  @Test
  void policy_isThatOfTheLink_orElseThatOfEveryLink() {
    CorsRules both =
        new CorsRules(
            Map.of("voice", policy, AccessRules.EVERY, CorsPolicy.of("https://other.example.com")));

    assertThat(rules.covers("voice")).isTrue();
    assertThat(rules.covers("image")).isFalse();
    assertThat(rules.covers(null)).isFalse();
    assertThat(both.covers("image")).isTrue();
    assertThat(both.covers(null)).isTrue();
    assertThat(both.allows(get("Origin", PAGE), "voice")).isTrue();
    assertThat(both.allows(get("Origin", PAGE), "image")).isFalse();
    assertThat(both.allows(get("Origin", "https://other.example.com"), "image")).isTrue();
  }

  @Test
  void allows_byTheOriginOrThePageThatEmbeds() {
    assertThat(rules.allows(get("Origin", PAGE), "voice")).isTrue();
    assertThat(rules.allows(get("Referer", PAGE + "/player?x=1"), "voice")).isTrue();
    assertThat(rules.allows(get("Referer", PAGE), "voice")).isTrue();
    assertThat(rules.allows(get("Referer", "https://evil.example.com/" + PAGE), "voice")).isFalse();
    assertThat(rules.allows(get("Referer", "about:blank"), "voice")).isFalse();
    assertThat(rules.allows(get("Origin", "null"), "voice")).isFalse();
    assertThat(rules.allows(get(), "voice")).isFalse();
    assertThat(rules.allows(get("Origin", PAGE), "image")).isFalse();
  }

  @Test
  void allows_takesAnOriginOfVeryManyLabels() {
    CorsPolicy every = CorsPolicy.of("https://*.example.com");

    assertThat(every.allows("https://" + "a.".repeat(30_000) + "example.com")).isTrue();
    assertThat(every.allows("https://" + "a.".repeat(30_000) + ".example.com")).isFalse();
  }

  @Test
  void preflight_isAnOptionsRequestOfAPageThatAsksForAMethod() {
    assertThat(CorsRules.isPreflight(preflight())).isTrue();
    assertThat(CorsRules.isPreflight(head("OPTIONS", "Origin", PAGE))).isFalse();
    assertThat(CorsRules.isPreflight(head("OPTIONS", "Access-Control-Request-Method", "PUT")))
        .isFalse();
    assertThat(
            CorsRules.isPreflight(
                head("GET", "Origin", PAGE, "Access-Control-Request-Method", "PUT")))
        .isFalse();
  }

  @Test
  void answer_saysWhatThePolicyAllows() {
    HttpHeaders fields =
        rules
            .answer(preflight("Access-Control-Request-Private-Network", "true"), "voice")
            .headers();

    assertThat(fields.first("Access-Control-Allow-Methods")).isEqualTo("GET, PUT");
    assertThat(fields.first("Access-Control-Allow-Headers")).isEqualTo("X-One, X-Two");
    assertThat(fields.first("Access-Control-Max-Age")).isEqualTo("420");
    assertThat(fields.first("Access-Control-Allow-Private-Network")).isEqualTo("true");
    assertThat(fields.first("Vary")).contains("Access-Control-Request-Method");
    assertThat(
            rules
                .answer(preflight(), "voice")
                .headers()
                .first("Access-Control-Allow-Private-Network"))
        .isNull();
  }

  @Test
  void answer_ofAPolicyThatNamesNothing_allowsWhatIsAskedFor() {
    CorsRules open = new CorsRules(Map.of("voice", CorsPolicy.of(PAGE)));
    HttpHeaders fields =
        open.answer(preflight("Access-Control-Request-Headers", "x-a, x-b"), "voice").headers();

    assertThat(fields.first("Access-Control-Allow-Methods")).isEqualTo("PUT");
    assertThat(fields.first("Access-Control-Allow-Headers")).isEqualTo("x-a, x-b");
    assertThat(open.answer(preflight(), "voice").headers().first("Access-Control-Allow-Headers"))
        .isNull();
    CorsPolicy closed = CorsPolicy.builder().origins(PAGE).privateNetwork(false).build();
    assertThat(
            new CorsRules(Map.of("voice", closed))
                .answer(preflight("Access-Control-Request-Private-Network", "true"), "voice")
                .headers()
                .first("Access-Control-Allow-Private-Network"))
        .isNull();
    assertThat(open.answer(preflight(), "image").headers().first("Access-Control-Max-Age"))
        .isNull();
  }

  @Test
  void addTo_letsThePageReadTheResponse_andNoOther() {
    HttpHeaders fields = added(rules, get("Origin", PAGE), "Vary", "Accept");
    assertThat(fields.first("Access-Control-Allow-Origin")).isEqualTo(PAGE);
    assertThat(fields.first("Access-Control-Allow-Credentials")).isEqualTo("true");
    assertThat(fields.first("Access-Control-Expose-Headers")).contains("X-Cost");
    assertThat(fields.tokens("Vary")).contains("origin", "accept");

    HttpHeaders foreign = added(rules, get("Origin", "https://evil.example.com"));
    assertThat(foreign.first("Access-Control-Allow-Origin")).isNull();
    assertThat(foreign.first("Access-Control-Allow-Credentials")).isNull();
    assertThat(foreign.tokens("Vary")).containsExactly("origin");
    assertThat(added(rules, get()).first("Access-Control-Allow-Origin")).isNull();
  }

  @Test
  void addTo_leavesWhatAnInstanceSaysItself() {
    HttpHeaders fields = added(rules, get("Origin", PAGE), "Access-Control-Allow-Origin", "*");
    assertThat(fields.all("Access-Control-Allow-Origin")).containsExactly("*");
    assertThat(fields.first("Vary")).isNull();

    HttpHeaders exposed =
        added(rules, get("Origin", PAGE), "Access-Control-Expose-Headers", "x-own");
    assertThat(exposed.tokens("Access-Control-Expose-Headers")).contains("x-own", "x-cost");
    assertThat(exposed.all("Access-Control-Expose-Headers")).hasSize(1);
    assertThat(added(rules, get("Origin", PAGE), "Vary", "*").all("Vary")).containsExactly("*");
    assertThat(added(rules, get("Origin", PAGE), "Vary", "Origin").all("Vary"))
        .containsExactly("Origin");
  }

  @Test
  void addTo_ofAnyOrigin_isTheSameForAll() {
    CorsRules any = new CorsRules(Map.of("voice", CorsPolicy.of("*")));
    HttpHeaders fields = added(any, get());

    assertThat(fields.first("Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(fields.first("Vary")).isNull();
    assertThat(fields.first("Access-Control-Allow-Credentials")).isNull();
  }

  @Test
  void addTo_aPreflightResponse_exposesNothing() {
    assertThat(added(rules, preflight()).first("Access-Control-Allow-Origin")).isEqualTo(PAGE);
    assertThat(added(rules, preflight()).first("Access-Control-Expose-Headers")).isNull();
    HttpHeaders none = new HttpHeaders();
    rules.addTo(none, get("Origin", PAGE), "image");
    assertThat(none.first("Access-Control-Allow-Origin")).isNull();
    assertThat(none.first("Vary")).isNull();
  }

  private static HttpHeaders added(CorsRules rules, RequestHead head, String... fields) {
    HttpHeaders headers = headers(fields);
    rules.addTo(headers, head, "voice");
    return headers;
  }

  private static RequestHead preflight(String... more) {
    String[] all = new String[4 + more.length];
    System.arraycopy(
        new String[] {"Origin", PAGE, "Access-Control-Request-Method", "PUT"}, 0, all, 0, 4);
    System.arraycopy(more, 0, all, 4, more.length);
    return head("OPTIONS", all);
  }

  private static RequestHead get(String... fields) {
    return head("GET", fields);
  }

  private static RequestHead head(String method, String... fields) {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    return new RequestHead(method, "/", "HTTP/1.1", headers(fields), 0, address, address, false);
  }

  private static HttpHeaders headers(String... fields) {
    HttpHeaders headers = new HttpHeaders();
    for (int i = 0; i < fields.length; i += 2) {
      headers.add(fields[i], fields[i + 1]);
    }
    return headers;
  }
}
