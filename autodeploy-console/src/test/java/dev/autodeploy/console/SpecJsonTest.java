package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.Schedule;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SpecJsonTest {

  private static final String FULL =
      """
      {"name": "voice", "description": "speaks", "image": "breezyvoice:latest",
       "gpu": {"count": 1, "model": "RTX 4090"}, "port": 8080,
       "startCommand": "cd /BreezyVoice && python api.py",
       "environment": {"API_KEY": "sk-secret"},
       "mounts": [{"source": "/models", "target": "/m", "readOnly": true}],
       "sharedMemoryBytes": 1073741824, "readiness": {"type": "http", "path": "/health"},
       "startTimeout": "PT3M", "idleTimeout": "PT5M", "minInstances": 1, "maxInstances": 2,
       "concurrency": 4, "maxPending": 9, "releaseGrace": "PT2S", "startBackoff": "PT2S",
       "maxStartBackoff": "PT20S", "pricePerHour": {"amount": "0.490", "currency": "USD"},
       "schedule": {"zone": "Europe/Berlin", "windows": [
         {"days": "MON-FRI", "from": "08:30", "to": "18:00", "warm": 1},
         {"days": "daily", "from": "18:00", "to": "22:30", "idleTimeout": "PT1M30S"},
         {"days": "SAT,SUN", "from": "22:00", "to": "06:00", "closed": true}]},
       "budget": {"amount": "20.50", "currency": "USD", "period": "month", "zone": "Asia/Taipei",
         "end": "cut", "minimumUse": "PT30S"},
       "preserveHost": false, "linkPort": 20007}
      """;

  private static final DeploymentSpec SPEC =
      DeploymentSpec.builder("voice")
          .description("speaks")
          .image("breezyvoice:latest")
          .gpu(GpuRequest.count(1).model("RTX 4090"))
          .port(8080)
          .startCommand("cd /BreezyVoice && python api.py")
          .environment("API_KEY", "sk-secret")
          .mount(Mount.of("/models", "/m").asReadOnly())
          .sharedMemoryBytes(1073741824)
          .readiness(ReadinessProbe.http("/health"))
          .startTimeout(Duration.ofMinutes(3))
          .idleTimeout(Duration.ofMinutes(5))
          .minInstances(1)
          .maxInstances(2)
          .concurrency(4)
          .maxPending(9)
          .releaseGrace(Duration.ofSeconds(2))
          .startBackoff(Duration.ofSeconds(2), Duration.ofSeconds(20))
          .pricePerHour(Money.of("0.490", "USD"))
          .preserveHost(false)
          .schedule(
              Schedule.weekly(ZoneId.of("Europe/Berlin"))
                  .warm("MON-FRI", "08:30", "18:00", 1)
                  .idleTimeout("daily", "18:00", "22:30", Duration.ofSeconds(90))
                  .closed("SAT,SUN", "22:00", "06:00"))
          .budget(
              Budget.money("20.50", "USD")
                  .per(Budget.Period.MONTH, ZoneId.of("Asia/Taipei"))
                  .cut()
                  .minimumUse(Duration.ofSeconds(30)))
          .linkPort(20_007)
          .build();

  @Test
  void headerOfAProbe_isNotShown_andKeptByAChangeThatLeavesItSo() {
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .port(8080)
            .environment("API_KEY", "secret")
            .readiness(
                ReadinessProbe.httpRequest("/health")
                    .header("X-Key", "hunter2")
                    .header("Authorization", "Bearer ${API_KEY}")
                    .build())
            .build();
    String shown = SpecJson.write(spec);

    assertThat(shown)
        .contains("\"X-Key\":\"***\"")
        .contains("Bearer ${API_KEY}")
        .doesNotContain("hunter2");
    assertThat(SpecJson.merge(spec, shown.replace("\"environmentNames\":[\"API_KEY\"],", "")))
        .isEqualTo(spec);
    DeploymentSpec changed =
        SpecJson.merge(
            spec,
            "{\"readiness\":{\"type\":\"http\",\"path\":\"/ready\",\"timeout\":\"PT30S\","
                + "\"method\":\"HEAD\",\"headers\":{\"X-Key\":\"***\"}},\"probeThreshold\":2,"
                + "\"probeInterval\":\"PT1S\",\"prepareAhead\":true}");
    assertThat(changed.readiness())
        .isEqualTo(
            ReadinessProbe.httpRequest("/ready")
                .method("HEAD")
                .header("X-Key", "hunter2")
                .timeout(Duration.ofSeconds(30))
                .build());
    assertThat(changed.probeThreshold()).isEqualTo(2);
    assertThat(changed.probeInterval()).isEqualTo(Duration.ofSeconds(1));
    assertThat(changed.prepareAhead()).isTrue();
    assertThatThrownBy(
            () ->
                SpecJson.read(
                    "{\"name\":\"a\",\"port\":1,\"readiness\":{\"type\":\"http\",\"path\":\"/\","
                        + "\"headers\":{\"X-Key\":\"***\"}}}"))
        .hasMessageContaining("give it again");
    assertThatThrownBy(
            () ->
                SpecJson.read(
                    "{\"name\":\"a\",\"port\":1,\"readiness\":{\"type\":\"http\",\"path\":\"/\","
                        + "\"headers\":{\"X-Key\":\"${NONE}\"}}}"))
        .hasMessageContaining("NONE");
  }

  @Test
  void everyField_isRead() {
    assertThat(SpecJson.read(FULL)).isEqualTo(SPEC);
  }

  @Test
  void absentFields_haveTheDefaults() {
    assertThat(SpecJson.read("{\"name\":\"a\",\"port\":80,\"image\":null}"))
        .isEqualTo(DeploymentSpec.builder("a").port(80).build());
  }

  @Test
  void environmentValues_areNeverWritten() {
    assertThat(SpecJson.write(SPEC)).contains("API_KEY").doesNotContain("sk-secret");
  }

  @Test
  void aMergeOfNothing_changesNothing() {
    assertThat(SpecJson.merge(SPEC, "{}")).isEqualTo(SPEC);
  }

  @Test
  void aMerge_keepsPoliciesAndProbesOfTheApplicationsOwn() {
    IdlePolicy own = history -> Optional.of(Duration.ofSeconds(history.recentGaps().size()));
    DeploymentSpec spec = SPEC.toBuilder().idlePolicy(own).readiness(target -> true).build();

    DeploymentSpec merged = SpecJson.merge(spec, "{\"maxInstances\": 7}");

    assertThat(merged).isEqualTo(spec.toBuilder().maxInstances(7).build());
    assertThat(SpecJson.write(spec)).contains("\"idleTimeout\":\"custom\"");
  }

  @Test
  void theLibrarysOwnProbesAndPolicies_areShownAsTheyWereGiven() {
    for (String probe :
        List.of(
            "{\"type\":\"tcp\"}",
            "{\"type\":\"http\",\"path\":\"/health\"}",
            "{\"type\":\"http\",\"path\":\"/health\",\"status\":204}",
            "{\"type\":\"http\",\"path\":\"/\",\"minStatus\":200,\"maxStatus\":299}",
            "{\"type\":\"logLine\",\"regex\":\"ready in \\\\d+ s\"}",
            "{\"type\":\"anyOf\",\"probes\":[{\"type\":\"tcp\"},"
                + "{\"type\":\"allOf\",\"probes\":[{\"type\":\"http\",\"path\":\"/a\"}]}]}")) {
      String json = "{\"name\":\"a\",\"port\":1,\"readiness\":" + probe + "}";
      assertThat(SpecJson.write(SpecJson.read(json))).contains("\"readiness\":" + probe);
    }
    assertThat(SpecJson.write(SPEC)).contains("\"idleTimeout\":\"PT5M\"");
  }

  @Test
  void aMerge_keepsAProbeThatHoldsOneOfTheApplicationsOwn() {
    DeploymentSpec spec =
        SPEC.toBuilder()
            .readiness(ReadinessProbe.allOf(ReadinessProbe.tcp(), target -> true))
            .build();

    assertThat(SpecJson.merge(spec, SpecJson.write(spec).replaceAll("\"environmentNames.*?],", "")))
        .isEqualTo(spec);
  }

  @Test
  void aCustomProbeOrPolicy_cannotBeGiven() {
    InvalidSpecException error =
        catchThrowableOfType(
            InvalidSpecException.class,
            () ->
                SpecJson.read(
                    "{\"name\":\"a\",\"port\":1,\"idleTimeout\":\"custom\","
                        + "\"readiness\":{\"type\":\"custom\"}}"));
    assertThat(error.errors())
        .extracting(FieldError::field)
        .containsExactlyInAnyOrder("idleTimeout", "readiness");
  }

  @Test
  void aMergeOfAnImage_takesThePlaceOfASnapshot_andTheOtherWayRound() {
    DeploymentSpec snapshot = SpecJson.merge(SPEC, "{\"snapshot\": \"warm\"}");
    assertThat(snapshot).isEqualTo(SPEC.toBuilder().snapshot("warm").build());
    assertThat(SpecJson.merge(snapshot, "{\"image\": \"breezyvoice:latest\"}")).isEqualTo(SPEC);
    assertThat(
            catchThrowableOfType(
                InvalidSpecException.class,
                () -> SpecJson.merge(SPEC, "{\"image\": \"a\", \"snapshot\": \"b\"}")))
        .isNotNull();
  }

  @Test
  void aMerge_changesOnlyTheVariablesThatItNames() {
    DeploymentSpec merged =
        SpecJson.merge(
            SPEC.toBuilder().environment("OLD", "1").build(),
            "{\"environment\": {\"NEW\": \"2\", \"OLD\": null}}");

    assertThat(merged.environment()).containsOnlyKeys("API_KEY", "NEW");
    assertThat(merged.environment()).containsEntry("API_KEY", "sk-secret");
  }

  @Test
  void aNullInAMerge_takesTheDefault() {
    assertThat(SpecJson.merge(SPEC, "{\"image\": null, \"idleTimeout\": \"never\"}"))
        .isEqualTo(
            SpecJson.read(FULL.replace("\"image\": \"breezyvoice:latest\",", "")).toBuilder()
                .idlePolicy(IdlePolicy.never())
                .build());
  }

  @Test
  void allWrongFields_areToldAtOnce() {
    InvalidSpecException error =
        catchThrowableOfType(
            InvalidSpecException.class,
            () ->
                SpecJson.read(
                    """
                    {"name": "Voice!", "port": 70000, "gpu": {"count": -3}, "image": "a",
                     "snapshot": "b", "idleTimeout": "soon", "maxInstances": 2, "minInstances": 3,
                     "environment": {"1A": "x"}, "pricePerHour": {"amount": "-1", "currency": "USD"},
                     "colour": "red", "concurrency": 1.5, "mounts": [{"source": "/a"}],
                     "startBackoff": "PT0S", "startCommand": " "}
                    """));

    assertThat(error.errors())
        .extracting(FieldError::field)
        .containsExactlyInAnyOrder(
            "name",
            "port",
            "gpu",
            "snapshot",
            "idleTimeout",
            "minInstances",
            "environment",
            "pricePerHour",
            "colour",
            "concurrency",
            "mounts",
            "startBackoff",
            "startCommand");
  }

  @Test
  void aMissingNameAndPort_areToldAtTheirFields() {
    InvalidSpecException error =
        catchThrowableOfType(InvalidSpecException.class, () -> SpecJson.read("{}"));
    assertThat(error.errors()).extracting(FieldError::field).containsExactly("name", "port");
  }

  @Test
  void whatIsNoObject_isRefused() {
    for (String text : new String[] {"", "[]", "{", "{} {}", "{\"name\":\"a\",\"name\":\"b\"}"}) {
      assertThat(catchThrowableOfType(InvalidSpecException.class, () -> SpecJson.read(text)))
          .as(text)
          .isNotNull();
    }
  }

  @Test
  void aPriceThatWouldFillTheMemory_isRefused() {
    for (String amount :
        List.of(
            "\"1e999999999\"",
            "1e999999999",
            "1e2147483647",
            "-1e999999999",
            "1e-999999999",
            "1" + "0".repeat(900))) {
      assertThat(
              catchThrowableOfType(
                  InvalidSpecException.class, () -> SpecJson.read(withPrice(amount))))
          .as(amount)
          .isNotNull();
    }
  }

  @Test
  void aPriceAsANumber_isRead() throws Exception {
    assertThat(SpecJson.read(withPrice("0.0000001")).pricePerHour())
        .isEqualTo(Money.of("0.0000001", "USD"));
    assertThat(SpecJson.read(withPrice("12")).pricePerHour()).isEqualTo(Money.of("12", "USD"));
    assertThat(SpecJson.read(withPrice("1e2")).pricePerHour()).isEqualTo(Money.of("100", "USD"));
  }

  private static String withPrice(String amount) {
    return "{\"name\":\"a\",\"port\":1,\"pricePerHour\":{\"amount\":"
        + amount
        + ",\"currency\":\"USD\"}}";
  }
}
