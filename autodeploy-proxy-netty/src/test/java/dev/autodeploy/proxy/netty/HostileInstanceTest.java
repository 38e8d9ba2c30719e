package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.PooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Instances of HTTP/2 that mean harm, or that break every rule: to their callers that is a 502. */
final class HostileInstanceTest {
  private static final String[] CALL = {"content-type", "application/grpc", "te", "trailers"};
  private static final String[] OK = {":status", "200", "content-type", "application/grpc"};

  /** The first stream of a connection to an instance. */
  private static final int CALLED = 3;

  /**
   * The time for a response: none of the attacks waits for it, even where the machine is busy; a
   * call that a timeout ends may leave a connection to the next one of which the link is not rid.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final int PUSH_PROMISE = 5;
  private static final int PADDED = 8;
  private static final int UNKNOWN = 0xbb;

  /** What an instance does with a call that it has read. */
  interface Attack {
    void on(RawHttp2 from) throws IOException;
  }

  private static Arguments of(String name, Attack attack) {
    return Arguments.of(name, attack);
  }

  private static byte[] times(int number, byte[] frame) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < number; i++) {
      all.writeBytes(frame);
    }
    return all.toByteArray();
  }

  /** Sends the same frames until the link hangs up. */
  private static Attack flood(int type, int flags, int stream, byte... payload) {
    byte[] frames = times(500, RawHttp2.frameBytes(type, flags, stream, payload));
    return from -> {
      while (true) {
        from.bytes(frames);
      }
    };
  }

  private static Attack after(Attack first, Attack then) {
    return from -> {
      first.on(from);
      then.on(from);
    };
  }

  /** Then the response ends well, as if nothing were wrong with how it began. */
  private static Attack thenEnds(Attack first) {
    return after(first, from -> from.headers(CALLED, true, "grpc-status", "0"));
  }

  private static Arguments head(String name, String... fields) {
    return of(name, thenEnds(from -> from.headers(CALLED, false, fields)));
  }

  static Stream<Arguments> attacks() {
    String[] many = new String[2 * 3000];
    for (int i = 0; i < many.length; i += 2) {
      many[i] = "x-" + i;
      many[i + 1] = "y".repeat(40);
    }
    byte[] interim = RawHttp2.block(":status", "103", "link", "x");
    byte[] continued = RawHttp2.block(":status", "100");
    return Stream.of(
        of("settings", flood(RawHttp2.SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 1, 0})),
        of("acknowledgements", flood(RawHttp2.SETTINGS, RawHttp2.ACK, 0)),
        of("pings", flood(RawHttp2.PING, 0, 0, new byte[8])),
        of("answers to no pings", flood(RawHttp2.PING, RawHttp2.ACK, 0, new byte[8])),
        of("goodbyes", flood(RawHttp2.GOAWAY, 0, 0, new byte[] {0, 0, 0, CALLED, 0, 0, 0, 0})),
        of("frames of an unknown type", flood(UNKNOWN, 0, 0, new byte[8])),
        of("frames of an unknown type in its stream", flood(UNKNOWN, 0, CALLED, new byte[8])),
        of("priorities", flood(RawHttp2.PRIORITY, 0, CALLED, new byte[5])),
        of("resets of nothing", flood(RawHttp2.RST_STREAM, 0, 99, RawHttp2.word(8))),
        of("interim responses", flood(RawHttp2.HEADERS, RawHttp2.END_HEADERS, CALLED, interim)),
        of(
            "a response behind too many interim ones",
            thenEnds(
                from -> {
                  for (int i = 0; i < 100; i++) {
                    from.frame(RawHttp2.HEADERS, RawHttp2.END_HEADERS, CALLED, interim);
                  }
                  from.headers(CALLED, false, OK);
                })),
        of("100 without end", flood(RawHttp2.HEADERS, RawHttp2.END_HEADERS, CALLED, continued)),
        of(
            "continuations",
            after(
                from -> from.frame(RawHttp2.HEADERS, 0, CALLED, RawHttp2.block(OK)),
                flood(RawHttp2.CONTINUATION, 0, CALLED, RawHttp2.block("x", "y".repeat(1000))))),
        of(
            "empty continuations",
            after(
                from -> from.frame(RawHttp2.HEADERS, 0, CALLED, RawHttp2.block(OK)),
                flood(RawHttp2.CONTINUATION, 0, CALLED))),
        of(
            "a head of many small pieces",
            from -> {
              from.frame(RawHttp2.HEADERS, 0, CALLED, RawHttp2.block(OK));
              from.bytes(times(100, RawHttp2.frameBytes(RawHttp2.CONTINUATION, 0, CALLED)));
              from.frame(RawHttp2.CONTINUATION, RawHttp2.END_HEADERS, CALLED);
              from.headers(CALLED, true, "grpc-status", "0");
            }),
        of(
            "a header of 150 KB",
            from -> {
              byte[] block = RawHttp2.block(many);
              from.frame(RawHttp2.HEADERS, 0, CALLED, RawHttp2.block(OK));
              for (int at = 0; at < block.length; at += 16_000) {
                int end = Math.min(block.length, at + 16_000);
                from.frame(
                    RawHttp2.CONTINUATION,
                    end == block.length ? RawHttp2.END_HEADERS : 0,
                    CALLED,
                    java.util.Arrays.copyOfRange(block, at, end));
              }
            }),
        of(
            "a field of the table again and again",
            from -> {
              ByteArrayOutputStream block = new ByteArrayOutputStream();
              block.writeBytes(RawHttp2.block(":status", "200"));
              block.write(0x40); // literal, kept
              block.write(1);
              block.write('x');
              block.write(new byte[] {127, (byte) 0x81, 0x1e}); // 3968 bytes
              block.writeBytes(
                  "y".repeat(3968).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
              for (int i = 0; i < 12_000; i++) {
                block.write(0x80 | 62);
              }
              from.frame(RawHttp2.HEADERS, RawHttp2.END_HEADERS, CALLED, block.toByteArray());
            }),
        of(
            "a field of no table",
            from ->
                from.frame(
                    RawHttp2.HEADERS, RawHttp2.END_HEADERS, CALLED, new byte[] {(byte) 0xfe})),
        of(
            "a table of 4 GB",
            from ->
                from.frame(
                    RawHttp2.HEADERS,
                    RawHttp2.END_HEADERS,
                    CALLED,
                    new byte[] {0x3f, -1, -1, -1, -1, 15, (byte) 0x88})),
        of(
            "data before the head",
            thenEnds(from -> from.data(CALLED, false, "x").headers(CALLED, false, OK))),
        of("a stream that nobody opened", from -> from.headers(CALLED + 2, true, OK)),
        of(
            "a push",
            from ->
                from.frame(PUSH_PROMISE, RawHttp2.END_HEADERS, CALLED, new byte[] {0, 0, 0, 2})),
        head("no status", "x", "y"),
        head("a status of letters", ":status", "2oo"),
        head("a status of four digits", ":status", "2000"),
        head("a status of two digits", ":status", "20"),
        head("two statuses", ":status", "200", ":status", "201"),
        head("101", ":status", "101"),
        head("a path", ":status", "200", ":path", "/"),
        head("capitals", ":status", "200", "X-Y", "z"),
        head("a line end", ":status", "200", "x", "y\r\nz: a"),
        head("a connection's field", ":status", "200", "transfer-encoding", "chunked"),
        of("a window of 2^31", from -> from.window(0, Integer.MAX_VALUE)),
        of("a window of 2^31 for a stream", from -> from.window(CALLED, Integer.MAX_VALUE)),
        of("a window of nothing", from -> from.window(CALLED, 0)),
        of(
            "initial windows of 4 GB",
            from -> from.frame(RawHttp2.SETTINGS, 0, 0, new byte[] {0, 4, -1, -1, -1, -1})),
        of(
            "frames of 1 byte",
            from -> from.frame(RawHttp2.SETTINGS, 0, 0, new byte[] {0, 5, 0, 0, 0, 1})),
        of("a frame of 1 MB", from -> from.frame(RawHttp2.DATA, 0, CALLED, new byte[1 << 20])),
        of("a ping of 7 bytes", from -> from.frame(RawHttp2.PING, 0, 0, new byte[7])),
        of("settings of 5 bytes", from -> from.frame(RawHttp2.SETTINGS, 0, 0, new byte[5])),
        of(
            "HTTP/1.1",
            from ->
                from.bytes(
                    "HTTP/1.1 200 OK\r\n\r\n"
                        .getBytes(java.nio.charset.StandardCharsets.US_ASCII))));
  }

  private static RawHttp2.Answer call(RawHttp2 client, int stream) throws IOException {
    client.request(stream, "POST", "/S/M", false, CALL).data(stream, true, "hello");
    return client.answer(stream);
  }

  private static void echo(RawHttp2 from, int stream) throws IOException {
    RawHttp2.Answer call = from.answer(stream);
    from.headers(stream, false, OK).data(stream, false, call.text());
    from.headers(stream, true, "grpc-status", "0");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("attacks")
  void attack_isUnavailable_andTheNextCallIsServed(String name, Attack attack) throws Exception {
    AtomicBoolean calm = new AtomicBoolean();
    long before = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
    RawInstance.with(
        (number, from) -> {
          from.frame(RawHttp2.SETTINGS, 0, 0);
          from.answer(CALLED);
          if (calm.get()) {
            echo(from, CALLED);
          } else {
            try {
              attack.on(from);
            } catch (EOFException | java.net.SocketException e) {
              return; // the link has hung up
            }
            echo(from, CALLED + 2); // where the link still believes it
          }
        },
        (client, connections) -> {
          RawHttp2.Answer answer = call(client, 1);
          assertThat(answer.head).containsEntry("grpc-status", "14");
          assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - before)
              .isLessThan(32L << 20);
          calm.set(true);
          RawHttp2.Answer next = call(client, 3);
          assertThat(next.text()).isEqualTo("hello");
          assertThat(next.trailers).containsEntry("grpc-status", "0");
        },
        proxy -> proxy.responseTimeout(PATIENCE));
  }

  @Test
  void dataThatIsPaddedOrEmpty_hasItsLimits() throws Exception {
    RawInstance.with(
        (number, from) -> {
          from.frame(RawHttp2.SETTINGS, 0, 0);
          from.answer(CALLED);
          from.headers(CALLED, false, OK);
          byte[] padded = new byte[256];
          padded[0] = (byte) 255;
          byte[] frames =
              times(
                  200,
                  RawHttp2.frameBytes(
                      RawHttp2.DATA,
                      number == 1 ? PADDED : 0,
                      CALLED,
                      number == 1 ? padded : new byte[0]));
          try {
            while (true) {
              from.bytes(frames);
            }
          } catch (java.net.SocketException e) {
            return;
          }
        },
        (client, connections) -> {
          for (int stream = 1; stream < 5; stream += 2) {
            client.request(stream, "POST", "/S/M", false, CALL).data(stream, true, "hello");
            RawHttp2.Answer answer = client.answer(stream);
            assertThat(answer.reset >= 0 || !"0".equals(answer.trailers.get("grpc-status")))
                .isTrue();
          }
        });
  }

  @Test
  void streamOfItsOwn_isRefused() throws Exception {
    CompletableFuture<Integer> reset = new CompletableFuture<>();
    RawInstance.with(
        (number, from) -> {
          from.frame(RawHttp2.SETTINGS, 0, 0);
          from.answer(CALLED);
          reset.complete(from.headers(2, true, OK).answer(2).reset);
          echo(from, CALLED);
        },
        (client, connections) -> {
          assertThat(call(client, 1).trailers).containsEntry("grpc-status", "0");
          assertThat(reset.join()).isEqualTo(7); // REFUSED_STREAM
        });
  }

  @Test
  void windowThatNeverOpens_isATimeout_andTheBodyStaysWithTheClient() throws Exception {
    RawInstance.with(
        (number, from) -> {
          from.frame(RawHttp2.SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 0, 0});
        },
        (client, connections) -> {
          client.request(1, "POST", "/S/M", false, CALL);
          for (int i = 0; i < 4; i++) {
            client.data(1, false, "x".repeat(16_000));
          }
          RawHttp2.Answer answer = client.answer(1);
          assertThat(answer.head).containsEntry("grpc-status", "14");
        },
        proxy -> proxy.responseTimeout(Duration.ofMillis(500)));
  }
}
