package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.gateway.Deployments;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The link has a deadline of its own, for an engine that does not keep it. */
final class HoldDeadlineTest {
  private final CompletableFuture<Object> never = new CompletableFuture<>();

  /** A deployment whose waiters hear nothing. */
  private Deployments silent(Deployment real) {
    Deployment silent =
        (Deployment)
            Proxy.newProxyInstance(
                Deployment.class.getClassLoader(),
                new Class<?>[] {Deployment.class},
                (self, method, arguments) ->
                    method.getName().equals("acquire") ? never : method.invoke(real, arguments));
    return new Deployments() {
      @Override
      public Optional<Deployment> find(String name) {
        return Optional.of(silent);
      }

      @Override
      public List<Deployment> all() {
        return List.of(silent);
      }
    };
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void engineThatNeverAnswers_isGivenUpSoonAfterTheDeadline(boolean platformThreads)
      throws Exception {
    try (AutoDeploy engine =
        AutoDeploy.builder()
            .provider(new TestProvider(TestInstance.App.text("x")))
            .releaseOnShutdown(false)
            .build()) {
      Deployment app =
          engine.deploy(DeploymentSpec.builder("app").port(8080).startCommand("serve").build());
      JdkHttpProxy.Builder builder =
          JdkHttpProxy.builder(silent(app))
              .port(0)
              .maxWait(Duration.ofMillis(100))
              .intervals(Duration.ofMillis(20), Duration.ofSeconds(5));
      if (platformThreads) {
        builder.platformThreads(4);
      }
      try (JdkHttpProxy proxy = builder.start()) {
        RawClient.Answer answer = RawClient.get(proxy.port(), "/d/app/");

        assertThat(answer.status).isEqualTo(504);
        assertThat(answer.body).contains("problems/acquire-timeout");
        assertThat(never).isCancelled();
        Await.until("its place is given back", () -> proxy.held() + proxy.inFlight() == 0);
      }
    }
  }
}
