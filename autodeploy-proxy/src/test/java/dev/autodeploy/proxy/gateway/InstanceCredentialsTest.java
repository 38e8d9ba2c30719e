package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class InstanceCredentialsTest {

  private static String of(String name, String value) {
    return InstanceCredentials.of(new HttpHeaders().add(name, value), true);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Authorization",
        "Cookie",
        "X-Api-Key",
        "X-Goog-Api-Key",
        "Remote-User",
        "Private-Token",
        "X-Access-Token",
        "Ocp-Apim-Subscription-Key",
        "X-Session-Id",
        "X-Tenant",
        "X-Forwarded-Client-Cert",
        "Ssl-Client-S-Dn",
        "X-Amzn-Oidc-Data",
        "X-Roles",
        "X-Forwarded-Groups",
        "X-Client-Id",
        "OpenAI-Organization",
        "X-Principal",
        "X-Org",
        "X-Sid",
        "X-Uid",
        "X-Signature",
        "X-Realm",
        "From",
        "baggage",
        "Cf-Connecting-Ip"
      })
  void callersThatDifferInOne_areToldApart(String name) {
    assertThat(of(name, "alice")).isNotEqualTo(of(name, "bob")).isNotEqualTo(of("Accept", "*/*"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "User-Agent",
        "Idempotency-Key",
        "Accept",
        "traceparent",
        "Content-Type",
        "X-Request-Id",
        "Sec-Fetch-Mode",
        "X-Forwarded-For",
        "Cache-Control",
        "Sec-CH-UA-Platform",
        "X-Stainless-Retry-Count"
      })
  void otherFields_tellNobodyApart(String name) {
    assertThat(of(name, "a")).isEqualTo(of(name, "b"));
  }

  @Test
  void whatTheInstanceDoesNotGet_doesNotCount() {
    HttpHeaders link = new HttpHeaders().add("Authorization", "Bearer t");
    link.add("Cookie", "AutoDeploy-Access-app=1.a");

    assertThat(InstanceCredentials.of(link, false)).isEmpty();
  }

  @Test
  void order_doesNotCount() {
    HttpHeaders one = new HttpHeaders().add("X-Api-Key", "k").add("X-Auth-Token", "t");
    HttpHeaders other = new HttpHeaders().add("X-Auth-Token", "t").add("X-Api-Key", "k");

    assertThat(InstanceCredentials.of(one, true)).isEqualTo(InstanceCredentials.of(other, true));
  }
}
