package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * Redirects from {@code /d/<name>} to {@code /d/<name>/}, so that relative links in the page there
 * lead below the link. Requests of other methods, and upgrades, get what the instance has at its
 * root.
 */
final class SlashStep implements LinkStep {
  private final LinkAddresses addresses;

  SlashStep(LinkAddresses addresses) {
    this.addresses = addresses;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    RequestHead head = call.head();
    Route route = call.route();
    boolean asked =
        route.sharesOrigin()
            && head.path().equals(route.prefix())
            && (head.method().equals("GET") || head.method().equals("HEAD"))
            && !head.asksForProtocol();
    if (!asked) {
      return null;
    }
    String query = head.target().substring(head.path().length());
    String location = addresses.of(head, route).prefix() + "/" + query;
    return LinkResponse.withoutBody(308, new HttpHeaders().add("Location", location));
  }
}
