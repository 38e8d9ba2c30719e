package dev.autodeploy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Budget;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.console.Console;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.kubernetes.KubernetesInstanceProvider;
import dev.autodeploy.micrometer.AutoDeployMetrics;
import dev.autodeploy.proxy.ModelRouter;
import dev.autodeploy.servlet.AutoDeployServlet;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.web.servlet.ServletRegistrationBean;

final class AutoDeployAutoConfigurationTest {
  private static final AutoConfigurations ALL =
      AutoConfigurations.of(
          AutoDeployClusterAutoConfiguration.class,
          AutoDeployAutoConfiguration.class,
          AutoDeployLinksAutoConfiguration.class,
          AutoDeployPageAutoConfiguration.class,
          AutoDeployActuatorAutoConfiguration.class);

  private final ApplicationContextRunner context =
      new ApplicationContextRunner()
          .withConfiguration(ALL)
          .withPropertyValues("autodeploy.provider=local");

  private final WebApplicationContextRunner web =
      new WebApplicationContextRunner()
          .withConfiguration(ALL)
          .withPropertyValues("autodeploy.provider=local");

  @Test
  void everySettingOfADeployment_isAProperty() {
    context
        .withPropertyValues(
            "autodeploy.deployments.voice.description=speaks",
            "autodeploy.deployments.voice.image=breezyvoice:latest",
            "autodeploy.deployments.voice.gpu.count=1",
            "autodeploy.deployments.voice.gpu.model=L4",
            "autodeploy.deployments.voice.port=0",
            "autodeploy.deployments.voice.start-command=python api.py",
            "autodeploy.deployments.voice.environment[HF_TOKEN]=${TOKEN_OF_THE_TEST:secret}",
            "autodeploy.deployments.voice.mounts[0].source=/models",
            "autodeploy.deployments.voice.mounts[0].target=/m",
            "autodeploy.deployments.voice.mounts[0].read-only=true",
            "autodeploy.deployments.voice.shared-memory-bytes=2GB",
            "autodeploy.deployments.voice.memory-bytes=8GB",
            "autodeploy.deployments.voice.cpus=1.5",
            "autodeploy.deployments.voice.max-processes=100",
            "autodeploy.deployments.voice.working-directory=/app",
            "autodeploy.deployments.voice.readiness.type=http",
            "autodeploy.deployments.voice.readiness.path=/health",
            "autodeploy.deployments.voice.start-timeout=20m",
            "autodeploy.deployments.voice.idle-timeout=90s",
            "autodeploy.deployments.voice.min-instances=0",
            "autodeploy.deployments.voice.max-instances=3",
            "autodeploy.deployments.voice.concurrency=unlimited",
            "autodeploy.deployments.voice.max-pending=7",
            "autodeploy.deployments.voice.release-grace=11s",
            "autodeploy.deployments.voice.start-backoff=2s",
            "autodeploy.deployments.voice.max-start-backoff=3m",
            "autodeploy.deployments.voice.price-per-hour=0.49 USD",
            "autodeploy.deployments.voice.preserve-host=false")
        .run(
            run -> {
              DeploymentSpec spec = run.getBean(AutoDeploy.class).deployment("voice").spec();
              assertThat(spec.gpu()).isEqualTo(new GpuRequest(1, List.of(), "L4"));
              assertThat(spec.environment()).containsEntry("HF_TOKEN", "secret");
              assertThat(spec.mounts()).hasSize(1);
              assertThat(spec.sharedMemoryBytes()).isEqualTo(2L << 30);
              assertThat(spec.memoryBytes()).isEqualTo(8L << 30);
              assertThat(spec.cpus()).isEqualTo(1.5);
              assertThat(spec.startTimeout()).isEqualTo(Duration.ofMinutes(20));
              assertThat(spec.idlePolicy()).isEqualTo(IdlePolicy.after(Duration.ofSeconds(90)));
              assertThat(spec.concurrency()).isEqualTo(DeploymentSpec.UNLIMITED);
              assertThat(spec.pricePerHour()).hasToString("0.49 USD");
              assertThat(spec.preserveHost()).isFalse();
            });
  }

  @Test
  void file_declaresDeploymentsBesideTheProperties(@TempDir Path directory) throws IOException {
    Path file =
        Files.writeString(
            directory.toRealPath().resolve("deployments.yaml"),
            "deployments: {listed: {port: 0, startCommand: x, idleTimeout: PT7M}}");
    context
        .withPropertyValues(
            "autodeploy.deployments-file=" + file,
            "autodeploy.watch-deployments-file=5s",
            "autodeploy.deployments.voice.port=0",
            "autodeploy.deployments.voice.start-command=x")
        .run(
            run -> {
              AutoDeploy engine = run.getBean(AutoDeploy.class);
              assertThat(engine.deployment("listed").spec().idlePolicy())
                  .isEqualTo(IdlePolicy.after(Duration.ofMinutes(7)));
              assertThat(engine.deployment("voice").spec().port()).isZero();
              assertThat(engine.declared().orElseThrow().names()).containsExactly("listed");
            });

    Files.writeString(file, "deployments: {listed: {prot: 0, startCommand: x}}");
    context
        .withPropertyValues("autodeploy.deployments-file=" + file)
        .run(
            run ->
                assertThat(run)
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining(
                        "deployments.yaml:1:24: listed.prot is not a field that belongs here; did"
                            + " you mean 'port'?"));
  }

  @Test
  void models_haveOneAddress_whereAsked() {
    web.withPropertyValues(
            "autodeploy.links.models.enabled=true",
            "autodeploy.links.models.names[tts-1*]=voice",
            "autodeploy.links.models.send-as.voice=breezy",
            "autodeploy.links.models.otherwise=other")
        .run(
            run -> {
              ModelRouter router = run.getBean(ModelRouter.class);
              assertThat(router.named("tts-1-hd")).isEqualTo("voice");
              assertThat(router.sentAs("voice")).isEqualTo("breezy");
              assertThat(router.defaultFor("/v1/messages")).isEqualTo("other");
              ServletRegistrationBean<?> servlet =
                  run.getBean("autoDeployServletRegistration", ServletRegistrationBean.class);
              assertThat(servlet.getUrlMappings())
                  .contains("/d/*", "/v1/chat/completions", "/v1/models/*");
            });
    web.run(run -> assertThat(run).doesNotHaveBean(ModelRouter.class));
  }

  @Test
  void wrongProperties_areAllNamed() {
    context
        .withPropertyValues(
            "autodeploy.deployments.voice.port=99999",
            "autodeploy.deployments.voice.idle-timeout=soon",
            "autodeploy.deployments.other.start-command=x")
        .run(
            run ->
                assertThat(run.getStartupFailure())
                    .rootCause()
                    .isInstanceOf(InvalidPropertiesException.class)
                    .hasMessageContaining("autodeploy.deployments.voice.port: ")
                    .hasMessageContaining("autodeploy.deployments.voice.idle-timeout: ")
                    .hasMessageContaining("autodeploy.deployments.other.port: "));
  }

  @Test
  void probesSchedulesAndBudgets_areProperties() {
    context
        .withPropertyValues(
            "autodeploy.deployments.voice.start-command=x",
            "autodeploy.deployments.voice.port=8080",
            "autodeploy.deployments.voice.readiness.type=anyOf",
            "autodeploy.deployments.voice.readiness.probes[0].type=http",
            "autodeploy.deployments.voice.readiness.probes[0].method=POST",
            "autodeploy.deployments.voice.readiness.probes[0].headers[X-Key]=k",
            "autodeploy.deployments.voice.readiness.probes[0].body=up",
            "autodeploy.deployments.voice.readiness.probes[0].timeout=900ms",
            "autodeploy.deployments.voice.readiness.probes[1].type=tcp",
            "autodeploy.deployments.voice.probe-interval=500ms",
            "autodeploy.deployments.voice.probe-threshold=2",
            "autodeploy.deployments.voice.prepare-ahead=true",
            "autodeploy.deployments.voice.priority=-3",
            "autodeploy.deployments.voice.pinned=true",
            "autodeploy.deployments.voice.schedule.zone=Europe/Berlin",
            "autodeploy.deployments.voice.schedule.windows[0].days=MON-FRI",
            "autodeploy.deployments.voice.schedule.windows[0].from=08:00",
            "autodeploy.deployments.voice.schedule.windows[0].to=18:00",
            "autodeploy.deployments.voice.schedule.windows[0].idle-timeout=20m",
            "autodeploy.deployments.voice.budget.amount=20",
            "autodeploy.deployments.voice.budget.currency=USD",
            "autodeploy.deployments.voice.budget.period=day",
            "autodeploy.deployments.voice.budget.end=cut",
            "autodeploy.deployments.voice.budget.minimum-use=90s")
        .run(
            run -> {
              DeploymentSpec spec = run.getBean(AutoDeploy.class).deployment("voice").spec();
              assertThat(spec.readiness())
                  .isEqualTo(
                      ReadinessProbe.anyOf(
                          ReadinessProbe.httpRequest("/")
                              .method("POST")
                              .header("X-Key", "k")
                              .body("up")
                              .timeout(Duration.ofMillis(900))
                              .build(),
                          ReadinessProbe.tcp()));
              assertThat(spec.probeInterval()).isEqualTo(Duration.ofMillis(500));
              assertThat(spec.probeThreshold()).isEqualTo(2);
              assertThat(spec.prepareAhead()).isTrue();
              assertThat(spec.priority()).isEqualTo(-3);
              assertThat(spec.pinned()).isTrue();
              assertThat(String.valueOf(spec.schedule())).contains("PT20M", "Europe/Berlin");
              assertThat(spec.budget())
                  .isEqualTo(
                      Budget.money("20", "USD")
                          .per(Budget.Period.DAY, ZoneOffset.UTC)
                          .cut()
                          .minimumUse(Duration.ofSeconds(90)));
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "readiness.pth=/health",
        "gpu.modell=L4",
        "readiness.probes[0].regx=x",
        "mounts[0].read-onli=true",
        "schedule.zon=UTC",
        "budget.amont=3",
        "schedule.windows[0].dais=MON",
        "no.such.thing=1"
      })
  void misspeltProperty_deepInside_isNamed(String property) {
    String name = "autodeploy.deployments.voice." + property.replaceAll("(no)\\..*|=.*", "$1");
    context
        .withPropertyValues(
            "autodeploy.deployments.voice.start-command=x",
            "autodeploy.deployments.voice.port=8080",
            "autodeploy.deployments.voice.readiness.type=anyOf",
            "autodeploy.deployments.voice.readiness.probes[0].type=tcp",
            "autodeploy.deployments.voice.schedule.zone=UTC",
            "autodeploy.deployments.voice.schedule.windows[0].days=MON",
            "autodeploy.deployments.voice.schedule.windows[0].from=08:00",
            "autodeploy.deployments.voice.schedule.windows[0].to=18:00",
            "autodeploy.deployments.voice.schedule.windows[0].closed=true",
            "autodeploy.deployments.voice.mounts[0].source=/a",
            "autodeploy.deployments.voice.mounts[0].target=/a",
            "autodeploy.deployments.voice.budget.amount=20",
            "autodeploy.deployments.voice.budget.currency=USD",
            "autodeploy.deployments.voice." + property)
        .run(
            run ->
                assertThat(run.getStartupFailure())
                    .rootCause()
                    .isInstanceOf(InvalidPropertiesException.class)
                    .hasMessageContaining(name));
  }

  @Test
  void misspeltProperty_isNamed() {
    context
        .withPropertyValues(
            "autodeploy.deployments.voice.port=8080",
            "autodeploy.deployments.voice.start-command=x",
            "autodeploy.deployments.voice.idle-timout=5m")
        .run(
            run ->
                assertThat(run.getStartupFailure())
                    .hasStackTraceContaining("autodeploy.deployments.voice.idle-timout: "));
  }

  @Test
  void wrongPropertyOfTheEngine_isNamed() {
    context
        .withPropertyValues("autodeploy.price-per-hour=cheap")
        .run(
            run ->
                assertThat(run.getStartupFailure())
                    .hasStackTraceContaining("autodeploy.price-per-hour: "));
  }

  @Test
  void unknownProvider_isNamed() {
    context
        .withPropertyValues("autodeploy.provider=cloud")
        .run(
            run ->
                assertThat(run.getStartupFailure())
                    .hasStackTraceContaining(
                        "autodeploy.provider: must be docker, kubernetes or local"));
  }

  @Test
  void deploymentsOfTheCluster_areScaledByProperties() {
    context
        .withPropertyValues(
            "autodeploy.provider=kubernetes",
            "autodeploy.kubernetes.scaling.voice=speech/breezyvoice",
            "autodeploy.kubernetes.scaling.other=breezyvoice")
        .run(
            run ->
                assertThat(run.getStartupFailure())
                    .hasStackTraceContaining("autodeploy.kubernetes.scaling.other")
                    .hasStackTraceContaining("as speech/breezyvoice, but was 'breezyvoice'"));
  }

  @Test
  void provider_withoutOthersOnTheClassPath_isLocal() {
    new ApplicationContextRunner()
        .withConfiguration(ALL)
        .withClassLoader(
            new FilteredClassLoader(DockerInstanceProvider.class, KubernetesInstanceProvider.class))
        .run(
            run ->
                assertThat(run.getBean(InstanceProvider.class))
                    .isInstanceOf(LocalProcessProvider.class));
  }

  @Test
  void beansOfTheApplication_comeFirst() {
    List<DeploymentEvent> events = new CopyOnWriteArrayList<>();
    context
        .withBean("own", DeploymentSpec.class, () -> spec("own"))
        .withBean(DeploymentListener.class, () -> events::add)
        .withBean(AutoDeployCustomizer.class, () -> builder -> builder.owner("customized"))
        .run(
            run -> {
              AutoDeploy engine = run.getBean(AutoDeploy.class);
              assertThat(engine.owner()).isEqualTo("customized");
              assertThat(engine.deployments()).extracting(Deployment::name).containsExactly("own");
              assertThat(events).isNotEmpty();
              assertThat(run).hasSingleBean(AutoDeployMetrics.class);
            });
  }

  private static DeploymentSpec spec(String name) {
    return DeploymentSpec.builder(name).port(8080).startCommand("x").build();
  }

  @Test
  void engineOfTheApplication_isTheOne() {
    AutoDeploy own = AutoDeploy.builder().provider(LocalProcessProvider.create()).build();
    context
        .withBean(AutoDeploy.class, () -> own)
        .run(run -> assertThat(run.getBean(AutoDeploy.class)).isSameAs(own));
  }

  @Test
  void disabled_addsNothing() {
    web.withPropertyValues("autodeploy.enabled=false")
        .run(
            run ->
                assertThat(run)
                    .hasNotFailed()
                    .doesNotHaveBean(AutoDeploy.class)
                    .doesNotHaveBean(Console.class));
  }

  @Test
  void withoutAWebServer_thereAreNoLinksAndNoPage() {
    context.run(
        run ->
            assertThat(run)
                .hasSingleBean(AutoDeploy.class)
                .doesNotHaveBean(AutoDeployServlet.class)
                .doesNotHaveBean(Console.class));
  }

  @Test
  void web_hasLinksAndPage() {
    web.withPropertyValues(
            "server.port=1234",
            "management.endpoints.web.exposure.include=*",
            "autodeploy.deployments.voice.port=8080",
            "autodeploy.deployments.voice.start-command=x")
        .run(
            run -> {
              AutoDeployServlet links = run.getBean(AutoDeployServlet.class);
              Deployment voice = run.getBean(AutoDeploy.class).deployment("voice");
              assertThat(links.serviceLink(voice)).hasToString("http://localhost:1234/d/voice");
              assertThat(run).hasSingleBean(Console.class).hasSingleBean(AutoDeployEndpoint.class);
              assertThat(run.getBean(AutoDeployEndpoint.class).deployment("voice"))
                  .containsEntry("state", "STANDBY");
              assertThat(voice.status().starts()).isZero();
            });
  }

  @Test
  void pageWithActions_withoutASandbox_isRefused() {
    web.withPropertyValues("autodeploy.page.actions=true", "autodeploy.links.sandbox=false")
        .run(
            run ->
                assertThat(run.getStartupFailure())
                    .hasStackTraceContaining(
                        "autodeploy.page.actions: needs autodeploy.links.sandbox"));
  }

  @Test
  void wrongToken_isNamedAndNotQuoted() {
    web.withPropertyValues("autodeploy.links.bearer-tokens.voice=geheim")
        .run(
            run ->
                assertThat(run.getStartupFailure())
                    .hasStackTraceContaining("autodeploy.links.bearer-tokens.voice: ")
                    .satisfies(e -> assertThat(String.valueOf(e)).doesNotContain("geheim")));
  }

  @Test
  void closedContext_closesTheEngine() {
    AutoDeploy[] engine = new AutoDeploy[1];
    context.run(run -> engine[0] = run.getBean(AutoDeploy.class));

    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> engine[0].deploy(spec("late"))))
        .hasMessageContaining("closed");
  }
}
