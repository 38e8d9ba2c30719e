package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.internal.engine.Engine;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * An operation that a follower has the leader carry out. {@link RemoteCalls} has all of them.
 *
 * @param name its name between replicas
 * @param type the type of its result
 * @param body carries it out, with its arguments
 * @param <T> the type of its result
 */
record RemoteCall<T extends @Nullable Object>(
    String name, TypeReference<T> type, BiFunction<Engine, JsonNode, CompletionStage<T>> body) {

  /** Returns one whose result is there at once. */
  static <T extends @Nullable Object> RemoteCall<T> of(
      String name, TypeReference<T> type, BiFunction<Engine, JsonNode, T> body) {
    return new RemoteCall<>(
        name, type, (engine, args) -> CompletableFuture.completedFuture(body.apply(engine, args)));
  }

  /** Returns one without a result. */
  static RemoteCall<Void> doing(String name, BiConsumer<Engine, JsonNode> body) {
    return new RemoteCall<>(
        name,
        new TypeReference<>() {},
        (engine, args) -> {
          body.accept(engine, args);
          return CompletableFuture.completedFuture(null);
        });
  }

  /** Carries it out; the stage is completed with the error of one that throws. */
  CompletionStage<T> run(Engine engine, JsonNode args) {
    try {
      return body.apply(engine, args);
    } catch (RuntimeException | Error e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
