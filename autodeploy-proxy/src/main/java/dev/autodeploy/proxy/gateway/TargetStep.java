package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/** Refuses a path that is no path once the link is cut off, and responds to the last hop. */
final class TargetStep implements LinkStep {
  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    if (call.route().target().startsWith("//")) {
      return LinkResponse.of(
          Problems.badRequest("the path after the link must begin with exactly one slash"));
    }
    if (PathReading.leavesRoot(call.route().target())) { // one in front may read another link
      return LinkResponse.of(
          Problems.badRequest("the path after the link must not lead out of it by '..'"));
    }
    RequestHead head = call.head();
    boolean lastHop =
        head.method().equals("OPTIONS") && "0".equals(head.headers().first("Max-Forwards"));
    return lastHop // RFC 9110, 7.6.2
        ? LinkResponse.withoutBody(204, new HttpHeaders().add("Allow", "OPTIONS"))
        : null;
  }
}
