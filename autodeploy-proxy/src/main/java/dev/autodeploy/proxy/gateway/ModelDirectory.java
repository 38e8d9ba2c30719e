package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Deployment;
import dev.autodeploy.proxy.ModelRequest;
import dev.autodeploy.proxy.ModelRouter;
import dev.autodeploy.proxy.ModelRule;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The models that callers may use, and the deployments that serve them. Thread-safe. */
final class ModelDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(ModelDirectory.class);

  private final ModelRouter router;
  private final Deployments deployments;

  ModelDirectory(ModelRouter router, Deployments deployments) {
    this.router = router;
    this.deployments = deployments;
  }

  /**
   * A model.
   *
   * @param name its name, as callers write it
   * @param deployment the deployment that serves it
   */
  record Model(String name, Deployment deployment) {}

  /** Returns the models of the deployments that a caller may use: aliases first, then own names. */
  List<Model> all(Predicate<Deployment> mayUse) {
    Map<String, Model> models = new LinkedHashMap<>();
    router
        .names()
        .forEach(
            (name, deployment) ->
                deployments
                    .find(deployment)
                    .filter(mayUse)
                    .ifPresent(found -> models.put(name, new Model(name, found))));
    if (router.ownNames()) {
      for (Deployment deployment : deployments.all()) {
        String name = deployment.name();
        if (mayUse.test(deployment) && router.named(name) == null) {
          models.put(name, new Model(name, deployment));
        }
      }
    }
    return List.copyOf(models.values());
  }

  /**
   * Returns the deployment of a model, the default left out.
   *
   * @param request the request, which names a model
   * @param mayUse whether the caller may use a deployment
   */
  @Nullable Deployment find(ModelRequest request, Predicate<Deployment> mayUse) {
    String name = byRule(request);
    String model = request.model();
    if (name == null && model != null) {
      name = router.named(model);
      if (name == null && router.ownNames()) {
        name = model;
      }
    }
    return existing(name, mayUse);
  }

  /** Returns the deployment of requests whose model is unknown or not named, if there is one. */
  @Nullable Deployment otherwise(String path, Predicate<Deployment> mayUse) {
    return existing(router.defaultFor(path), mayUse);
  }

  private @Nullable Deployment existing(@Nullable String name, Predicate<Deployment> mayUse) {
    Optional<Deployment> found = name == null ? Optional.empty() : deployments.find(name);
    return found.filter(mayUse).orElse(null);
  }

  private @Nullable String byRule(ModelRequest request) {
    ModelRule rule = router.rule();
    if (rule == null) {
      return null;
    }
    try {
      return rule.deploymentFor(request);
    } catch (RuntimeException e) {
      LOG.warn("The rule for models failed; names and patterns decide", e);
      return null;
    }
  }

  /** Returns the list as clients of OpenAI and of Anthropic read it: the fields of both. */
  static String openAiList(List<Model> models) {
    List<Map<String, @Nullable Object>> data = new ArrayList<>();
    models.forEach(model -> data.add(openAi(model)));
    Map<String, @Nullable Object> list = new LinkedHashMap<>();
    list.put("object", "list");
    list.put("data", data);
    list.put("has_more", false);
    list.put("first_id", models.isEmpty() ? null : models.get(0).name());
    list.put("last_id", models.isEmpty() ? null : models.get(models.size() - 1).name());
    return JsonText.write(list);
  }

  /** Returns one model as clients of OpenAI and of Anthropic read it. */
  static Map<String, @Nullable Object> openAi(Model model) {
    Instant created = model.deployment.createdAt();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", model.name);
    json.put("object", "model");
    json.put("created", created.getEpochSecond());
    json.put("owned_by", "autodeploy");
    json.put("type", "model");
    json.put("display_name", model.name);
    json.put("created_at", created.toString());
    json.put("autodeploy", extension(model));
    return json;
  }

  /** Returns the list as Ollama's clients read it. */
  static String ollamaList(List<Model> models) {
    List<Map<String, @Nullable Object>> list = new ArrayList<>();
    for (Model model : models) {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("name", model.name);
      json.put("model", model.name);
      json.put("modified_at", model.deployment.createdAt().toString());
      json.put("size", 0);
      json.put("digest", "");
      json.put("details", details());
      json.put("autodeploy", extension(model));
      list.add(json);
    }
    return JsonText.write(Map.of("models", list));
  }

  /** Returns what is known of one model as Ollama's clients read it. */
  static String ollamaModel(Model model) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("modelfile", "");
    json.put("parameters", "");
    json.put("template", "");
    json.put("details", details());
    json.put("model_info", Map.of("general.basename", model.name));
    json.put("capabilities", List.of());
    json.put("modified_at", model.deployment.createdAt().toString());
    json.put("autodeploy", extension(model));
    return JsonText.write(json);
  }

  private static Map<String, Object> details() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("parent_model", "");
    json.put("format", "");
    json.put("family", "");
    json.put("families", List.of());
    json.put("parameter_size", "");
    json.put("quantization_level", "");
    return json;
  }

  private static Map<String, Object> extension(Model model) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("deployment", model.deployment.name());
    json.put("description", model.deployment.spec().description());
    json.put("status", model.deployment.status().state());
    return json;
  }
}
