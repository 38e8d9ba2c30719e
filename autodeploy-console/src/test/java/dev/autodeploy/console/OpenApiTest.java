package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.Money;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every address of the OpenAPI document is called, and every answer held against its schema. */
@Timeout(120)
class OpenApiTest {
  private final Set<String> called = new TreeSet<>();
  private JsonNode document;

  private JsonNode call(ConsoleFixture f, String method, String template, String path, String body)
      throws Exception {
    HttpResponse<String> answer =
        method.equals("get")
            ? f.get("-/api/" + path)
            : f.change(method.toUpperCase(java.util.Locale.ROOT), "-/api/" + path, body);
    JsonNode operation = document.path("paths").path("/" + template).path(method);
    assertThat(operation.isObject()).as(method + " " + template + " is documented").isTrue();
    JsonNode response = operation.path("responses").path(String.valueOf(answer.statusCode()));
    assertThat(response.isObject())
        .as(method + " " + template + " may answer " + answer.statusCode() + ": " + answer.body())
        .isTrue();
    called.add(method + " " + template + " " + answer.statusCode());
    if (answer.body().isEmpty()) {
      assertThat(response.has("content")).as(template).isFalse();
      return ConsoleJson.object();
    }
    String type = answer.headers().firstValue("Content-Type").orElseThrow();
    JsonNode schema = response.path("content").path(type).path("schema");
    assertThat(schema.isObject()).as(template + " may be " + type).isTrue();
    JsonNode json = ConsoleJson.parse(answer.body());
    assertThat(new Schema(document).errors(schema, json)).as(method + " " + template).isEmpty();
    return json;
  }

  @Test
  void everyAnswer_isAsDocumented() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b.actions(true).allowedMounts("/models"))) {
      document = f.json("-/api/openapi.json");
      String full =
          """
          {"name": "voice", "description": "speaks", "image": "breezyvoice:latest",
           "gpu": {"count": 1, "model": "RTX 4090"}, "port": 8080,
           "startCommand": "python api.py", "environment": {"A": "secret"},
           "mounts": [{"source": "/models", "target": "/m"}], "idleTimeout": "PT5M",
           "pricePerHour": {"amount": "0.49", "currency": "USD"}}
          """;
      assertThat(
              new Schema(document)
                  .errors(document.at("/components/schemas/SpecInput"), ConsoleJson.parse(full)))
          .isEmpty();
      call(f, "get", "session", "session", "");
      String prepare = "deployments/{name}/prepare";
      call(f, "post", prepare, "deployments/voice/prepare", "{}");
      call(f, "post", prepare, "deployments/voice/prepare", "{\"cancel\":true}");
      call(f, "post", prepare, "deployments/voice/prepare", "{\"cancel\":1}");
      call(f, "get", "provider", "provider", "");
      call(f, "get", "gpus", "gpus", "");
      call(f, "get", "costs", "costs?from=2026-11-01&by=day,deployment,gpu-model,caller", "");
      call(f, "get", "costs", "costs?range=day", "");
      call(f, "get", "budget", "budget", "");
      String budget =
          """
          {"budget": {"amount": "200", "currency": "USD", "period": "month",
                      "zone": "Europe/Berlin", "end": "cut"}}
          """;
      JsonNode set = call(f, "patch", "budget", "budget", budget);
      assertThat(set.at("/budget/minimumUse").asText()).isEqualTo("PT1S");
      assertThat(set.at("/status/limit").asText()).isEqualTo("200");
      assertThat(f.autoDeploy.budgetStatus().budget().describe()).isEqualTo("200 USD per month");
      call(f, "patch", "budget", "budget", "{\"budget\": {\"amount\": \"x\"}}");
      call(f, "patch", "budget", "budget", "{\"limit\": 3}");
      call(f, "patch", "budget", "budget", "{\"budget\": null}");
      assertThat(f.autoDeploy.budgetStatus()).isNull();
      call(f, "get", "costs", "costs?by=weather", "");
      call(f, "post", "check", "check", full);
      call(f, "post", "check", "check", "{\"name\":\"-\"}");
      call(f, "get", "deployments", "deployments", "");
      call(f, "post", "deployments", "deployments", full);
      call(f, "post", "deployments", "deployments", full);
      call(f, "post", "deployments", "deployments", "{\"port\":\"x\"}");
      call(f, "patch", "deployments/{name}", "deployments/voice", "{\"maxInstances\":2}");
      call(f, "patch", "deployments/{name}", "deployments/voice", "{\"maxInstances\":0}");
      call(f, "get", "deployments/{name}", "deployments/nobody", "");
      f.provider.startTime = Duration.ofMillis(300);
      call(f, "post", "deployments/{name}/start", "deployments/voice/start", "");
      Await.until(
          () ->
              call(f, "get", "deployments/{name}", "deployments/voice", "")
                  .at("/instanceList/0/progress")
                  .isObject());
      Await.until(
          () ->
              call(f, "get", "deployments/{name}", "deployments/voice", "")
                  .path("status")
                  .asText()
                  .equals("running"));
      String id =
          call(f, "get", "deployments/{name}/instances", "deployments/voice/instances", "")
              .at("/instances/0/id")
              .asText();
      try (Lease lease = f.autoDeploy.deployment("voice").acquire(Duration.ofSeconds(5))) {
        call(f, "get", "deployments", "deployments", "");
        assertThat(lease.instanceId()).isEqualTo(id);
      }
      String logs = "deployments/{name}/instances/{instanceId}/logs";
      call(f, "get", logs, "deployments/voice/instances/" + id + "/logs?lines=5", "");
      call(f, "get", logs, "deployments/voice/instances/x/logs", "");
      call(f, "get", "deployments/{name}/usage", "deployments/voice/usage", "");
      for (String window : new String[] {"hour", "day", "week"}) {
        String path = "deployments/voice/history?window=" + window;
        call(f, "get", "deployments/{name}/history", path, "");
      }
      call(f, "get", "deployments/{name}/what-if", "deployments/voice/what-if", "");
      call(f, "get", "deployments/{name}/what-if", "deployments/text/what-if", "");
      String snapshot = "deployments/{name}/snapshot";
      call(f, "post", snapshot, "deployments/voice/snapshot", "{\"name\":\"warm\"}");
      call(f, "post", snapshot, "deployments/voice/snapshot", "{}");
      call(
          f,
          "post",
          snapshot,
          "deployments/voice/snapshot",
          "{\"name\":\"warm\",\"includeVolumes\":\"yes\"}");
      Await.until(() -> !f.provider.snapshots.isEmpty());
      call(f, "get", "provider", "provider", "");
      call(f, "post", "deployments/{name}/release", "deployments/voice/release", "{}");
      Await.until(() -> f.autoDeploy.deployment("voice").status().instances().isEmpty());
      f.change("PATCH", "-/api/deployments/voice", "{\"startCommand\":\"exit 3\"}");
      call(f, "post", "deployments/{name}/start", "deployments/voice/start", "");
      Await.until(
          () ->
              call(f, "get", "deployments/{name}", "deployments/voice", "")
                  .path("lastFailure")
                  .isObject());
      call(f, "delete", "deployments/{name}", "deployments/voice", "");
      f.autoDeploy.deploy(
          DeploymentSpec.builder("free").port(1).pricePerHour(Money.of("0", "TWD")).build());
      call(f, "delete", "deployments/{name}", "deployments/free", "");
      call(f, "get", "audit", "audit", "");
      JsonNode events = call(f, "get", "events", "events?limit=500", "");
      assertThat(Set.copyOf(events.path("events").findValuesAsText("type")))
          .contains("created", "updated", "instance-start-failed", "instance-released");
    }
    try (ConsoleFixture readOnly = new ConsoleFixture(b -> b)) {
      call(readOnly, "post", "check", "check", "{}");
      call(readOnly, "get", "audit", "audit", "");
    }
    try (ConsoleFixture asking =
        new ConsoleFixture(b -> b.actions(true).signIn(SignInTest.users()))) {
      call(asking, "get", "session", "session", "");
      String user = "{\"user\":\"mei\",\"password\":\"PASSWORD\"}";
      call(asking, "post", "sign-in", "sign-in", user);
      call(asking, "post", "sign-in", "sign-in", user.replace("PASSWORD", SignInTest.PASSWORD));
      call(asking, "post", "sign-in", "sign-in", "{}");
      call(asking, "post", "sign-out", "sign-out", "");
    }
    assertEverythingWasCalled();
  }

  /** Streams are read in their own test; everything else has to be called here. */
  private void assertEverythingWasCalled() {
    Set<String> documented = new TreeSet<>();
    Set<String> seen = new TreeSet<>();
    called.forEach(c -> seen.add(c.substring(0, c.lastIndexOf(' '))));
    document
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        operation -> {
                          if (!operation.getKey().equals("parameters")
                              && !path.getKey().endsWith("/stream")) {
                            documented.add(operation.getKey() + " " + path.getKey().substring(1));
                          }
                        }));
    assertThat(seen).isEqualTo(documented);
  }

  @Test
  void theCheckOfSchemas_canFail() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      document = f.json("-/api/openapi.json");
      JsonNode schema = document.at("/components/schemas/Session");
      ObjectNode session = (ObjectNode) f.json("-/api/session");
      assertThat(new Schema(document).errors(schema, session)).isEmpty();
      session.put("surprise", 1).put("actions", "yes").remove("owner");
      assertThat(new Schema(document).errors(schema, session)).hasSize(3);
    }
  }
}
