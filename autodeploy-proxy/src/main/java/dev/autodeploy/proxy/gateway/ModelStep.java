package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.autodeploy.Deployment;
import dev.autodeploy.proxy.ModelRequest;
import dev.autodeploy.proxy.ModelRouter;
import java.net.URLDecoder;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Serves the address that all models share: answers what asks for a list, and finds the deployment
 * of what asks for a model. A model whose deployment the caller may not use is unknown to it.
 */
final class ModelStep implements LinkStep {
  private final ModelRouter router;
  private final ModelDirectory directory;
  private final Deployments deployments;
  private final AccessRules access;

  ModelStep(ModelRouter router, Deployments deployments, AccessRules access) {
    this.router = router;
    this.deployments = deployments;
    this.access = access;
    directory = new ModelDirectory(router, deployments);
  }

  /** Returns whether a path is one of those that models are asked at. */
  boolean serves(String path) {
    return ModelApi.of(path) != null || router.morePaths().contains(path);
  }

  /** Returns whether handling a request may run code of the host application, or go over a list. */
  boolean mayBlock(RequestHead head) {
    return serves(head.path()) && (router.rule() != null || isRead(head.path()));
  }

  private static boolean isRead(String path) {
    return path.startsWith(ModelApi.MODELS) || path.equals(ModelApi.TAGS);
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    if (!call.asksForModel()) {
      return null;
    }
    String method = call.head().method();
    String path = call.head().path();
    boolean read = isRead(path);
    if (read ? !method.equals("GET") && !method.equals("HEAD") : !method.equals("POST")) {
      return LinkResponse.of(Problems.modelMethod(read ? "GET" : "POST"));
    }
    Predicate<Deployment> mayUse = mayUse(call);
    if (access.any() && deployments.all().stream().noneMatch(mayUse)) {
      return LinkResponse.of(Problems.notAllowed(null)); // before any of the body is read
    }
    return read ? list(path, mayUse) : null;
  }

  private Predicate<Deployment> mayUse(LinkCall call) {
    List<String> tokens = access.presented(call.head());
    return one -> access.allow(call.requestFor(one.name(), call.head().path()), tokens);
  }

  private LinkResponse list(String path, Predicate<Deployment> mayUse) {
    List<ModelDirectory.Model> models = directory.all(mayUse);
    if (path.equals(ModelApi.TAGS)) {
      return LinkResponse.json(new HttpHeaders(), ModelDirectory.ollamaList(models));
    }
    if (path.equals(ModelApi.MODELS)) {
      return LinkResponse.json(new HttpHeaders(), ModelDirectory.openAiList(models));
    }
    String name = decoded(path.substring(ModelApi.MODELS.length() + 1));
    return models.stream()
        .filter(model -> model.name().equals(name))
        .findFirst()
        .map(
            one -> LinkResponse.json(new HttpHeaders(), JsonText.write(ModelDirectory.openAi(one))))
        .orElseGet(() -> LinkResponse.of(Problems.modelNotFound(name)));
  }

  private static String decoded(String segment) {
    try {
      return URLDecoder.decode(segment.replace("+", "%2B"), UTF_8);
    } catch (IllegalArgumentException e) {
      return segment;
    }
  }

  /** Returns the search for the name of the model that a request asks for. */
  Search search(LinkCall call) {
    HttpHeaders headers = call.head().headers();
    String said = headers.first(ModelRouter.HEADER);
    ModelField field = new ModelField(headers.first("Content-Type"));
    BodyPrefix prefix = new BodyPrefix(router.prefixBytes(), field);
    return new Search(said == null || said.isBlank() ? null : said.strip(), field, prefix);
  }

  /**
   * A search for the name of a model.
   *
   * @param said the name in the header, or null
   * @param field the name in the body
   * @param prefix the beginning of the body
   */
  record Search(@Nullable String said, ModelField field, BodyPrefix prefix) {

    /** Returns whether the body need not be looked at. */
    boolean isKnown() {
      return said != null;
    }

    @Nullable String model() {
      return said != null ? said : field.model();
    }
  }

  /**
   * Chooses the deployment.
   *
   * @param exchange the exchange
   * @param call the request
   * @param search the search, which is over
   * @return the link's own response, or null if the request goes to the deployment
   */
  @Nullable LinkResponse chosen(Exchange exchange, LinkCall call, Search search) {
    RequestHead head = call.head();
    String path = head.path();
    String model = search.model();
    Predicate<Deployment> mayUse = mayUse(call);
    ModelRequest request = new ModelRequest(model, path, head.headers()::all, head.remote());
    Deployment found = directory.find(request, mayUse);
    if (found == null) {
      found = directory.otherwise(path, mayUse);
    }
    if (found == null) {
      return LinkResponse.of(
          model == null
              ? Problems.modelNotNamed(search.prefix().room() == 0, router.prefixBytes())
              : Problems.modelNotFound(model));
    }
    if (path.equals(ModelApi.SHOW)) {
      return LinkResponse.json(
          new HttpHeaders(),
          ModelDirectory.ollamaModel(
              new ModelDirectory.Model(model == null ? found.name() : model, found)));
    }
    rewrite(exchange, call, search, router.sentAs(found.name()));
    call.route(new Route(found.name(), "", head.target(), true));
    return null;
  }

  private static void rewrite(
      Exchange exchange, LinkCall call, Search search, @Nullable String name) {
    ModelField field = search.field();
    if (name == null || field.model() == null || field.from() < 0 || field.to() <= field.from()) {
      return;
    }
    byte[] by = field.written(name);
    call.relay(exchange).replace(field.from(), field.to(), by);
    long length = call.head().bodyLength();
    if (length > 0) {
      call.bodyLength(length + by.length - (field.to() - field.from()));
    }
  }

  /** Returns a response of the link as the client of a model reads it. */
  LinkResponse shaped(RequestHead head, LinkResponse response) {
    ModelApi api = ModelApi.of(head.path());
    return api == null
        ? response
        : ErrorShape.of(api, response, head.headers().first("anthropic-version") != null);
  }
}
