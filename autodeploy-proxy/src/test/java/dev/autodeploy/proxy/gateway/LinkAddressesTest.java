package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The address that clients see, whatever part of it a trusted proxy in front names. */
final class LinkAddressesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "                                                   | http  | inner:8000 | 8000",
        "X-Forwarded-Proto: https                           | https | inner:8000 | 8000",
        "X-Forwarded-Host: outer                            | http  | outer      | 80",
        "X-Forwarded-Host: outer; X-Forwarded-Proto: https  | https | outer      | 443",
        "X-Forwarded-Host: outer; X-Forwarded-Port: 443     | https | outer      | 443",
        "X-Forwarded-Host: outer; X-Forwarded-Port: 8443; X-Forwarded-Proto: https"
            + " | https | outer:8443 | 8443",
        "X-Forwarded-Host: outer; X-Forwarded-Port: 80; X-Forwarded-Proto: https"
            + " | https | outer | 443",
        "X-Forwarded-Host: outer:8443; X-Forwarded-Port: 443; X-Forwarded-Proto: https"
            + " | https | outer:8443 | 8443",
        "X-Forwarded-Host: first, second; X-Forwarded-Proto: https, http | https | first | 443",
        "X-Forwarded-Host: [::1]:444; X-Forwarded-Proto: WSS | https | [::1]:444 | 444",
        "X-Forwarded-Host: bad/host; X-Forwarded-Proto: gopher | http | inner:8000 | 8000",
        "X-Forwarded-Ssl: on; X-Forwarded-Host: outer       | https | outer      | 443",
        "X-Forwarded-Port: many; X-Forwarded-Host: outer    | http  | outer      | 80",
        "Forwarded: for=1.2.3.4%proto=https%host=\"outer:444\", for=x%host=second"
            + " | https | outer:444 | 444",
        "Forwarded: host=a; X-Forwarded-Host: b             | http  | b          | 80",
      })
  void trustedProxy_namesAPart_andTheRestFollows(
      String fields, String scheme, String authority, int port) {
    LinkAddress link = of(true, fields == null ? "" : fields);

    assertThat(link).isEqualTo(new LinkAddress(scheme, authority, port, "/d/voice"));
    assertThat(of(false, fields == null ? "" : fields))
        .isEqualTo(new LinkAddress("http", "inner:8000", 8000, "/d/voice"));
  }

  @ParameterizedTest
  @CsvSource({"/gpu, /gpu", "/gpu/, /gpu", "gpu,", "//evil.example,", "/\\evil.example,", "/,"})
  void outerPrefix_isBelievedIfItIsAPath(String said, String prefix) {
    assertThat(of(true, "X-Forwarded-Prefix: " + said).prefix())
        .isEqualTo((prefix == null ? "" : prefix) + "/d/voice");
  }

  @Test
  void allFields_tellTheSame() {
    HttpHeaders in =
        new HttpHeaders()
            .add("Host", "inner:8000")
            .add("X-Forwarded-For", "203.0.113.1, 2001:db8::1")
            .add("X-Forwarded-Proto", "https")
            .add("Forwarded", "for=203.0.113.1;proto=http;host=inner");
    RequestHead head = head(in);
    HttpHeaders out = new HttpHeaders();
    ForwardedFields.add(head, addresses(true).of(head, ROUTE), true, out);

    assertThat(out.first("X-Forwarded-For")).isEqualTo("203.0.113.1, 2001:db8::1, 127.0.0.1");
    assertThat(out.first("Forwarded"))
        .isEqualTo(
            "for=203.0.113.1;host=\"inner\";proto=https,"
                + " for=\"[2001:db8::1]\";host=\"inner\";proto=https,"
                + " for=127.0.0.1;host=\"inner\";proto=https");
    assertThat(out.first("X-Forwarded-Host")).isEqualTo("inner");
    assertThat(out.first("X-Forwarded-Port")).isEqualTo("443");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "192.0.2.43, 192.0.2.43",
        "_hidden-1, _hidden-1",
        "FE80::a, \"[FE80::a]\"",
        "::, \"[::]\"",
        "192.0.2.43:4711, \"192.0.2.43:4711\"",
        "::g, \"::g\"",
        "[2001:db8::1]:4711, \"[2001:db8::1]:4711\"",
        "a b, unknown",
        "\u0661, unknown",
        "a\"b, unknown",
      })
  void clientOfAnyKind_isANodeOfForwarded(String client, String node) {
    HttpHeaders in = new HttpHeaders().add("X-Forwarded-For", client);
    HttpHeaders out = new HttpHeaders();
    ForwardedFields.add(head(in), addresses(true).of(head(in), ROUTE), true, out);

    assertThat(out.first("Forwarded")).startsWith("for=" + node + ";");
  }

  @Test
  void clientsOfForwarded_areThoseOfXForwardedFor() {
    HttpHeaders in =
        new HttpHeaders().add("Forwarded", "For=\"[2001:db8::1]:4711\", for=192.0.2.43");
    RequestHead head = head(in);
    HttpHeaders out = new HttpHeaders();
    ForwardedFields.add(head, addresses(true).of(head, ROUTE), true, out);

    assertThat(out.first("X-Forwarded-For")).isEqualTo("2001:db8::1, 192.0.2.43, 127.0.0.1");
    assertThat(out.first("Forwarded"))
        .isEqualTo("For=\"[2001:db8::1]:4711\", for=192.0.2.43, for=127.0.0.1;proto=http");
  }

  private static final Route ROUTE = new Route("voice", "/d/voice", "/");

  private static LinkAddresses addresses(boolean trusted) {
    return new LinkAddresses(trusted, URI.create("https://public.example/links/"));
  }

  private static LinkAddress of(boolean trusted, String fields) {
    HttpHeaders in = new HttpHeaders().add("Host", "inner:8000");
    for (String field : fields.split(";", -1)) {
      if (!field.isBlank()) {
        String[] parts = field.strip().split(": ", 2);
        in.add(parts[0], parts[1].replace('%', ';'));
      }
    }
    return addresses(trusted).of(head(in), ROUTE);
  }

  private static RequestHead head(HttpHeaders in) {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    return new RequestHead(
        "GET",
        "/d/voice/",
        "HTTP/1.1",
        in,
        0,
        new InetSocketAddress(loopback, 4711),
        new InetSocketAddress(loopback, 8000),
        false);
  }
}
