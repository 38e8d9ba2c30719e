package dev.autodeploy.proxy.gateway;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import org.jspecify.annotations.Nullable;

/**
 * The composition of one request for the instances that it is sent to: without what is the link's,
 * and with what the link says of the client.
 *
 * @param config the settings
 * @param rules the rules for header fields
 * @param head the head of the request
 * @param route where the request goes
 * @param link the address that its client sees
 * @param upgrade the protocol that it asks for, or null
 * @param withTrailers whether trailers are passed on
 */
record InstanceRequest(
    GatewayConfig config,
    HeaderRules rules,
    RequestHead head,
    Route route,
    LinkAddress link,
    @Nullable String upgrade,
    boolean withTrailers) {

  /** Returns what composes one request, once there is an instance for it. */
  static InstanceRequest of(LinkServices services, LinkCall call, boolean passesTrailers) {
    RequestHead head = call.head();
    String upgrade = call.switchesProtocols() ? Upgrade.asked(head) : null;
    return new InstanceRequest(
        services.config(),
        services.headers(),
        head,
        call.route(),
        services.addresses().of(head, call.route()),
        upgrade,
        passesTrailers && upgrade == null);
  }

  /** Returns the addresses of link and instance. */
  LinkView view(Lease granted, DeploymentSpec spec) {
    return new LinkView(
        link,
        granted.endpoint(),
        spec.port(),
        spec.preserveHost(),
        head.path().equals(route.prefix()));
  }

  /** Returns the request for an instance. */
  Relay.Request compose(LinkView view) {
    AccessRules access = config.access();
    boolean keepAuthorization =
        head.credentials().authorization()
            ? config.forwardsAuthorization()
            : config.keepAuthorization();
    HttpHeaders headers =
        rules.toInstance(
            access.withoutOurs(head, config.forwardsAuthorization()),
            view,
            keepAuthorization,
            upgrade);
    if (withTrailers) {
      TrailerRules.announceToInstance(head.headers(), headers);
    }
    return new Relay.Request(
        head.method(), access.withoutOurs(route.target()), headers, head.bodyLength());
  }
}
