package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Deployment;
import dev.autodeploy.internal.document.DeploymentQuery;
import java.net.URI;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
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
    List<String> tokens = access.presented(call.head());
    Predicate<Deployment> visible =
        one -> access.allow(call.requestFor(one.name(), Gateway.STATUS_PATH), tokens);
    List<Deployment> all = deployments.all();
    DeploymentQuery.Page page;
    try {
      page = DeploymentQuery.of(QueryParameters.of(call.head().query())).page(all, visible);
    } catch (IllegalArgumentException e) {
      return LinkResponse.of(Problems.badQuery(String.valueOf(e.getMessage())));
    }
    if (page.deployments().isEmpty() && access.any() && all.stream().noneMatch(visible)) {
      return LinkResponse.of(Problems.notAllowed(null));
    }
    return LinkResponse.json(new HttpHeaders(), StatusDocument.of(page, linkBase));
  }
}
