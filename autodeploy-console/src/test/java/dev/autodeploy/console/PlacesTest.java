package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class PlacesTest {
  private final Places places = new Places(1);

  @Test
  void aQuestionBeyondThePlaces_isRefused_andLeavesItsThread() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    CompletableFuture<JsonResponse> first =
        CompletableFuture.supplyAsync(
            () ->
                places.answer(
                    () -> {
                      begun.countDown();
                      await(end);
                      return JsonResponse.empty(204);
                    }));
    begun.await();

    assertThatThrownBy(() -> places.answer(() -> JsonResponse.empty(204)))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("others wait for this already");

    end.countDown();
    assertThat(first.get().status()).isEqualTo(204);
    assertThat(places.answer(() -> JsonResponse.empty(204)).status()).isEqualTo(204);
  }

  @Test
  void aQuestionThatFails_givesItsPlaceBack() {
    assertThatThrownBy(
            () ->
                places.answer(
                    () -> {
                      throw new IllegalStateException("damaged");
                    }))
        .hasMessage("damaged");

    assertThat(places.answer(() -> JsonResponse.empty(204)).status()).isEqualTo(204);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
