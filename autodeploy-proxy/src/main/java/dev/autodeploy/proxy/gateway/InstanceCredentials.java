package dev.autodeploy.proxy.gateway;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * The fields of a request by which an instance may tell its callers apart. Instances have names of
 * their own for them: whatever sounds like a credential is one.
 */
final class InstanceCredentials {
  private static final List<String> SOUNDS =
      List.of(
          "access",
          "account",
          "actor",
          "auth",
          "caller",
          "cert", // as proxies tell whose it was, with -DN as well
          "client-dn",
          "client-id",
          "client-s-dn",
          "credential",
          "customer",
          "email",
          "group",
          "iap",
          "identity",
          "jwt",
          "key",
          "login",
          "member",
          "oidc",
          "organization",
          "owner",
          "passw",
          "permission",
          "principal",
          "project",
          "role",
          "saml",
          "scope",
          "secret",
          "session",
          "subject",
          "tenant",
          "token",
          "user",
          "verify",
          "workspace");

  private static final Set<String> OTHERS =
      Set.of("authorization", "cookie", "idempotency-key", "user-agent");

  private InstanceCredentials() {}

  /**
   * Returns all of them as a text, which is to be hashed.
   *
   * @param headers the fields of the request
   * @param keepAuthorization whether the instance gets {@code Authorization}
   */
  static String of(HttpHeaders headers, boolean keepAuthorization) {
    Set<String> all = new TreeSet<>(); // in whichever order they come
    for (int i = 0; i < headers.size(); i++) {
      String name = headers.name(i).toLowerCase(Locale.ROOT);
      String value = name.equals("cookie") ? LinkCookies.withoutOurs(headers.value(i)) : "";
      if (name.equals("authorization") ? keepAuthorization : isCredential(name)) {
        value = headers.value(i);
      }
      if (!value.isEmpty()) {
        all.add(name + ":" + value);
      }
    }
    return String.join("\n", all);
  }

  private static boolean isCredential(String name) {
    return !OTHERS.contains(name) && SOUNDS.stream().anyMatch(name::contains);
  }
}
