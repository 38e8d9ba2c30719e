package dev.autodeploy.proxy.gateway;

import dev.autodeploy.proxy.CorsPolicy;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The CORS policies of links, and the header fields that follow from them. Immutable. */
public final class CorsRules {
  private static final String ALLOW_ORIGIN = "Access-Control-Allow-Origin";
  private static final String EXPOSE = "Access-Control-Expose-Headers";
  private static final String ASKED_METHOD = "Access-Control-Request-Method";
  private static final String ASKED_HEADERS = "Access-Control-Request-Headers";
  private static final String ASKED_NETWORK = "Access-Control-Request-Private-Network";

  private final Map<String, CorsPolicy> policies;

  /**
   * Creates the rules.
   *
   * @param policies the policy of each deployment's link, or of {@link AccessRules#EVERY}
   */
  public CorsRules(Map<String, CorsPolicy> policies) {
    this.policies = Map.copyOf(policies);
  }

  /** Returns whether there is a policy for a link. */
  boolean covers(@Nullable String deployment) {
    return policy(deployment) != null;
  }

  /** Returns whether the page that sends a request is let in by its origin. */
  boolean allows(RequestHead head, @Nullable String deployment) {
    CorsPolicy policy = policy(deployment);
    String origin = head.headers().first("Origin");
    if (origin == null) { // as with a picture or a sound in a page
      origin = SiteRules.originOf(head.headers().first("Referer"));
    }
    return policy != null && origin != null && policy.allows(origin);
  }

  private @Nullable CorsPolicy policy(@Nullable String deployment) {
    CorsPolicy own = deployment == null ? null : policies.get(deployment);
    return own != null ? own : policies.get(AccessRules.EVERY);
  }

  static boolean isPreflight(RequestHead head) {
    return head.method().equals("OPTIONS")
        && head.headers().first("Origin") != null
        && head.headers().first(ASKED_METHOD) != null;
  }

  /** Returns the answer to a preflight request of a page that is let in. */
  LinkResponse answer(RequestHead head, @Nullable String deployment) {
    HttpHeaders fields = new HttpHeaders();
    CorsPolicy policy = policy(deployment);
    if (policy != null) {
      HttpHeaders asked = head.headers();
      fields.add("Access-Control-Allow-Methods", or(policy.methods(), asked.first(ASKED_METHOD)));
      String headers = or(policy.headers(), String.join(", ", asked.all(ASKED_HEADERS)));
      if (!headers.isEmpty()) {
        fields.add("Access-Control-Allow-Headers", headers);
      }
      fields.add("Access-Control-Max-Age", Long.toString(policy.maxAge().toSeconds()));
      if (policy.privateNetwork() && "true".equalsIgnoreCase(asked.first(ASKED_NETWORK))) {
        fields.add("Access-Control-Allow-Private-Network", "true");
      }
      fields.add("Vary", ASKED_METHOD + ", " + ASKED_HEADERS + ", " + ASKED_NETWORK);
    }
    return LinkResponse.withoutBody(204, fields);
  }

  private static String or(List<String> set, @Nullable String asked) {
    return set.isEmpty() ? String.valueOf(asked) : String.join(", ", set);
  }

  /**
   * Adds what lets a page read a response, unless an instance has said so itself.
   *
   * @param fields the fields of the response
   * @param head the request
   * @param deployment the name that the link holds, or null for none
   */
  void addTo(HttpHeaders fields, RequestHead head, @Nullable String deployment) {
    CorsPolicy policy = policy(deployment);
    if (policy == null || fields.first(ALLOW_ORIGIN) != null) {
      return;
    }
    boolean sameForAll = policy.anyOrigin();
    if (!sameForAll && !varies(fields)) {
      fields.add("Vary", "Origin"); // also where no page asks: a cache keeps one for all
    }
    String origin = head.headers().first("Origin");
    if (!sameForAll && (origin == null || !policy.allows(origin))) {
      return;
    }
    fields.add(ALLOW_ORIGIN, sameForAll ? "*" : String.valueOf(origin));
    if (policy.credentials()) {
      fields.set("Access-Control-Allow-Credentials", "true");
    }
    if (!isPreflight(head)) {
      TreeSet<String> exposed = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
      exposed.addAll(policy.exposedHeaders());
      exposed.addAll(fields.tokens(EXPOSE));
      fields.set(EXPOSE, String.join(", ", exposed));
    }
  }

  private static boolean varies(HttpHeaders fields) {
    List<String> names = fields.tokens("Vary");
    return names.contains("origin") || names.contains("*");
  }
}
