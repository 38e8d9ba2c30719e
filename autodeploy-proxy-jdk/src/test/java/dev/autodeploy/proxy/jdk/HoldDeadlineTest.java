package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestProvider;
import dev.autodeploy.proxy.gateway.Deployments;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The link has a deadline of its own, for an engine that does not keep it. */
final class HoldDeadlineTest {
  private final CompletableFuture<Object> never = new CompletableFuture<>();

  /** A deployment whose waiters hear nothing. */
  private Deployments silent(Deployment real) {
    return answering(real, never);
  }

  private static Deployments answering(Deployment real, CompletableFuture<?> lease) {
    Deployment silent =
        (Deployment)
            Proxy.newProxyInstance(
                Deployment.class.getClassLoader(),
                new Class<?>[] {Deployment.class},
                (self, method, arguments) ->
                    method.getName().equals("acquireAsync")
                        ? lease
                        : method.invoke(real, arguments));
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
        RawClient.Response response = RawClient.get(proxy.port(), "/d/app/");

        assertThat(response.status).isEqualTo(504);
        assertThat(response.body).contains("problems/acquire-timeout");
        assertThat(never).isCancelled();
        Await.until("its place is given back", () -> proxy.held() + proxy.inFlight() == 0);
      }
    }
  }

  /** Granted just when the link has found that it cannot hold the request. */
  @Test
  void leaseThatIsGrantedWhenThereIsNoPlaceToWait_isUsedAndGivenBack() throws Exception {
    try (AutoDeploy engine =
        AutoDeploy.builder()
            .provider(new TestProvider(TestInstance.App.text("x")))
            .releaseOnShutdown(false)
            .build()) {
      Deployment app =
          engine.deploy(DeploymentSpec.builder("app").port(8080).startCommand("serve").build());
      Lease lease = app.acquireAsync().get();
      CompletableFuture<Lease> late =
          new CompletableFuture<>() {
            @Override
            public boolean isDone() {
              boolean before = super.isDone();
              complete(lease);
              return before;
            }
          };
      try (JdkHttpProxy proxy =
          JdkHttpProxy.builder(answering(app, late)).port(0).maxPendingTotal(0).start()) {
        assertThat(RawClient.get(proxy.port(), "/d/app/").body).isEqualTo("x");
        Await.until("the lease is given back", () -> app.status().inFlight() == 0);
      }
    }
  }

  /** A request that has passed the check for a closing link when the link closes. */
  @Test
  void requestThatMeetsTheEndOfTheDrain_acquiresNothing() throws Exception {
    try (AutoDeploy engine =
        AutoDeploy.builder()
            .provider(new TestProvider(TestInstance.App.text("x")))
            .releaseOnShutdown(false)
            .build()) {
      Deployment app =
          engine.deploy(DeploymentSpec.builder("app").port(8080).startCommand("serve").build());
      AtomicReference<JdkHttpProxy> proxy = new AtomicReference<>();
      CompletableFuture<Void> served = new CompletableFuture<>();
      AtomicBoolean acquired = new AtomicBoolean();
      Deployments closing =
          new Deployments() {
            @Override
            public Optional<Deployment> find(String name) {
              CompletableFuture<Void> closed = CompletableFuture.runAsync(proxy.get()::close);
              Await.until("the link is closed", closed::isDone);
              return Optional.of(
                  (Deployment)
                      Proxy.newProxyInstance(
                          Deployment.class.getClassLoader(),
                          new Class<?>[] {Deployment.class},
                          (self, method, arguments) -> {
                            if (method.getName().equals("acquireAsync")) {
                              acquired.set(true);
                            }
                            if (method.getName().equals("name")) {
                              served.complete(null); // the last thing that is asked of it
                            }
                            return method.invoke(app, arguments);
                          }));
            }

            @Override
            public List<Deployment> all() {
              return List.of(app);
            }
          };
      proxy.set(JdkHttpProxy.builder(closing).port(0).start());
      try (RawClient client = new RawClient(proxy.get().port())) {
        client.send("GET /d/app/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(client.rest()).doesNotContain("200");
        served.get();
        Await.until("nothing is under way", () -> proxy.get().inFlight() == 0);
        assertThat(acquired).isFalse();
      }
    }
  }

  @Test
  void limitsOfForEver_areAsGoodAsNone() throws Exception {
    Duration forEver = ChronoUnit.FOREVER.getDuration();
    try (AutoDeploy engine =
            AutoDeploy.builder()
                .provider(new TestProvider(TestInstance.App.text("x")))
                .releaseOnShutdown(false)
                .build();
        JdkHttpProxy proxy =
            JdkHttpProxy.builder(engine)
                .port(0)
                .maxWait(forEver)
                .responseTimeout(forEver)
                .stallTimeout(forEver)
                .headTimeout(forEver)
                .connectTimeout(forEver)
                .drainTimeout(forEver)
                .rateLimit(1000, forEver)
                .intervals(Duration.ofMillis(5), Duration.ofMillis(5))
                .start()) {
      engine.deploy(DeploymentSpec.builder("app").port(8080).startCommand("serve").build());
      for (int i = 0; i < 10; i++) {
        assertThat(RawClient.get(proxy.port(), "/d/app/").body).isEqualTo("x");
      }
    }
  }
}
