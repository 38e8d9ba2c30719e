package dev.autodeploy.proxy.gateway;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rules for header fields: which pass in either direction, and which the link adds (RFC 9110,
 * 7.6).
 */
final class HeaderRules {
  /** Header fields that belong to one connection, or that the next hop writes itself. */
  private static final Set<String> HOP =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "proxy-authenticate",
          "proxy-authorization",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "http2-settings",
          "content-length");

  /** Header fields that only the link may say to an instance. */
  private static final Set<String> OURS =
      Set.of(
          "host",
          "expect",
          "forwarded",
          "x-forwarded-for",
          "x-forwarded-host",
          "x-forwarded-port",
          "x-forwarded-proto",
          "x-forwarded-prefix",
          "x-real-ip",
          "deploy-route-rule");

  /** Fields in which only a proxy in front of the link may say who asks, and for what. */
  private static final Set<String> FROM_TRUSTED =
      Set.of(
          "x-client-ip",
          "x-cluster-client-ip",
          "true-client-ip",
          "x-original-host",
          "x-original-url",
          "x-rewrite-url");

  /** Fields of a response that reach beyond the deployment's part of an origin. */
  private static final Set<String> WHOLE_ORIGIN =
      Set.of("service-worker-allowed", "clear-site-data");

  /**
   * Fields of a response that proxies in front of the link obey, and no client reads: they send a
   * file of theirs, or what only they reach, in place of the response.
   */
  private static final Set<String> FOR_FRONT =
      Set.of(
          "x-accel-redirect",
          "x-lighttpd-send-file",
          "x-reproxy-file",
          "x-reproxy-url",
          "x-sendfile",
          "x-sendfile2");

  /** The fields that are dropped too, but for a deployment that has the origin to itself. */
  private static final Set<String> SHARED_ORIGIN =
      Set.of(
          "alt-svc",
          "expect-ct",
          "nel",
          "public-key-pins",
          "report-to",
          "reporting-endpoints",
          "sec-session-challenge",
          "sec-session-registration",
          "secure-session-challenge",
          "secure-session-registration",
          "set-login",
          "strict-transport-security");

  private static final String VIA = " autodeploy";
  private static final String VIA_1_1 = "1.1" + VIA;

  /**
   * The rules that a field falls under by its name.
   *
   * @param hop whether it belongs to one connection, however an instance reads it
   * @param plainHop whether it does as it is written
   * @param forLink whether only the link may say it to an instance
   * @param ours whether it is one of ours
   * @param fromTrusted whether only a proxy in front may say it
   * @param wholeOrigin whether in a response it reaches beyond the deployment's part of an origin,
   *     or is for a proxy in front
   * @param sharedOrigin whether it does so where others share the origin
   */
  record Reach(
      boolean hop,
      boolean plainHop,
      boolean forLink,
      boolean ours,
      boolean fromTrusted,
      boolean wholeOrigin,
      boolean sharedOrigin) {

    /** Returns the rules for a name in lower case, and as frameworks may read it. */
    static Reach of(String lower, String plain) {
      return new Reach(
          HOP.contains(plain),
          HOP.contains(lower),
          OURS.contains(plain),
          isOurs(plain),
          isFromTrusted(plain),
          WHOLE_ORIGIN.contains(plain) || isForFront(plain),
          SHARED_ORIGIN.contains(plain));
    }

    /** Returns whether a field of a request is not for its client to say. */
    boolean isReserved() {
      return hop || forLink || ours || fromTrusted;
    }
  }

  private final boolean trustForwarded;

  /**
   * Creates the rules.
   *
   * @param trustForwarded whether what a proxy in front says about the client is passed on
   */
  HeaderRules(boolean trustForwarded) {
    this.trustForwarded = trustForwarded;
  }

  /** Returns the fields that go to the instance, with those of a protocol that is asked for. */
  HttpHeaders toInstance(
      RequestHead head, LinkView view, boolean keepAuthorization, @Nullable String upgrade) {
    HttpHeaders headers = toInstance(head, view, keepAuthorization);
    return upgrade == null ? headers : headers.add("Connection", "Upgrade").add("Upgrade", upgrade);
  }

  /**
   * Returns the fields that go to the instance, without {@code Content-Length}, and without {@code
   * Host} if it is the instance's own.
   */
  HttpHeaders toInstance(RequestHead head, LinkView view, boolean keepAuthorization) {
    HttpHeaders in = head.headers();
    HttpHeaders out = new HttpHeaders();
    String host = view.host();
    if (host != null) {
      out.add("Host", host);
    }
    List<String> nominated = in.tokens("Connection");
    for (int i = 0; i < in.size(); i++) {
      FieldName name = FieldName.of(in.name(i));
      String plain = name.plain();
      Reach reach = name.reach();
      if (reach.hop()
          || reach.forLink()
          || reach.ours()
          || (!trustForwarded && reach.fromTrusted())
          || nominated.contains(name.lower())
          || (!keepAuthorization && plain.equals("authorization"))) {
        continue;
      }
      String value = in.value(i);
      if (plain.equals("cookie")) {
        value = head.credentials().without(value);
        if (value.isEmpty() && !in.value(i).isEmpty()) {
          continue;
        }
      }
      boolean countsHops = plain.equals("max-forwards") && head.method().equals("OPTIONS");
      out.add(in.name(i), countsHops ? oneLess(value) : view.toInstance(plain, value));
    }
    ForwardedFields.add(head, view.link(), trustForwarded, out);
    out.add("Via", via(head.version()));
    return out;
  }

  /** Returns whether a field is not for the peers to say. */
  static boolean isReserved(String name) {
    return FieldName.of(name).reach().isReserved();
  }

  /** Returns whether a field is one of ours, in requests and responses. */
  private static boolean isOurs(String name) {
    return name.startsWith("autodeploy-") || name.startsWith("deploy-route-");
  }

  private static boolean isFromTrusted(String name) {
    return name.startsWith("x-forwarded-") || FROM_TRUSTED.contains(name);
  }

  /**
   * Envoy takes the whole link for ill by one of its fields; LiteSpeed drops what it has cached.
   */
  private static boolean isForFront(String name) {
    return FOR_FRONT.contains(name)
        || name.startsWith("x-envoy-")
        || name.startsWith("x-litespeed-");
  }

  /** A number of hops, after this one (RFC 9110, 7.6.2). What is no number stays as it is. */
  private static String oneLess(String hops) {
    return hops.matches("[1-9]\\d{0,8}") ? Integer.toString(Integer.parseInt(hops) - 1) : hops;
  }

  /**
   * Returns the fields of a response that go to the client, without {@code Content-Length}. Fields
   * of ours are not taken from an instance, nor are those that would act on other deployments'
   * links of the same origin, or on a proxy in front.
   *
   * @param in the instance's fields
   * @param route where the request went
   * @param mapping what maps the instance's own address to the link
   * @return the fields, or null if one of them could be read in two ways
   */
  static @Nullable HttpHeaders toClient(HttpHeaders in, Route route, LinkMapping mapping) {
    HttpHeaders out = new HttpHeaders();
    List<String> nominated = in.tokens("Connection");
    for (int i = 0; i < in.size(); i++) {
      FieldName name = FieldName.of(in.name(i));
      if (name.reach().plainHop()
          || nominated.contains(name.lower())
          || staysBehind(name, in.value(i), route)) {
        continue;
      }
      if (!name.token() || !RequestGuard.isValue(in.value(i))) {
        return null;
      }
      out.add(in.name(i), mapping.field(name.lower(), in.value(i)));
    }
    out.add("Via", VIA_1_1);
    return out;
  }

  private static boolean staysBehind(FieldName field, String value, Route route) {
    String name = field.plain();
    return field.reach().ours()
        || field.reach().wholeOrigin()
        || (route.sharesOrigin() && field.reach().sharedOrigin())
        || (name.equals("set-cookie") // of a model no path of it is this one's alone
            && (route.byModel() || LinkCookies.isOurs(value)))
        || (name.equals("preference-applied") && saysWait(value));
  }

  /** The link itself tells how long it was willing to wait. */
  private static boolean saysWait(String preferences) {
    return preferences.toLowerCase(Locale.ROOT).contains("wait");
  }

  private static String via(String version) {
    return version.equals("HTTP/1.1") ? VIA_1_1 : version.substring(version.indexOf('/') + 1) + VIA;
  }
}
