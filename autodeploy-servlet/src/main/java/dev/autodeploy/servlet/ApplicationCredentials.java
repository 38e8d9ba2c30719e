package dev.autodeploy.servlet;

import dev.autodeploy.proxy.gateway.HostCredentials;
import jakarta.servlet.ServletContext;
import jakarta.servlet.SessionCookieConfig;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The credentials by which the application knows its users. An instance that saw them could act in
 * the name of a user of the application. Thread-safe.
 */
final class ApplicationCredentials {
  /** The name of the session's cookie where the application sets no other one. */
  private static final String SESSION = "JSESSIONID";

  private final Set<String> cookies;

  /**
   * Makes the rule.
   *
   * @param context the application
   * @param more the names of further cookies that are the application's own
   */
  ApplicationCredentials(ServletContext context, Set<String> more) {
    Set<String> names = new HashSet<>(more);
    names.add(SESSION);
    names.add(SESSION + "SSO"); // of all applications of a Tomcat
    SessionCookieConfig config = context.getSessionCookieConfig(); // null where there are none
    if (config != null && config.getName() != null) {
      names.add(config.getName());
    }
    cookies = Set.copyOf(names);
  }

  /** Returns which credentials of a request are the application's. */
  HostCredentials of(HttpServletRequest request) {
    return new HostCredentials(request.getUserPrincipal() != null, cookies(request));
  }

  private Set<String> cookies(HttpServletRequest request) {
    Cookie[] sent = request.getCookies();
    String session = request.getRequestedSessionId();
    if (sent == null || session == null || session.isEmpty()) {
      return cookies;
    }
    Set<String> names = new HashSet<>(cookies);
    for (Cookie cookie : sent) {
      if (isOf(session, cookie.getValue())) { // named elsewhere, or of a filter's own sessions
        names.add(cookie.getName());
      }
    }
    return names;
  }

  private static boolean isOf(String session, String value) {
    return value.equals(session)
        || value.equals(
            Base64.getEncoder().encodeToString(session.getBytes(StandardCharsets.UTF_8)));
  }

  /** Returns the path of a request below its context, without a session's id. */
  static String withoutSession(HttpServletRequest request) {
    String path = request.getRequestURI().substring(request.getContextPath().length());
    String id = request.getRequestedSessionId();
    if (id == null || id.isEmpty() || !request.isRequestedSessionIdFromURL()) {
      return path;
    }
    // Whole parameters only: what is left has to be a path that the container has seen.
    return Pattern.compile(";[A-Za-z0-9_-]+=" + Pattern.quote(id) + "(?=[;/]|$)")
        .matcher(path)
        .replaceAll("");
  }
}
