package dev.autodeploy.internal.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProviderGateTest {
  private final List<String> calls = new ArrayList<>();
  private final InstanceProvider provider =
      (InstanceProvider)
          Proxy.newProxyInstance(
              getClass().getClassLoader(),
              new Class<?>[] {InstanceProvider.class},
              (proxy, method, arguments) -> {
                calls.add(method.getName());
                return CompletionStage.class.isAssignableFrom(method.getReturnType())
                    ? CompletableFuture.completedFuture(null)
                    : method.getReturnType() == boolean.class ? (Object) true : null;
              });
  private final ProviderGate gate = new ProviderGate(provider);

  @Test
  void everyMethodOfAProvider_isPassedOn() throws Exception {
    for (Method method : InstanceProvider.class.getMethods()) {
      calls.clear();
      Object[] arguments =
          Arrays.stream(method.getParameterTypes()).map(ProviderGateTest::argument).toArray();
      ProviderGate fresh = new ProviderGate(provider);

      method.invoke(fresh, arguments);

      assertThat(calls).as(method.toString()).containsExactly(method.getName());
    }
  }

  private static @Nullable Object argument(Class<?> type) {
    return type == int.class ? (Object) 1 : type == long.class ? (Object) 1L : null;
  }

  @Test
  void close_letsNoFurtherCallThrough() throws Exception {
    gate.close();
    calls.clear();

    assertThatThrownBy(() -> gate.list("owner").toCompletableFuture().join())
        .hasMessageContaining("the engine is closed");
    assertThatThrownBy(() -> gate.release("i", Duration.ZERO).toCompletableFuture().join())
        .hasMessageContaining("the engine is closed");
    assertThat(gate.isReady(null, null)).isFalse();
    assertThat(calls).isEmpty();
  }

  @Test
  void end_completesOnlyWhenTheCallsThatAreThroughHaveReturned() {
    List<Boolean> doneInTheCall = new ArrayList<>();
    ProviderGate[] own = new ProviderGate[1];
    own[0] =
        new ProviderGate(
            new InstanceProvider() {
              @Override
              public CompletionStage<ProviderInstance> start(StartRequest request) {
                throw new UnsupportedOperationException();
              }

              @Override
              public CompletionStage<Void> release(String instanceId, Duration grace) {
                doneInTheCall.add(own[0].end().isDone());
                return new CompletableFuture<>();
              }

              @Override
              public CompletionStage<List<ProviderInstance>> list(String owner) {
                throw new UnsupportedOperationException();
              }

              @Override
              public CompletionStage<List<String>> logs(String instanceId, int lines) {
                throw new UnsupportedOperationException();
              }
            });

    own[0].release("i", Duration.ZERO);

    assertThat(doneInTheCall).containsExactly(false);
    assertThat(own[0].end()).isDone();
  }

  @Test
  void instances_bearTheEpoch_andThoseOfALaterOneAreNotSeen() {
    StartRequest request =
        StartRequest.builder("o", "i", DeploymentSpec.builder("voice").port(1).build())
            .fingerprint("f")
            .build();
    ProviderInstance instance =
        ProviderInstance.of(request, URI.create("http://127.0.0.1:1"), Instant.EPOCH);
    List<Long> started = new ArrayList<>();
    ProviderGate leader =
        new ProviderGate(
            new InstanceProvider() {
              @Override
              public CompletionStage<ProviderInstance> start(StartRequest asked) {
                started.add(asked.epoch());
                return CompletableFuture.completedFuture(instance);
              }

              @Override
              public CompletionStage<Void> release(String instanceId, Duration grace) {
                throw new UnsupportedOperationException();
              }

              @Override
              public CompletionStage<List<ProviderInstance>> list(String owner) {
                return CompletableFuture.completedFuture(
                    LongStream.of(0, 4, 5, 6)
                        .mapToObj(epoch -> instance.toBuilder().epoch(epoch).build())
                        .toList());
              }

              @Override
              public CompletionStage<List<String>> logs(String instanceId, int lines) {
                throw new UnsupportedOperationException();
              }
            },
            () -> true,
            5);

    leader.start(request).toCompletableFuture().join();

    assertThat(started).containsExactly(5L);
    assertThat(leader.list("o").toCompletableFuture().join())
        .extracting(ProviderInstance::epoch)
        .containsExactly(0L, 4L, 5L);
  }
}
