package dev.autodeploy.proxy.gateway;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.Deployment;
import dev.autodeploy.RouteRule;
import dev.autodeploy.proxy.LinkRequest;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way through the steps, and what they have found out. Used by one thread until it
 * has passed them all; from then on only read, by any.
 */
final class LinkCall {
  private RequestHead head;
  private final @Nullable String dedicated;
  private final boolean switchesProtocols;
  private @Nullable Route route;
  private @Nullable Deployment deployment;
  private @Nullable RouteRule rule;
  private InstanceUse use = InstanceUse.ORDINARY;
  private @Nullable String tokenId;
  private @Nullable String payer;
  private StickyRules.@Nullable Caller caller;
  private boolean asksForModel;
  private @Nullable Relay relay;
  private boolean detached;

  /**
   * Creates a call.
   *
   * @param head the head of the request
   * @param dedicated the deployment that the port belongs to, or null
   * @param switchesProtocols whether the front can carry another protocol after an upgrade
   */
  LinkCall(RequestHead head, @Nullable String dedicated, boolean switchesProtocols) {
    this.head = head;
    this.dedicated = dedicated;
    this.switchesProtocols = switchesProtocols;
  }

  RequestHead head() {
    return head;
  }

  /** The body has another length than it came with. */
  void bodyLength(long length) {
    head = head.with(length);
  }

  /** Returns the relay of the exchange, which there is one of. */
  Relay relay(Exchange exchange) {
    Relay known = relay;
    if (known == null) {
      known = exchange.relay();
      relay = known;
    }
    return known;
  }

  /**
   * The request goes on without its client: with another relay, and with its body as it is.
   *
   * @param length how long the body is
   * @param dropped the fields that are not for the instance
   */
  void detach(long length, String... dropped) {
    HttpHeaders fields = new HttpHeaders();
    for (int i = 0; i < head.headers().size(); i++) {
      if (Stream.of(dropped).noneMatch(head.headers().name(i)::equalsIgnoreCase)) {
        fields.add(head.headers().name(i), head.headers().value(i));
      }
    }
    head = head.with(fields);
    bodyLength(length);
    release();
    detached = true;
  }

  /**
   * Gives back what the body took that was read, as nothing but a response of the link follows. A
   * request that goes on without its client keeps its own.
   */
  void release() {
    Relay known = relay;
    if (known != null && !detached) {
      known.close();
      relay = null;
    }
  }

  /** The model that the request names is going to choose its deployment. */
  void askForModel() {
    asksForModel = true;
  }

  /** Returns whether the model is not known yet. */
  boolean asksForModel() {
    return asksForModel && route == null;
  }

  @Nullable String dedicated() {
    return dedicated;
  }

  boolean switchesProtocols() {
    return switchesProtocols;
  }

  boolean routed() {
    return route != null;
  }

  /** Returns the name that the link holds, or null if the request is for no deployment. */
  @Nullable String deploymentName() {
    return route == null ? null : route.deployment();
  }

  void route(Route found) {
    route = found;
  }

  Route route() {
    return requireNonNull(route, "route");
  }

  /** Returns the request as the host application's rules see it; made anew each time. */
  LinkRequest request() {
    return requestFor(route().deployment(), route().path());
  }

  /** Returns the request as it would look for another deployment and path. */
  LinkRequest requestFor(String name, String path) {
    return new LinkRequest(
        name, head.method(), path, head.headers()::all, head.remote(), head.secure());
  }

  void deployment(Deployment found) {
    deployment = found;
  }

  Deployment deployment() {
    return requireNonNull(deployment, "deployment");
  }

  void rule(RouteRule read) {
    rule = read;
  }

  RouteRule rule() {
    return requireNonNull(rule, "rule");
  }

  void use(InstanceUse found) {
    use = found;
  }

  InstanceUse use() {
    return use;
  }

  void payer(@Nullable String found) {
    payer = found;
  }

  /** Returns the name under which the cost of the request is listed, or null for none. */
  @Nullable String payer() {
    return payer;
  }

  void tokenId(@Nullable String found) {
    tokenId = found;
  }

  /** Returns what stands for the token that opened the link, or null if none did. */
  @Nullable String tokenId() {
    return tokenId;
  }

  void caller(StickyRules.Caller found) {
    caller = found;
    rule = found.rule();
  }

  /** Returns the caller, if it is to have the same instance each time. */
  StickyRules.@Nullable Caller caller() {
    return caller;
  }
}
