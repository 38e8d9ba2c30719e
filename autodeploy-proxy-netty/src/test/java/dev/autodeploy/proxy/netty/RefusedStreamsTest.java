package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Calls that an instance says it has not looked at, and instances that allow no calls. */
final class RefusedStreamsTest {
  private static final String[] CALL = {"content-type", "application/grpc", "te", "trailers"};

  /** The first stream of a connection to an instance. */
  private static final int CALLED = 3;

  /** Answers a call with its own first message. */
  private static void echo(RawHttp2 from) throws IOException {
    RawHttp2.Answer call = from.answer(CALLED);
    from.headers(CALLED, false, ":status", "200", "content-type", "application/grpc");
    from.data(CALLED, false, call.text());
    from.headers(CALLED, true, "grpc-status", "0");
  }

  private static RawHttp2.Answer call(RawHttp2 client, String message) throws IOException {
    client.request(1, "POST", "/S/M", false, CALL).data(1, false, message);
    return client.data(1, true, "!").answer(1);
  }

  @Test
  void refusedStream_isSentOnceMore_onAnotherConnection() throws Exception {
    RawInstance.with(
        (number, from) -> {
          from.frame(RawHttp2.SETTINGS, 0, 0);
          if (number == 1) {
            from.answer(CALLED);
            from.reset(CALLED, 7);
          } else {
            echo(from);
          }
        },
        (client, connections) -> {
          RawHttp2.Answer answer = call(client, "x".repeat(15_000));
          assertThat(answer.text()).isEqualTo("x".repeat(15_000) + "!");
          assertThat(answer.trailers).containsEntry("grpc-status", "0");
          assertThat(connections).hasValue(2);
        });
  }

  @Test
  void connectionThatEndsBeforeTheCall_isReplaced() throws Exception {
    RawInstance.with(
        (number, from) -> {
          from.frame(RawHttp2.SETTINGS, 0, 0);
          if (number == 1) {
            from.answer(CALLED);
            from.frame(RawHttp2.GOAWAY, 0, 0, new byte[8]); // the last stream was 0
          } else {
            echo(from);
          }
        },
        (client, connections) -> {
          assertThat(call(client, "hello").text()).isEqualTo("hello!");
          assertThat(connections).hasValue(2);
        });
  }

  @Test
  void callThatIsRefusedAgain_orWasLookedAt_isNotRepeated() throws Exception {
    for (int error : new int[] {7, 2}) { // REFUSED_STREAM, INTERNAL_ERROR
      RawInstance.with(
          (number, from) -> {
            from.frame(RawHttp2.SETTINGS, 0, 0);
            from.answer(CALLED);
            from.reset(CALLED, error);
          },
          (client, connections) -> {
            assertThat(call(client, "hello").head).containsEntry("grpc-status", "14");
            assertThat(connections).hasValue(error == 7 ? 2 : 1);
          });
    }
  }

  @Test
  void longCall_isNotKeptForARepetition() throws Exception {
    RawInstance.with(
        (number, from) -> {
          from.frame(RawHttp2.SETTINGS, 0, 0);
          from.answer(CALLED);
          from.reset(CALLED, 7);
        },
        (client, connections) -> {
          client.request(1, "POST", "/S/M", false, CALL);
          for (int i = 0; i < 6; i++) {
            client.data(1, false, "x".repeat(10_000));
          }
          RawHttp2.Frame window = client.next();
          while (window.type() != RawHttp2.WINDOW_UPDATE || window.word(0) > 2_000_000) {
            window = client.next(); // after the connection's comes its own, when it is taken
          }
          for (int i = 0; i < 6; i++) {
            client.data(1, i == 5, "x".repeat(10_000));
          }
          assertThat(client.answer(1).head).containsEntry("grpc-status", "14");
          assertThat(connections).hasValue(1);
        });
  }

  @Test
  void instanceThatAllowsNoCalls_isNotDialedInALoop() throws Exception {
    RawInstance.with(
        (number, from) -> from.frame(RawHttp2.SETTINGS, 0, 0, noStreams()),
        (client, connections) -> {
          RawHttp2.Answer answer = call(client, "hello");
          assertThat(answer.head).containsEntry("grpc-status", "14");
          assertThat(connections.get()).isLessThanOrEqualTo(2);
        },
        proxy -> proxy.connectTimeout(Duration.ofMillis(700)));
  }

  @Test
  void instanceThatAllowsCallsSoon_isAwaited() throws Exception {
    RawInstance.with(
        (number, from) -> {
          from.frame(RawHttp2.SETTINGS, 0, 0, noStreams());
          from.frame(RawHttp2.SETTINGS, 0, 0); // an empty one changes nothing
          from.frame(RawHttp2.SETTINGS, 0, 0, new byte[] {0, 3, 0, 0, 0, 9});
          echo(from);
        },
        (client, connections) -> {
          assertThat(call(client, "hello").text()).isEqualTo("hello!");
          assertThat(connections).hasValue(1);
        });
  }

  private static byte[] noStreams() {
    return new byte[] {0, 3, 0, 0, 0, 0};
  }
}
