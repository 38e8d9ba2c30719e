package dev.autodeploy.proxy.jdk;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The system properties that the JDK's server and its TLS need for this use. They are set only
 * where the host application has not set them, and have to be before the server's first class is
 * loaded.
 */
final class ServerProperties {
  private static final String PREFIX = "sun.net.httpserver.";

  /**
   * The property that the server reads once; {@code maxReqHeaders} also shows whether it was read
   * in time.
   */
  static final String MAX_HEADERS = PREFIX + "maxReqHeaders";

  /**
   * More than the gateway takes, which says so to the caller where the server just hangs up; and
   * fewer than the server's own 200, so that it shows which of the two counts.
   */
  static final int OUR_MAX_HEADERS = 190;

  private static final Map<String, String> WANTED = wanted();

  private ServerProperties() {}

  private static Map<String, String> wanted() {
    Map<String, String> wanted = new LinkedHashMap<>();
    wanted.put(PREFIX + "nodelay", "true"); // else 44 ms for every answer on a kept connection
    wanted.put(PREFIX + "maxIdleConnections", "20000"); // else all but 200 are closed
    wanted.put(PREFIX + "idleInterval", "60");
    // Read away of a body after its answer, or its client would be reset and never see that.
    wanted.put(PREFIX + "drainAmount", Long.toString(64L * 1024 * 1024));
    wanted.put(PREFIX + "maxReqHeaderSize", "131072"); // twice what the gateway takes
    wanted.put(MAX_HEADERS, Integer.toString(OUR_MAX_HEADERS));
    // Up to TLS 1.2 a client could ask for handshakes without an end on one connection.
    wanted.put("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    return wanted;
  }

  /**
   * Sets what is missing.
   *
   * @return what was set
   */
  static Map<String, String> apply() {
    Map<String, String> set = new LinkedHashMap<>();
    WANTED.forEach(
        (name, value) -> {
          if (System.getProperty(name) == null) {
            System.setProperty(name, value);
            set.put(name, value);
          }
        });
    return set;
  }
}
