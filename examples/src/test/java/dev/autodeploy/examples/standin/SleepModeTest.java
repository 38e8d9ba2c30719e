package dev.autodeploy.examples.standin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.SleepMode;
import dev.autodeploy.StartFailure;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import dev.autodeploy.spi.CostMeter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The stand-in with vLLM's calls, put to sleep and woken as a local process behind a link. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class SleepModeTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<DeploymentEvent> events = new CopyOnWriteArrayList<>();

  @Test
  void standIn_sleepsWhenIdle_andARequestWakesIt() throws Exception {
    try (AutoDeploy autoDeploy = engine(AutoDeploy.builder());
        JdkHttpProxy links = JdkHttpProxy.builder(autoDeploy).port(0).start()) {
      Deployment voice =
          autoDeploy.deploy(
              standIn("voice", "--enable-sleep-mode --wake-time 100ms")
                  .sleepMode(SleepMode.vllm())
                  .sleepAfter(Duration.ofMillis(200))
                  .build());
      URI link = links.serviceLink(voice);

      assertThat(speak(link).headers().firstValue("AutoDeploy-Cold-Start")).hasValue("true");
      until(() -> voice.status().count(InstancePhase.ASLEEP) == 1);
      InstanceInfo asleep = voice.status().instances().get(0);
      HttpResponse<byte[]> woken = speak(link);

      assertThat(woken.statusCode()).isEqualTo(200);
      assertThat(woken.headers().firstValue("AutoDeploy-Woken")).hasValue("true");
      assertThat(woken.headers().firstValue("AutoDeploy-Cold-Start")).hasValue("false");
      assertThat(woken.headers().firstValue("AutoDeploy-Instance")).hasValue(asleep.id());
      assertThat(voice.status().starts()).isEqualTo(1);
      assertThat(voice.status().instances().get(0).asleep()).isPositive();
    }
  }

  @Test
  void levelTwo_isServedOnlyAfterItsWeightsAreReadAgain() throws Exception {
    try (AutoDeploy autoDeploy = engine(AutoDeploy.builder());
        JdkHttpProxy links = JdkHttpProxy.builder(autoDeploy).port(0).start()) {
      Deployment voice =
          autoDeploy.deploy(
              standIn("voice", "--enable-sleep-mode --wake-time 50ms")
                  .sleepMode(SleepMode.vllm(2))
                  .sleepAfter(Duration.ofMillis(100))
                  .build());
      URI link = links.serviceLink(voice);
      assertThat(speak(link).statusCode()).isEqualTo(200);
      until(() -> voice.status().count(InstancePhase.ASLEEP) == 1);
      assertThat(speak(link).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void serverWithoutTheCalls_isReleasedInstead_andTheNextRequestIsServed() throws Exception {
    try (AutoDeploy autoDeploy = engine(AutoDeploy.builder());
        JdkHttpProxy links = JdkHttpProxy.builder(autoDeploy).port(0).start()) {
      Deployment voice =
          autoDeploy.deploy(
              standIn("voice", "")
                  .sleepMode(SleepMode.vllm())
                  .sleepAfter(Duration.ofMillis(100))
                  .build());
      URI link = links.serviceLink(voice);
      assertThat(speak(link).statusCode()).isEqualTo(200);
      until(() -> voice.status().instances().isEmpty());
      StartFailure failure = voice.status().lastFailure();
      assertThat(failure).isNotNull();
      assertThat(failure.kind()).isEqualTo(StartFailure.Kind.SLEEP);
      assertThat(failure.message()).contains("POST /sleep?level=1 answered 404");
      assertThat(speak(link).statusCode()).isEqualTo(200);
      assertThat(voice.status().starts()).isEqualTo(2);
    }
  }

  @Test
  void twoOnOneGpu_sleepForEachOther_andNobodyIsStartedTwice() throws Exception {
    try (AutoDeploy autoDeploy =
            engine(
                AutoDeploy.builder().costMeter(CostMeter.perHour("3600", "USD")),
                LocalProcessProvider.builder().gpus("0").build());
        JdkHttpProxy links = JdkHttpProxy.builder(autoDeploy).port(0).start()) {
      Deployment one = autoDeploy.deploy(onTheGpu("one"));
      Deployment two = autoDeploy.deploy(onTheGpu("two"));
      for (int round = 0; round < 4; round++) {
        for (Deployment each : List.of(one, two)) {
          assertThat(speak(links.serviceLink(each)).statusCode()).isEqualTo(200);
        }
      }
      assertThat(one.status().starts()).isEqualTo(1);
      assertThat(two.status().starts()).isEqualTo(1);
      assertThat(
              events.stream()
                  .filter(DeploymentEvent.InstanceAsleep.class::isInstance)
                  .map(event -> ((DeploymentEvent.InstanceAsleep) event).forDeployment()))
          .contains("one", "two");
      assertThat(one.cost().asleep().amount()).isZero();
      assertThat(one.usage(one.createdAt(), one.createdAt().plusSeconds(3600)).get(0).asleep())
          .isPositive();
    }
  }

  @Test
  void sleeper_thatIsDetached_isFoundAsleep_andWokenByTheNextEngine(@TempDir Path state)
      throws Exception {
    DeploymentSpec spec =
        standIn("voice", "--enable-sleep-mode --wake-time 50ms")
            .sleepMode(SleepMode.vllm())
            .sleepAfter(Duration.ofMillis(100))
            .build();
    String id;
    try (AutoDeploy first = kept(state);
        JdkHttpProxy links = JdkHttpProxy.builder(first).port(0).start()) {
      Deployment voice = first.deploy(spec);
      assertThat(speak(links.serviceLink(voice)).statusCode()).isEqualTo(200);
      until(() -> voice.status().count(InstancePhase.ASLEEP) == 1);
      id = voice.status().instances().get(0).id();
    }
    try (AutoDeploy next = kept(state);
        JdkHttpProxy links = JdkHttpProxy.builder(next).port(0).start()) {
      Deployment voice = next.deploy(spec);
      until(() -> voice.status().count(InstancePhase.ASLEEP) == 1);
      assertThat(voice.status().instances().get(0).id()).isEqualTo(id);
      HttpResponse<byte[]> woken = speak(links.serviceLink(voice));
      assertThat(woken.headers().firstValue("AutoDeploy-Instance")).hasValue(id);
      assertThat(woken.headers().firstValue("AutoDeploy-Woken")).hasValue("true");
      voice.releaseNow();
    }
  }

  private AutoDeploy kept(Path state) {
    return AutoDeploy.builder()
        .provider(LocalProcessProvider.builder().directory(state.resolve("processes")).build())
        .stateDirectory(state.resolve("engine"))
        .keepInstancesOnClose(true)
        .build();
  }

  private AutoDeploy engine(AutoDeploy.Builder builder) {
    return engine(builder, LocalProcessProvider.create());
  }

  private AutoDeploy engine(AutoDeploy.Builder builder, LocalProcessProvider provider) {
    return builder.provider(provider).listener(events::add).build();
  }

  private static DeploymentSpec onTheGpu(String name) {
    return standIn(name, "--enable-sleep-mode --wake-time 50ms")
        .gpu(GpuRequest.count(1))
        .sleepMode(SleepMode.vllm())
        .build();
  }

  private static DeploymentSpec.Builder standIn(String name, String options) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return DeploymentSpec.builder(name)
        .port(0)
        .concurrency(1)
        .startCommand(
            "exec '%s' -XX:TieredStopAtLevel=1 -cp '%s' %s %s"
                .formatted(
                    java,
                    System.getProperty("java.class.path"),
                    BreezyVoiceStandIn.class.getName(),
                    options));
  }

  private HttpResponse<byte[]> speak(URI link) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(link + "/v1/audio/speech"))
            .POST(BodyPublishers.ofString("{\"input\":\"How are you?\"}"))
            .build();
    return client.send(request, BodyHandlers.ofByteArray());
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) { // the test's timeout ends it
      Thread.sleep(20);
    }
  }
}
