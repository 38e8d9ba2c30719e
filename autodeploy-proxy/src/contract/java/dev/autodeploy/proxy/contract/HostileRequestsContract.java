package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests that could be read in two ways: nothing of them may reach an instance. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
@org.junit.jupiter.api.TestInstance(Lifecycle.PER_CLASS)
public abstract class HostileRequestsContract extends LinkContract {
  protected static final String SMUGGLED = "GET /d/app/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String GET = "GET /d/app/x HTTP/1.1\r\nHost: a\r\n";
  private static final String POST = "POST /d/app/x HTTP/1.1\r\nHost: a\r\n";
  private static final String CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n";

  private TestLink link;

  @BeforeAll
  void start() throws IOException {
    link =
        link((request, out) -> {
              request.drain();
              TestInstance.App.text("served").respond(request, out);
            })
            .warm();
  }

  @AfterAll
  void stop() {
    link.close();
  }

  /** Returns whether the front speaks HTTP/2 by prior knowledge. */
  protected boolean speaksHttp2() {
    return false;
  }

  /** Returns a client of the link on this port. */
  protected RawClient connect(int port) throws IOException {
    return new RawClient(port);
  }

  protected String talk(String bytes) throws IOException {
    link.instance().requests.clear();
    try (RawClient client = connect(link.port)) {
      client.socket.setSoTimeout(5_000);
      try {
        client.send(bytes);
        client.socket.shutdownOutput(); // the server never waits for more
      } catch (IOException e) {
        // It has closed the connection already.
      }
      return client.rest();
    }
  }

  public static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of("CL and TE", POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Arguments.of("TE and CL", POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
        Arguments.of("two CL", POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
        Arguments.of("CL twice", POST + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        Arguments.of("CL list", POST + "Content-Length: 5,5\r\n\r\nhello"),
        Arguments.of("CL plus", POST + "Content-Length: +5\r\n\r\nhello"),
        Arguments.of("CL minus", POST + "Content-Length: -1\r\n\r\n"),
        Arguments.of("CL hex", POST + "Content-Length: 0x5\r\n\r\nhello"),
        Arguments.of("CL huge", POST + "Content-Length: 99999999999999999999\r\n\r\nhello"),
        Arguments.of("CL empty", POST + "Content-Length:\r\n\r\nhello"),
        Arguments.of("CL words", POST + "Content-Length: 5 5\r\n\r\nhello"),
        Arguments.of("TE unknown", POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        Arguments.of("TE gzip", POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        Arguments.of("TE identity", POST + "Transfer-Encoding: identity\r\n\r\n"),
        Arguments.of(
            "two TE",
            POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Arguments.of(
            "TE in 1.0",
            "POST /d/app/x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Arguments.of("TE with space", POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        Arguments.of("no Host", "GET /d/app/x HTTP/1.1\r\n\r\n"),
        Arguments.of("two Hosts", GET + "Host: b\r\n\r\n"),
        Arguments.of("bad Host", "GET /d/app/x HTTP/1.1\r\nHost: a/b@c\r\n\r\n"),
        Arguments.of("version JUNK", "GET /d/app/x JUNK\r\nHost: a\r\n\r\n"),
        Arguments.of("version 9.9", "GET /d/app/x HTTP/9.9\r\nHost: a\r\n\r\n"),
        Arguments.of("version 2.0", "GET /d/app/x HTTP/2.0\r\nHost: a\r\n\r\n"),
        Arguments.of("version 2", "GET /d/app/x HTTP/2\r\nHost: a\r\n\r\n"),
        Arguments.of("version of another", "GET /d/app/x h2\r\nHost: a\r\n\r\n"),
        Arguments.of("version case", "GET /d/app/x http/1.1\r\nHost: a\r\n\r\n"),
        Arguments.of("two spaces", "GET  /d/app/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Arguments.of("method", "G(T /d/app/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Arguments.of("TRACE", "TRACE /d/app/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Arguments.of("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
        Arguments.of("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        Arguments.of("absolute form", "GET http://a/d/app/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Arguments.of("two slashes", "GET //evil/d/app/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Arguments.of("two slashes inside", "GET /d/app//evil/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Arguments.of("fragment", "GET /d/app/x#y HTTP/1.1\r\nHost: a\r\n\r\n"),
        Arguments.of("control in value", GET + "X: a\u0001b\r\n\r\n"),
        Arguments.of("NUL in value", GET + "X: a\u0000b\r\n\r\n"),
        Arguments.of("no colon", GET + "Xyz\r\n\r\n"),
        Arguments.of("space in name", GET + "X y: z\r\n\r\n"),
        Arguments.of("empty name", GET + ": z\r\n\r\n"),
        Arguments.of("expectation", POST + "Expect: magic\r\nContent-Length: 0\r\n\r\n"),
        Arguments.of("rather big head", GET + "X: " + "y".repeat(70_000) + "\r\n\r\n"),
        Arguments.of("rather many fields", GET + fields(160) + "\r\n"),
        Arguments.of("big head", GET + "X: " + "y".repeat(400_000) + "\r\n\r\n"),
        Arguments.of("many fields", GET + fields(250) + "\r\n"),
        Arguments.of("long target", "GET /d/app/" + "x".repeat(20_000) + " HTTP/1.1\r\n\r\n"),
        Arguments.of("TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"),
        Arguments.of("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  }

  private static String fields(int number) {
    StringBuilder fields = new StringBuilder();
    for (int i = 0; i < number; i++) {
      fields.append("X-").append(i).append(": y\r\n");
    }
    return fields.toString();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void ambiguousRequest_isRefusedBeforeAnythingIsForwarded(String name, String request)
      throws Exception {
    String response = talk(request);

    assertThat(link.instance().requests).isEmpty();
    assertThat(response).doesNotContain("served");
    boolean anotherProtocol = speaksHttp2() && request.startsWith("PRI ");
    if (!response.isEmpty() && !anotherProtocol) {
      assertThat(response).matches("(?s)HTTP/1\\.1 [45]\\d\\d .*");
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void ambiguousRequest_endsTheConnection(String name, String request) throws Exception {
    String response = talk(request + SMUGGLED);

    assertThat(response).doesNotContain("served");
    assertThat(link.instance().requests).isEmpty();
  }

  @Test
  void headThatIsTooLarge_isToldSo() throws Exception {
    for (String fields : new String[] {"X: " + "y".repeat(66_000) + "\r\n", fields(150)}) {
      String response = talk(GET + fields + "\r\n");

      assertThat(response).startsWith("HTTP/1.1 431 ").contains("problems/header-too-large");
      assertThat(response).contains("150 fields and 65536 bytes");
    }
    assertThat(talk(GET + "X: " + "y".repeat(60_000) + "\r\n" + fields(140) + "\r\n"))
        .contains("served");
  }

  public static Stream<Arguments> badChunks() {
    return Stream.of(
            "100000000\r\n\r\n",
            "100000005\r\nhello\r\n0\r\n\r\n",
            "\r\n",
            "\r\n\r\n",
            "-5\r\nhello\r\n0\r\n\r\n",
            "0x5\r\nhello\r\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n",
            " 5\r\nhello\r\n0\r\n\r\n",
            "+5\r\nhello\r\n0\r\n\r\n",
            "ffffffff\r\nhello\r\n0\r\n\r\n",
            "ffffffffffffffff1\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "5\nhello\n0\n\n",
            "5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
            "5\r\nhello\r\n0\r\n",
            "zz\r\n")
        .map(Arguments::of);
  }

  @ParameterizedTest
  @MethodSource("badChunks")
  void badChunk_isNeverFollowedByAnotherRequest(String chunks) throws Exception {
    talk(CHUNKED + chunks + SMUGGLED);

    assertThat(link.instance().requests)
        .extracting(request -> request.target)
        .doesNotContain("/smuggled");
  }

  @Test
  void goodChunks_areServedOnWhateverJdk() throws Exception {
    String response = talk(CHUNKED + "5;ext=1\r\nhello\r\n0\r\n\r\n");

    assertThat(response).contains("served");
  }

  /** Chunked bodies with random damage: what follows them must not be taken for a request. */
  @Test
  void randomDamage_toAChunkedBody_smugglesNothing() throws Exception {
    Random random = new Random(20_261_123);
    List<String> pieces =
        List.of(
            "0",
            "1",
            "f",
            "F",
            "\r",
            "\n",
            "\r\n",
            " ",
            ";",
            "\t",
            ":",
            "-",
            "+",
            "x",
            "100000000",
            "\u0000",
            "\"",
            "0\r\n\r\n",
            "\r\n\r\n");
    for (int round = 0; round < 300; round++) {
      StringBuilder body = new StringBuilder("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n");
      for (int damage = 1 + random.nextInt(3); damage > 0; damage--) {
        int at = random.nextInt(body.length());
        String piece = pieces.get(random.nextInt(pieces.size()));
        int end = random.nextBoolean() ? at : Math.min(body.length(), at + piece.length());
        body.replace(at, end, piece);
      }
      String sent = body.toString();
      if (StrictChunks.isComplete(sent)) {
        continue; // what follows a complete body is a request of its own
      }
      talk(CHUNKED + sent + SMUGGLED);
      assertThat(link.instance().requests)
          .as("round %s: %s", round, sent.replace("\r", "\\r").replace("\n", "\\n"))
          .extracting(request -> request.target)
          .doesNotContain("/smuggled");
    }
  }

  @Test
  void nothingIsLeft_afterAllOfThis() throws Exception {
    talk(CHUNKED + "zz\r\n");
    link.awaitQuiet();
    assertThat(talk(GET + "\r\n")).startsWith("HTTP/1.1 200 ").contains("served");
  }
}
