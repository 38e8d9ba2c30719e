package dev.autodeploy.proxy.gateway;

import dev.autodeploy.DeploymentState;
import dev.autodeploy.proxy.NoWakeRule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Responds with the deployment's state to requests that must not wake it, so that nothing is
 * started and no idle time restarts.
 */
final class NoWakeStep implements LinkStep {
  private final List<NoWakeRule> rules;

  NoWakeStep(List<NoWakeRule> rules) {
    this.rules = rules;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    return rules.stream().anyMatch(rule -> rule.matches(call.request()))
        ? respondWithStatus(call)
        : null;
  }

  private static LinkResponse respondWithStatus(LinkCall call) {
    DeploymentState state = call.deployment().status().state();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("deployment", call.deployment().name());
    json.put("status", state);
    return LinkResponse.json(
        new HttpHeaders().add("AutoDeploy-Status", state.name()), Json.write(json));
  }
}
