package dev.autodeploy.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.SleepMode;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.internal.spec.SpecJson;
import dev.autodeploy.internal.spec.SpecReader;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class StoredSpecTest {

  static Stream<DeploymentSpec> specs() {
    return Stream.of(
        minimal().build(),
        Examples.everySetting(),
        minimal().snapshot("voice-warm").build(),
        minimal().arguments("--port", "8080", "").build(),
        minimal().port(0).build(),
        minimal().gpu(GpuRequest.all()).build(),
        minimal().gpu(GpuRequest.count(8)).build(),
        minimal().gpu(GpuRequest.none().model("L4")).build(),
        minimal().idlePolicy(IdlePolicy.never()).build(),
        minimal().idlePolicy(IdlePolicy.adaptive()).build(),
        minimal().idlePolicy(IdlePolicy.adaptive().waitValue(2.5).prewarm(false)).build(),
        minimal().idleTimeout(Duration.ZERO).build(),
        minimal().idleTimeout(Duration.ofSeconds(Long.MAX_VALUE, 999_999_999)).build(),
        minimal().readiness(ReadinessProbe.http("/", 200)).build(),
        minimal().concurrency(Integer.MAX_VALUE - 1).build(),
        minimal().maxPending(0).build(),
        minimal().sleepMode(SleepMode.vllm()).build(),
        minimal().sleepMode(SleepMode.vllm(2)).sleepAfter(Duration.ofSeconds(1)).build(),
        minimal().sleepMode(SleepMode.sglang()).build(),
        minimal().sleepMode(SleepMode.vllm().check(null)).build(),
        minimal().releaseGrace(Duration.ZERO).build(),
        minimal().sharedMemoryBytes(Long.MAX_VALUE).build(),
        minimal().memoryBytes(Long.MAX_VALUE).cpus(0.01).maxProcesses(10).build(),
        minimal().workingDirectory("/srv/a b").cpus(3).build(),
        minimal().readiness(ReadinessProbe.healthCheck()).build(),
        minimal().environment("X", "x".repeat(30_000_000)).build(),
        minimal().pricePerHour(Money.of("1E+3", "USD")).build(),
        minimal()
            .pricePerHour(Money.of("0.1234567890123456789012345678901234567890", "JPY"))
            .build());
  }

  @ParameterizedTest
  @MethodSource("specs")
  void read_returnsWhatWasWritten(DeploymentSpec spec) throws Exception {
    byte[] json = StrictJson.page(SpecJson.write(spec, SpecJson.Secrets.SHOWN));

    try (CapturedLog log = new CapturedLog()) {
      assertThat(SpecReader.stored(StrictJson.parse(json))).isEqualTo(spec);
      assertThat(log.warnings()).isEmpty();
    }
  }

  @Test
  void everySetting_differsFromTheDefault_soThatASettingThatIsNotStoredIsNoticed()
      throws ReflectiveOperationException {
    DeploymentSpec bare = DeploymentSpec.builder("other").port(1).build();
    for (Method getter : DeploymentSpec.class.getDeclaredMethods()) {
      if (Modifier.isPublic(getter.getModifiers())
          && !Modifier.isStatic(getter.getModifiers())
          && getter.getParameterCount() == 0
          && !getter.getName().matches("toBuilder|hashCode|toString|snapshot|arguments")) {
        assertThat(getter.invoke(Examples.everySetting()))
            .as(getter.getName())
            .isNotEqualTo(getter.invoke(bare));
      }
    }
  }

  @Test
  void write_isReadableForPeople() throws Exception {
    DeploymentSpec spec =
        minimal()
            .description("語音")
            .gpu(GpuRequest.all().model("L4"))
            .environment("TOKEN", "s3cret")
            .idleTimeout(Duration.ofMinutes(5))
            .pricePerHour(Money.of("0.49", "USD"))
            .build();

    assertThat(
            new String(
                StrictJson.page(SpecJson.write(spec, SpecJson.Secrets.SHOWN)),
                StandardCharsets.UTF_8))
        .isEqualTo(
            """
            {
              "name" : "voice",
              "description" : "語音",
              "gpu" : {
                "count" : "all",
                "model" : "L4"
              },
              "port" : 8080,
              "environment" : {
                "TOKEN" : "s3cret"
              },
              "mounts" : [ ],
              "readiness" : {
                "type" : "tcp"
              },
              "startTimeout" : "PT10M",
              "idleTimeout" : "PT5M",
              "minInstances" : 0,
              "maxInstances" : 1,
              "priority" : 0,
              "pinned" : false,
              "concurrency" : "unlimited",
              "maxPending" : 1000,
              "releaseGrace" : "PT10S",
              "startBackoff" : "PT1S",
              "maxStartBackoff" : "PT1M",
              "pricePerHour" : {
                "amount" : "0.49",
                "currency" : "USD"
              }
            }
            """);
  }

  @Test
  void read_takesTheDefaultsForWhatIsAbsentOrNull() throws Exception {
    assertThat(read("{'name':'voice','port':8080,'image':null}")).isEqualTo(minimal().build());
  }

  @Test
  void read_understandsPoliciesAndProbesAsFormat1HadThem() throws Exception {
    assertThat(
            read(
                "{'name':'voice','port':8080,'idlePolicy':{'type':'after','timeout':'PT7M'},"
                    + "'readiness':{'type':'http','path':'/h','minStatus':200,'maxStatus':399}}"))
        .isEqualTo(
            minimal()
                .idleTimeout(Duration.ofMinutes(7))
                .readiness(ReadinessProbe.http("/h"))
                .build());
    assertThat(read("{'name':'voice','port':8080,'idlePolicy':{'type':'never'}}").idlePolicy())
        .isEqualTo(IdlePolicy.never());
  }

  @Test
  void read_replacesCustomProbesAndPoliciesByTheDefault_withOneWarning() throws Exception {
    DeploymentSpec custom =
        minimal()
            .idlePolicy(history -> Optional.empty())
            .readiness(
                ReadinessProbe.allOf(
                    ReadinessProbe.http("/ready"), target -> true, target -> false))
            .build();

    try (CapturedLog log = new CapturedLog()) {
      DeploymentSpec read =
          SpecReader.stored(
              StrictJson.parse(StrictJson.page(SpecJson.write(custom, SpecJson.Secrets.SHOWN))));

      assertThat(read.idlePolicy()).isNull();
      assertThat(read.readiness())
          .isEqualTo(
              ReadinessProbe.allOf(
                  ReadinessProbe.http("/ready"), ReadinessProbe.tcp(), ReadinessProbe.tcp()));
      assertThat(log.warnings())
          .singleElement()
          .asString()
          .contains("deployment 'voice'", "idle policy and readiness probe", "default");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'port':1} | /name | is needed: it becomes part of the link",
        "{'name':'Voice','port':1} | /name | must be a DNS label",
        "{'name':'v'} | /port | is needed: the one that the service listens on",
        "{'name':'v','port':70000} | /port | must be 0 to 65535, but was 70000",
        "{'name':'v','port':'80'} | /port | must be a whole number, but is a text",
        "{'name':'v','port':80.5} | /port | must be a whole number, but is another number",
        "{'name':'v','port':99999999999} | /port | must be a whole number",
        "{'name':'v','port':1,'maxInstance':3} | /maxInstance | is not a field that belongs here",
        "{'name':'v','port':1,'startTimeout':'10m'} | /startTimeout | ISO 8601 duration",
        "{'name':'v','port':1,'startTimeout':'PT0S'} | /startTimeout | must be 1 ms to",
        "{'name':'v','port':1,'minInstances':2} | /minInstances | must be maxInstances (1) at most",
        "{'name':'v','port':1,'gpu':{'count':-1}} | /gpu/count | must be 0 or more",
        "{'name':'v','port':1,'concurrency':'many'} | /concurrency | or \"unlimited\"",
        "{'name':'v','port':1,'gpu':{'count':'some'}} | /gpu/count | or \"all\"",
        "{'name':'v','port':1,'gpu':{'count':1,'ids':['0']}} | /gpu | not both",
        "{'name':'v','port':1,'image':'a','snapshot':'b'} | /snapshot | beside an image",
        "{'name':'v','port':1,'gpu':{'ids':[0]}} | /gpu/ids/0 | must be a text",
        "{'name':'v','port':1,'gpu':7} | /gpu | must be an object",
        "{'name':'v','port':1,'environment':{'A-B':'x'}} | /environment | 'A-B'",
        "{'name':'v','port':1,'environment':{'A':1.10}} | /environment/A | must be a text, but is a"
            + " number: write it in quotes",
        "{'name':'v','port':1,'mounts':[{'source':'/a','target':'b','readOnly':true}]} | /mounts |"
            + " absolute path",
        "{'name':'v','port':1,'mounts':[{'source':'/a','target':'/b','readOnly':'no'}]} |"
            + " /mounts/0/readOnly | must be true or false",
        "{'name':'v','port':1,'readiness':{'type':'udp'}} | /readiness/type | must be tcp, http",
        "{'name':'v','port':1,'readiness':{'type':'logLine','regex':'('}} | /readiness | not a"
            + " regular expression",
        "{'name':'v','port':1,'readiness':{'type':'anyOf','probes':[{'type':'x'}]}} |"
            + " /readiness/probes/0/type | must be tcp, http",
        "{'name':'v','port':1,'readiness':{'type':'tcp','path':'/'}} | /readiness/path | belongs",
        "{'name':'v','port':1,'idlePolicy':{'type':'after','timeout':'-PT1S'}} |"
            + " /idlePolicy/timeout | must be 0 or longer",
        "{'name':'v','port':1,'idlePolicy':{'type':'x'}} | /idlePolicy/type | after, never",
        "{'name':'v','port':1,'pricePerHour':{'amount':'x','currency':'USD'}} | /pricePerHour |"
            + " decimal number",
        "{'name':'v','port':1,'pricePerHour':{'amount':true,'currency':'USD'}} |"
            + " /pricePerHour/amount | must be a text",
        "{'name':'v','port':1,'idleTimeout':'soon'} | /idleTimeout | ISO 8601 duration",
        "{'name':'v','port':1,'startBackoff':'PT2M'} | /startBackoff | startBackoff (max)",
      })
  void read_namesThePlaceAndTheProblem(String json, String place, String problem) {
    FormatException e = catchThrowableOfType(FormatException.class, () -> read(json));

    assertThat(e).hasMessageContaining(problem);
    assertThat(e.pointer()).hasToString(place);
  }

  private static DeploymentSpec read(String json) throws FormatException {
    return SpecReader.stored(
        StrictJson.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
  }

  private static DeploymentSpec.Builder minimal() {
    return DeploymentSpec.builder("voice").port(8080);
  }
}
