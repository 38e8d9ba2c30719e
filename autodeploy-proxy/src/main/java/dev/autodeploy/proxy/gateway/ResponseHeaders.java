package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Lease;
import org.jspecify.annotations.Nullable;

/**
 * The head of a response on its way from an instance to the client.
 *
 * @param connections the rules about the ends of connections
 * @param cors the web pages of other origins that may read it
 * @param head the request
 * @param route where the request went
 * @param preferenceApplied the preference of the request that was followed, or null
 * @param sandboxed whether pages of instances get an origin of their own
 * @param upgradeAsked whether the request asks for another protocol
 */
record ResponseHeaders(
    ConnectionRules connections,
    CorsRules cors,
    RequestHead head,
    Route route,
    @Nullable String preferenceApplied,
    boolean sandboxed,
    boolean upgradeAsked) {

  private static final String BUFFERING = "X-Accel-Buffering";
  private static final String EVENT_STREAM = "text/event-stream";

  /** All that a page may do but be of the origin that it was loaded from. */
  static final String SANDBOX =
      "sandbox allow-downloads allow-forms allow-modals allow-pointer-lock allow-popups"
          + " allow-presentation allow-scripts allow-top-navigation-by-user-activation";

  /** Returns the rules for the responses to one request. */
  static ResponseHeaders of(
      LinkServices services,
      LinkCall call,
      @Nullable String preferenceApplied,
      boolean upgradeAsked) {
    return new ResponseHeaders(
        services.connections(),
        services.config().cors(),
        call.head(),
        call.route(),
        preferenceApplied,
        services.config().sandboxLinks(),
        upgradeAsked);
  }

  /**
   * Returns the head for the client.
   *
   * @param granted the lease of the instance
   * @param view the addresses of link and instance
   * @param status the status code
   * @param received the instance's fields
   * @return the head, or null if the instance's cannot be passed on
   */
  Relay.@Nullable ResponseStart start(
      Lease granted, LinkView view, int status, HttpHeaders received) {
    HttpHeaders headers =
        status > 999 ? null : HeaderRules.toClient(received, route, LinkMapping.of(view));
    boolean switches = status == 101;
    if (headers == null
        || (switches && !upgradeAsked)
        || !Upgrade.isClear(head, status, received)) {
      return null;
    }
    addInstance(headers, head, granted);
    headers.set("AutoDeploy-Cold-Start", Boolean.toString(granted.coldStart()));
    if (granted.woken()) {
      headers.set("AutoDeploy-Woken", "true");
    } else {
      headers.remove("AutoDeploy-Woken"); // an instance does not say so
    }
    headers.set("AutoDeploy-Waited-Ms", Long.toString(granted.waited().toMillis()));
    if (isEventStream(received) && received.first(BUFFERING) == null) {
      headers.set(BUFFERING, "no"); // proxies in front would hold events back
    }
    if (preferenceApplied != null) {
      headers.add("Preference-Applied", preferenceApplied);
    }
    cors.addTo(headers, head, route.deployment());
    if (sandboxed && route.sharesOrigin()) {
      headers.add("Content-Security-Policy", SANDBOX); // beside the instance's own: both hold
    }
    String protocol = received.first("Upgrade");
    if (switches && protocol != null) {
      headers.set("Connection", "Upgrade");
      headers.set("Upgrade", protocol);
    } else if (connections.closesConnection(head)) {
      headers.set("Connection", "close");
    }
    boolean withoutBody =
        head.method().equals("HEAD") || status == 304 || status == 204 || switches;
    String declared = received.first("Content-Length");
    if (withoutBody
        && declared != null
        && status != 204
        && received.first("Transfer-Encoding") == null) {
      headers.set("Content-Length", declared);
    }
    return new Relay.ResponseStart(headers, withoutBody, null);
  }

  private static boolean isEventStream(HttpHeaders received) {
    String type = received.first("Content-Type");
    return type != null && type.regionMatches(true, 0, EVENT_STREAM, 0, EVENT_STREAM.length());
  }

  /**
   * Returns the fields of the link's own response to a request that an instance may have had.
   *
   * @param head the request
   * @param granted the lease of that instance, or null
   */
  static HttpHeaders ofRefusal(RequestHead head, @Nullable Lease granted) {
    HttpHeaders fields = new HttpHeaders();
    if (granted != null) {
      addInstance(fields, head, granted);
    }
    return fields;
  }

  /** Adds the instance that the request was for. */
  private static void addInstance(HttpHeaders headers, RequestHead head, Lease granted) {
    headers.set("AutoDeploy-Instance", granted.instanceId());
    if (head.headers().first(Route.RULE) != null) {
      headers.set(Route.TARGET, granted.instanceId());
    }
  }
}
