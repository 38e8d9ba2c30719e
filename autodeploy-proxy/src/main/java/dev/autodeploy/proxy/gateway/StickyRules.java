package dev.autodeploy.proxy.gateway;

import dev.autodeploy.RouteRule;
import dev.autodeploy.proxy.Sticky;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The instances of callers that are recognised. Which instance a caller gets first is for the
 * engine to decide, so that callers spread and further instances start as without this; here is
 * only noted which one it was: by the caller in a cookie, or by the link in a table of the latest
 * {@value #MAX_CALLERS} callers. Thread-safe.
 */
final class StickyRules {
  private static final int MAX_CALLERS = 100_000;
  private static final String COOKIE = "AutoDeploy-Instance";
  private static final Pattern INSTANCE = Pattern.compile("[a-z0-9-]{1,80}");

  private final Map<String, Sticky> rules;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, String> instances =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
          return size() > MAX_CALLERS;
        }
      };

  /**
   * Creates the rules.
   *
   * @param rules by deployment, or {@link AccessRules#EVERY}
   */
  StickyRules(Map<String, Sticky> rules) {
    this.rules = Map.copyOf(rules);
  }

  /** Returns the caller of a request, or null if it is not to be recognised. */
  @Nullable Caller caller(LinkCall call) {
    if (rules.isEmpty() || !(call.rule() instanceof RouteRule.Default)) {
      return null;
    }
    String deployment = call.deployment().name();
    Sticky sticky = rules.getOrDefault(deployment, rules.get(AccessRules.EVERY));
    if (sticky == null) {
      return null;
    }
    if (sticky.kind() == Sticky.Kind.COOKIE) {
      // Cookies do not tell ports apart.
      String name = call.dedicated() == null ? COOKIE : COOKIE + "-" + deployment;
      return new Caller(null, name, LinkCookies.value(call.head().headers(), name));
    }
    String value = value(sticky, call);
    if (value == null || value.isEmpty()) {
      return null;
    }
    byte[] hash = AccessRules.hash(deployment + "\n" + sticky + "\n" + value);
    String key = HexFormat.of().formatHex(hash, 0, 16);
    return new Caller(key, null, find(key));
  }

  private static @Nullable String value(Sticky sticky, LinkCall call) {
    String name = sticky.name();
    if (name == null) {
      return String.valueOf(call.head().remote().getAddress());
    }
    if (sticky.kind() == Sticky.Kind.HEADER) {
      return call.head().headers().first(name);
    }
    try {
      return QueryParameters.of(call.head().query()).get(name);
    } catch (IllegalArgumentException e) {
      return null; // a query of another kind
    }
  }

  private @Nullable String find(String key) {
    lock.lock();
    try {
      return instances.get(key);
    } finally {
      lock.unlock();
    }
  }

  private void note(String key, String instance) {
    lock.lock();
    try {
      instances.put(key, instance);
    } finally {
      lock.unlock();
    }
  }

  /** A caller that is recognised, and the instance that it had. */
  final class Caller {
    private final @Nullable String key;
    private final @Nullable String cookie;
    private final @Nullable String before;

    Caller(@Nullable String key, @Nullable String cookie, @Nullable String before) {
      this.key = key;
      this.cookie = cookie;
      this.before = before != null && INSTANCE.matcher(before).matches() ? before : null;
    }

    RouteRule rule() {
      return before == null ? RouteRule.defaultRule() : RouteRule.preferred(before);
    }

    /** The caller has an instance; returns the cookie to set, or null for none. */
    @Nullable String served(String instance, LinkAddress link) {
      if (instance.equals(before)) {
        return null;
      }
      if (key != null) {
        note(key, instance);
      }
      return cookie == null
          ? null
          : cookie
              + "="
              + instance
              + "; Path="
              + (link.prefix().isEmpty() ? "/" : link.prefix())
              + "; HttpOnly; SameSite=Lax"
              + (link.scheme().equals("https") ? "; Secure" : "");
    }
  }
}
