package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Deployment;
import java.net.URI;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Responds to what is for no deployment: with the status of those that the caller may use. */
final class StatusStep implements LinkStep {
  private final Deployments deployments;
  private final AccessRules access;
  private final Function<String, URI> linkBase;

  StatusStep(Deployments deployments, AccessRules access, Function<String, URI> linkBase) {
    this.deployments = deployments;
    this.access = access;
    this.linkBase = linkBase;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    if (call.routed()) {
      return null;
    }
    String method = call.head().method();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      return LinkResponse.of(Problems.statusIsRead());
    }
    List<Deployment> visible =
        deployments.all().stream()
            .filter(one -> access.allow(call.requestFor(one.name(), Gateway.STATUS_PATH)))
            .toList();
    if (visible.isEmpty() && access.any()) {
      return LinkResponse.of(Problems.notAllowed(null));
    }
    return LinkResponse.json(new HttpHeaders(), StatusDocument.of(visible, linkBase));
  }
}
