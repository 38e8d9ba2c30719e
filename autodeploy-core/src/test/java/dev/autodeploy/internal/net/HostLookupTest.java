package dev.autodeploy.internal.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of hosts whose resolver hangs, fails or answers. */
@Timeout(20)
final class HostLookupTest {
  private static final InetAddress ADDRESS = InetAddress.getLoopbackAddress();

  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch answer = new CountDownLatch(1);
  private final HostLookup hanging =
      new HostLookup(
          host -> {
            asked.incrementAndGet();
            awaitAnswer();
            return List.of(ADDRESS);
          });

  @Test
  void resolver_thatHangs_holdsNobodyBeyondTheTimeout_andOneThreadForAll() throws IOException {
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> hanging.find("gpu.lan", 20))
          .isInstanceOf(IOException.class)
          .hasMessage(
              "the address of 'gpu.lan' was not found within 20 ms: the name service does not"
                  + " answer");
    }
    assertThat(asked).hasValue(1);

    answer.countDown();
    assertThat(hanging.find("gpu.lan", 10_000)).isEqualTo(ADDRESS);
  }

  @Test
  void whoDoesNotBlock_isToldInTimeAsWell_andLeavesTheLookupToOthers() {
    CompletableFuture<InetAddress> late = hanging.begin("gpu.lan", 20);
    CompletableFuture<InetAddress> patient = hanging.begin("gpu.lan", 10_000);
    assertThatThrownBy(late::get)
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining("'gpu.lan' was not found within 20 ms");
    assertThat(patient).isNotDone();

    answer.countDown();
    assertThat(patient.join()).isEqualTo(ADDRESS);
    assertThat(asked).hasValue(1);
  }

  @Test
  void lookups_ofOneName_areShared_andMadeAgainLater() throws IOException {
    CompletableFuture<InetAddress> first = later("gpu.lan");
    CompletableFuture<InetAddress> second = later("gpu.lan");
    answer.countDown();
    assertThat(first.join()).isEqualTo(second.join()).isEqualTo(ADDRESS);

    int before = asked.get();
    assertThat(hanging.find("gpu.lan", 10_000)).isEqualTo(ADDRESS);
    assertThat(asked).as("an address may change").hasValueGreaterThan(before);
  }

  @Test
  void unknownName_isThatOfTheResolver() {
    HostLookup failing =
        new HostLookup(
            host -> {
              throw new UnknownHostException(host);
            });
    assertThatThrownBy(() -> failing.find("gpu.lan", 10_000))
        .isInstanceOf(UnknownHostException.class)
        .hasMessage("gpu.lan");
    assertThatThrownBy(() -> failing.begin("gpu.lan", 10_000).get())
        .hasCauseInstanceOf(UnknownHostException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "[fe80::1%1]", "localhost"})
  void address_needsNoThread(String host) throws IOException {
    Thread caller = Thread.currentThread();
    HostLookup lookup =
        new HostLookup(
            name -> {
              assertThat(Thread.currentThread()).isSameAs(caller);
              return List.of(ADDRESS);
            });
    assertThat(lookup.find(host, 1)).isEqualTo(ADDRESS);
  }

  private CompletableFuture<InetAddress> later(String host) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return hanging.find(host, 10_000);
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
  }

  private void awaitAnswer() {
    try {
      answer.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
