package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.proxy.LinkRequest;
import dev.autodeploy.proxy.WakeRule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Treats the requests that must not wake a deployment, or not keep its instance: by the first rule
 * that is for them.
 */
final class WakeStep implements LinkStep {
  private final List<WakeRule> rules;
  private final LastAnswers lastAnswers;

  WakeStep(List<WakeRule> rules, LastAnswers lastAnswers) {
    this.rules = rules;
    this.lastAnswers = lastAnswers;
  }

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    if (rules.isEmpty()) {
      return null;
    }
    LinkRequest request = call.request();
    for (WakeRule rule : rules) {
      if (rule.matches(request)) {
        return apply(rule.action(), call);
      }
    }
    return null;
  }

  private @Nullable LinkResponse apply(WakeRule.Action action, LinkCall call) {
    if (action instanceof WakeRule.AnswerStatus status) {
      return status.whileAsleep() && isAwake(call.deployment()) ? null : respondWithStatus(call);
    }
    if (action instanceof WakeRule.Answer answer) {
      return answer.whileAsleep() && isAwake(call.deployment()) ? null : respond(answer);
    }
    if (action instanceof WakeRule.LastAnswer last) {
      return lastAnswer(last, call);
    }
    if (action instanceof WakeRule.DoNotWake refusal) {
      call.use(InstanceUse.notWaking(refusal.status()));
    } else if (action instanceof WakeRule.DoNotKeep refusal) {
      call.use(InstanceUse.notKeeping(refusal.status()));
    }
    return null;
  }

  private @Nullable LinkResponse lastAnswer(WakeRule.LastAnswer rule, LinkCall call) {
    String method = call.head().method();
    boolean reads = method.equals("GET") || method.equals("HEAD");
    if (!reads || call.head().bodyLength() != 0) { // what its body asks for is not kept
      return null;
    }
    if (!isAwake(call.deployment())) {
      LinkResponse kept = lastAnswers.find(call, rule);
      if (kept != null) {
        return kept;
      }
    }
    call.use(InstanceUse.recorded(method.equals("GET") ? lastAnswers.recording(call, rule) : null));
    return null;
  }

  private static boolean isAwake(Deployment deployment) {
    return deployment.status().count(InstancePhase.READY) > 0;
  }

  private static LinkResponse respond(WakeRule.Answer answer) {
    HttpHeaders headers = new HttpHeaders();
    String type = null;
    for (Map.Entry<String, String> field : answer.headers().entrySet()) {
      if (field.getKey().equalsIgnoreCase("Content-Type")) {
        type = field.getValue();
      } else {
        headers.add(field.getKey(), field.getValue());
      }
    }
    return LinkResponse.text(answer.status(), headers, type, answer.body());
  }

  private static LinkResponse respondWithStatus(LinkCall call) {
    DeploymentState state = call.deployment().status().state();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("deployment", call.deployment().name());
    json.put("status", state);
    return LinkResponse.json(
        new HttpHeaders().add("AutoDeploy-Status", state.name()), JsonText.write(json));
  }
}
