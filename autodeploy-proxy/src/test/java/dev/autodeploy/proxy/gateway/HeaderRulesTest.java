package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tests of which fields pass, and which the link adds. */
final class HeaderRulesTest {
  private static final Route ROUTE = new Route("voice", "/d/voice", "/v1");
  private static final Route OWN_ORIGIN = new Route("voice", "", "/v1");

  @Test
  void ordinaryFields_passInOrderAndAsTheyWere() {
    HttpHeaders out =
        rules(new HttpHeaders().add("X-A", "1").add("accept", "b").add("X-A", "2"), false);
    assertThat(lines(out)).startsWith("X-A: 1", "accept: b", "X-A: 2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "HTTP2-Settings",
        "Content-Length"
      })
  void hopByHopFields_passInNoDirection(String name) {
    HttpHeaders in = new HttpHeaders().add(name, "secret").add("X-Ok", "1");
    assertThat(rules(in, true).first(name)).isNull();
    assertThat(rules(in, true).first("X-Ok")).isEqualTo("1");
    assertThat(toClient(in, ROUTE).first(name)).isNull();
    assertThat(toClient(in, ROUTE).first("X-Ok")).isEqualTo("1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Expect",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
        "X-Forwarded-Prefix",
        "X-Real-IP",
        "X-Forwarded-Ssl",
        "X-Forwarded-User",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "True-Client-IP",
        "X-Original-Host",
        "X-Original-URL",
        "X-Rewrite-URL",
        "Deploy-Route-Rule",
        "Deploy-Route-Target",
        "Deploy_Route_Target",
        "AutoDeploy-Instance",
        "AutoDeploy_Anything",
        "X_Forwarded_For",
        "X_Real-Ip",
        "Content_Length"
      })
  void whatOnlyTheLinkMaySay_isNotTakenFromTheClient(String name) {
    assertThat(lines(rules(new HttpHeaders().add(name, "forged"), true)))
        .noneMatch(line -> line.startsWith(name + ": forged"));
  }

  @Test
  void fieldsThatConnectionNominates_areTheClientsHopOnly() {
    HttpHeaders in =
        new HttpHeaders().add("X-Hop", "1").add("Connection", "close, X-HOP").add("X-End", "2");
    assertThat(rules(in, true).first("X-Hop")).isNull();
    assertThat(rules(in, true).first("X-End")).isEqualTo("2");
    assertThat(toClient(in, ROUTE).first("X-Hop")).isNull();
    assertThat(toClient(in, ROUTE).first("X-End")).isEqualTo("2");
  }

  @Test
  void authorization_passesOnlyIfTheLinkDoesNotCheckIt() {
    HttpHeaders in = new HttpHeaders().add("Authorization", "Bearer x").add("X-Ok", "1");
    assertThat(rules(in, true).first("Authorization")).isEqualTo("Bearer x");
    assertThat(rules(in, false).first("Authorization")).isNull();
    assertThat(rules(in, false).first("X-Ok")).isEqualTo("1");
  }

  @Test
  void link_tellsWhoAskedAndHow() {
    HttpHeaders in = new HttpHeaders().add("Host", "gpu.example:8000");
    HttpHeaders out = rules(in, true);
    assertThat(lines(out))
        .containsExactly(
            "Host: gpu.example:8000",
            "X-Forwarded-For: 192.0.2.7",
            "X-Forwarded-Proto: http",
            "X-Forwarded-Host: gpu.example:8000",
            "X-Forwarded-Port: 8000",
            "X-Forwarded-Prefix: /d/voice",
            "Forwarded: for=192.0.2.7;host=\"gpu.example:8000\";proto=http",
            "Via: 1.1 autodeploy");
  }

  @Test
  void withoutHostPrefixAndPlainText_theLinkSaysLess() {
    RequestHead head = head("HTTP/1.0", new HttpHeaders(), remote("192.0.2.7"), true);
    HttpHeaders out = toInstance(false, head, new Route("voice", "", "/"));
    assertThat(lines(out))
        .containsExactly(
            "X-Forwarded-For: 192.0.2.7",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Port: 8000",
            "Forwarded: for=192.0.2.7;proto=https",
            "Via: 1.0 autodeploy");
  }

  @Test
  void addressOfVersion6_isQuotedAndHasNoZone() throws Exception {
    InetAddress scoped =
        java.net.Inet6Address.getByAddress(
            null,
            new byte[] {(byte) 0xfe, (byte) 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
            7);
    RequestHead head = head("HTTP/1.1", new HttpHeaders(), new InetSocketAddress(scoped, 1), false);
    HttpHeaders out = toInstance(false, head, ROUTE);
    assertThat(out.first("X-Forwarded-For")).isEqualTo("fe80:0:0:0:0:0:0:1");
    assertThat(out.first("Forwarded")).isEqualTo("for=\"[fe80:0:0:0:0:0:0:1]\";proto=http");
  }

  @Test
  void unresolvedAddress_isUnknown() {
    RequestHead head =
        head("HTTP/1.1", new HttpHeaders(), InetSocketAddress.createUnresolved("x", 1), false);
    HttpHeaders out = toInstance(false, head, ROUTE);
    assertThat(out.first("X-Forwarded-For")).isEqualTo("unknown");
  }

  @Test
  void trustedProxyInFront_isBelievedAndAddedTo() {
    HttpHeaders in =
        new HttpHeaders()
            .add("Host", "inner")
            .add("X-Forwarded-For", "203.0.113.1")
            .add("X-Forwarded-For", "203.0.113.2")
            .add("X-Forwarded-Proto", "https")
            .add("X-Forwarded-Host", "outer")
            .add("X-Forwarded-Port", "443")
            .add("X-Forwarded-Prefix", "/gpu")
            .add("Forwarded", "for=203.0.113.1");
    RequestHead head = head("HTTP/1.1", in, remote("192.0.2.7"), false);
    HttpHeaders out = toInstance(true, head, ROUTE);
    assertThat(lines(out))
        .containsExactly(
            "Host: outer",
            "X-Forwarded-For: 203.0.113.1, 203.0.113.2, 192.0.2.7",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: outer",
            "X-Forwarded-Port: 443",
            "X-Forwarded-Prefix: /gpu/d/voice",
            "Forwarded: for=203.0.113.1, for=192.0.2.7;host=\"outer\";proto=https",
            "Via: 1.1 autodeploy");
  }

  @Test
  void trustedProxyThatSaysNothing_leavesTheLinksOwnWords() {
    RequestHead head =
        head("HTTP/1.1", new HttpHeaders().add("Host", "inner"), remote("192.0.2.7"), false);
    HttpHeaders trusting = toInstance(true, head, ROUTE);
    HttpHeaders wary = toInstance(false, head, ROUTE);
    assertThat(lines(trusting)).isEqualTo(lines(wary));
  }

  @Test
  void answer_passesWithVia() {
    HttpHeaders out =
        toClient(new HttpHeaders().add("X-Forwarded-For", "me").add("Host", "h"), ROUTE);
    assertThat(lines(out)).containsExactly("X-Forwarded-For: me", "Host: h", "Via: 1.1 autodeploy");
  }

  @Test
  void whatATrustedProxySays_passes() {
    HttpHeaders in =
        new HttpHeaders().add("X-Forwarded-User", "eve").add("X-Client-IP", "192.0.2.1");
    RequestHead head = head("HTTP/1.1", in, remote("192.0.2.7"), false);

    assertThat(lines(toInstance(true, head, ROUTE)))
        .contains("X-Forwarded-User: eve", "X-Client-IP: 192.0.2.1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AutoDeploy-Status",
        "autodeploy-instance",
        "AutoDeploy-Cold-Start",
        "AutoDeploy-Woken",
        "AutoDeploy-Whatever-Comes",
        "AutoDeploy_Status",
        "Deploy_Route-Target",
        "Deploy-Route-Target",
        "Deploy-Route-Rule",
        "Service-Worker-Allowed",
        "Clear-Site-Data"
      })
  void whatOnlyTheLinkMaySay_isNotTakenFromTheInstance(String name) {
    HttpHeaders in = new HttpHeaders().add("X-Ok", "1").add(name, "forged");
    for (Route route : List.of(ROUTE, OWN_ORIGIN)) {
      assertThat(lines(toClient(in, route))).containsExactly("X-Ok: 1", "Via: 1.1 autodeploy");
    }
  }

  @Test
  void cookiesOfTheLink_areNotTakenFromTheInstance() {
    HttpHeaders in =
        new HttpHeaders()
            .add("Set-Cookie", "AutoDeploy-Access-voice=1.a; Domain=models.example; Path=/")
            .add("Set-Cookie", "  AutoDeploy-Instance=voice-1; Path=/")
            .add(
                "Set-Cookie", " = AutoDeploy-Access-voice=1.a; Path=/") // without a name of its own
            .add("Set-Cookie", "own=1");
    for (Route route : List.of(ROUTE, OWN_ORIGIN)) {
      assertThat(lines(toClient(in, route)))
          .anyMatch(line -> line.startsWith("Set-Cookie: own=1"))
          .noneMatch(line -> line.contains("AutoDeploy-"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Strict-Transport-Security",
        "Alt-Svc",
        "NEL",
        "Report-To",
        "Reporting-Endpoints",
        "Secure-Session-Registration",
        "Sec-Session-Registration",
        "Set-Login",
        "Public-Key-Pins"
      })
  void whatActsOnAWholeOrigin_passesOnlyWhereTheDeploymentHasItToItself(String name) {
    HttpHeaders in = new HttpHeaders().add(name, "a");

    assertThat(toClient(in, ROUTE).first(name)).isNull();
    assertThat(toClient(in, OWN_ORIGIN).first(name)).isEqualTo("a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Accel-Redirect",
        "X_Accel_Redirect",
        "X-Sendfile",
        "X-Lighttpd-Send-File",
        "X-Reproxy-URL",
        "X-LiteSpeed-Location",
        "X-Envoy-Immediate-Health-Check-Fail"
      })
  void whatAProxyInFrontObeys_passesNowhere(String name) {
    HttpHeaders in = new HttpHeaders().add(name, "/internal/key");

    assertThat(toClient(in, ROUTE).first(name)).isNull();
    assertThat(toClient(in, OWN_ORIGIN).first(name)).isNull();
    assertThat(
            toClient(new HttpHeaders().add("X-Accel-Buffering", "no"), ROUTE)
                .first("X-Accel-Buffering"))
        .isEqualTo("no");
  }

  @Test
  void preferenceOfTheInstance_passesUnlessItIsTheLinks() {
    assertThat(
            lines(
                toClient(
                    new HttpHeaders()
                        .add("Preference-Applied", "return=minimal")
                        .add("Preference-Applied", "wait=3"),
                    ROUTE)))
        .containsExactly("Preference-Applied: return=minimal", "Via: 1.1 autodeploy");
  }

  @Test
  void answerThatCouldBeReadInTwoWays_isNone() {
    assertThat(toClient(new HttpHeaders().add("X Y", "1"), ROUTE)).isNull();
    assertThat(toClient(new HttpHeaders().add("X", "1\r\nY: 2"), ROUTE)).isNull();
  }

  @Test
  @Timeout(10)
  void link_ofManyThatDoNotEnd_passesAtOnce() {
    String open = "<".repeat(60_000);
    for (int i = 0; i < 500; i++) {
      assertThat(toClient(new HttpHeaders().add("Link", open), ROUTE).first("Link"))
          .isEqualTo(open);
    }
  }

  @Test
  @Timeout(10)
  void refresh_onWhichAnExpressionCouldGoOnForEver_passesAtOnce() {
    String spaces = " ".repeat(60_000);
    for (String value :
        List.of("1" + spaces + "\u0085", "1;" + spaces + "\u0085", "1;url" + spaces + "=\u0085")) {
      assertThat(toClient(new HttpHeaders().add("Refresh", value), ROUTE).first("Refresh"))
          .isEqualTo(value);
    }
  }

  @Test
  void protocolThatIsAskedFor_goesOn() {
    RequestHead head = head("HTTP/1.1", new HttpHeaders(), remote("192.0.2.7"), false);
    LinkView view = view(false, head, ROUTE);

    HttpHeaders asked = new HeaderRules(false).toInstance(head, view, true, "websocket");
    HttpHeaders plain = new HeaderRules(false).toInstance(head, view, true, null);

    assertThat(lines(asked)).endsWith("Connection: Upgrade", "Upgrade: websocket");
    assertThat(plain.first("Connection")).isNull();
    assertThat(plain.size()).isEqualTo(asked.size() - 2);
  }

  @Test
  void cookiesOfTheHostApplication_stayBehind_andAFieldOfNoOthersToo() {
    HttpHeaders in =
        new HttpHeaders()
            .add("Cookie", "session=1; theme=dark")
            .add("Cookie", "session=2")
            .add("Cookie", "")
            .add("X-Cookie", "session=3");
    RequestHead plain = head("HTTP/1.1", in, remote("192.0.2.7"), false);
    RequestHead head =
        new RequestHead(
            plain.method(),
            plain.target(),
            plain.version(),
            in,
            0,
            plain.remote(),
            plain.local(),
            false,
            "",
            new HostCredentials(false, Set.of("session")),
            null);

    assertThat(toInstance(false, head, ROUTE).all("Cookie")).containsExactly("theme=dark", "");
    assertThat(toInstance(false, head, ROUTE).first("X-Cookie")).isEqualTo("session=3");
  }

  @ParameterizedTest
  @CsvSource({
    "Host, true",
    "Connection, true",
    "AutoDeploy-Woken, true",
    "X-Forwarded-User, true",
    "X-Request-ID, false"
  })
  void reservedFields_areNotForThePeersToSay(String name, boolean reserved) {
    assertThat(HeaderRules.isReserved(name)).isEqualTo(reserved);
  }

  @Test
  void fieldsOfOtherNames_areNoCookiesAndNoPreferences() {
    HttpHeaders in =
        new HttpHeaders()
            .add("X-Like-Cookie", "AutoDeploy-Instance=1")
            .add("X-Like-Preference", "wait=3");
    assertThat(lines(toClient(in, ROUTE)))
        .contains("X-Like-Cookie: AutoDeploy-Instance=1", "X-Like-Preference: wait=3");
  }

  @Test
  void fieldsOfOtherNames_areNoHops() {
    assertThat(rules("OPTIONS", new HttpHeaders().add("X-Max", "10")).first("X-Max"))
        .isEqualTo("10");
  }

  private static LinkView view(boolean trusted, RequestHead head, Route route) {
    LinkAddress link = new LinkAddresses(trusted, null).of(head, route);
    return new LinkView(link, URI.create("http://127.0.0.1:4711"), 8080, true, false);
  }

  private static HttpHeaders toInstance(boolean trusted, RequestHead head, Route route) {
    return new HeaderRules(trusted).toInstance(head, view(trusted, head, route), true);
  }

  private static HttpHeaders toClient(HttpHeaders in, Route route) {
    RequestHead head = head("HTTP/1.1", new HttpHeaders(), remote("192.0.2.7"), false);
    return HeaderRules.toClient(in, route, LinkMapping.of(view(false, head, route)));
  }

  private static HttpHeaders rules(HttpHeaders in, boolean keepAuthorization) {
    RequestHead head = head("HTTP/1.1", in, remote("192.0.2.7"), false);
    return new HeaderRules(false).toInstance(head, view(false, head, ROUTE), keepAuthorization);
  }

  private static HttpHeaders rules(String method, HttpHeaders in) {
    RequestHead head = head(method, "HTTP/1.1", in, remote("192.0.2.7"), false);
    return toInstance(false, head, ROUTE);
  }

  private static RequestHead head(
      String version, HttpHeaders fields, InetSocketAddress remote, boolean secure) {
    return head("GET", version, fields, remote, secure);
  }

  private static RequestHead head(
      String method, String version, HttpHeaders fields, InetSocketAddress remote, boolean secure) {
    InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 8000);
    return new RequestHead(method, "/d/voice/v1", version, fields, 0, remote, local, secure);
  }

  private static InetSocketAddress remote(String address) {
    try {
      return new InetSocketAddress(InetAddress.getByName(address), 4711);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static List<String> lines(HttpHeaders fields) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < fields.size(); i++) {
      lines.add(fields.name(i) + ": " + fields.value(i));
    }
    return lines;
  }

  @ParameterizedTest
  @CsvSource({"OPTIONS, 10, 9", "OPTIONS, 1, 0", "OPTIONS, many, many", "GET, 10, 10"})
  void maxForwards_countsTheHopsOfOptions(String method, String before, String after) {
    HttpHeaders out = rules(method, new HttpHeaders().add("Max-Forwards", before));
    assertThat(out.first("Max-Forwards")).isEqualTo(after);
  }
}
