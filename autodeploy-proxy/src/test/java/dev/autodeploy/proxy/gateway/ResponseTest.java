package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class ResponseTest {

  /** Reads a response that comes in pieces of a size; the result says whether it was complete. */
  private static String read(String bytes, String method, int piece) throws IOException {
    InputStream all = new ByteArrayInputStream(bytes.getBytes(ISO_8859_1));
    HttpReader reader =
        new HttpReader((into, offset, length) -> all.read(into, offset, Math.min(piece, length)));
    ResponseHead head = ResponseHead.read(reader, method);
    AtomicInteger completed = new AtomicInteger();
    ResponseBody body = ResponseBody.of(reader, head, completed::incrementAndGet);
    String text = new String(body.readAllBytes(), ISO_8859_1);
    assertThat(completed).hasValue(1);
    assertThat(body.read()).isEqualTo(-1);
    return head.status() + " " + text + (head.keepAlive() ? " keep" : " close");
  }

  private static String read(String bytes) throws IOException {
    String whole = read(bytes, "GET", Integer.MAX_VALUE);
    for (int piece : new int[] {1, 2, 3, 7}) {
      assertThat(read(bytes, "GET", piece)).isEqualTo(whole);
    }
    return whole;
  }

  @Test
  void wellFormedAnswers_areRead() throws Exception {
    assertThat(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
        .isEqualTo("200 hello keep");
    assertThat(read("HTTP/1.1 299\r\nContent-Length: 0\r\n\r\n")).isEqualTo("299  keep");
    assertThat(read("HTTP/1.1 200 OK\r\n\r\nuntil the end")).isEqualTo("200 until the end keep");
    assertThat(read("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx")).isEqualTo("200 x close");
    assertThat(read("HTTP/1.1 200 OK\r\nConnection: a, Close\r\nContent-Length: 1\r\n\r\nx"))
        .isEqualTo("200 x close");
    assertThat(
            read(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
                    + "3;a=b\r\nhel\r\n002\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"))
        .isEqualTo("200 hello keep");
    assertThat(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
        .isEqualTo("200 hello keep");
  }

  @Test
  void chunks_ofAnySizeAndContent_areRead() throws Exception {
    String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    String long16 = "0123456789abcdef";
    assertThat(read(head + "10\r\n" + long16 + "\r\n1A\r\n" + long16 + "0123456789\r\n0\r\n\r\n"))
        .isEqualTo("200 " + long16 + long16 + "0123456789 keep");
    assertThat(read(head + "000000000000001\r\nx\r\n0\r\n\r\n")).isEqualTo("200 x keep");
    // What follows a chunk is not its end although it looks like one up to some byte.
    for (String next : new String[] {"01\r\ny\r\n", "0;a\r\n", "0\r\nT: x\r\n", "1\r\ny\r\n"}) {
      String end = next.contains("y") ? "0\r\n\r\n" : "\r\n";
      assertThat(read(head + "1\r\nx\r\n" + next + end))
          .as(next)
          .isEqualTo("200 x" + (next.contains("y") ? "y" : "") + " keep");
    }
  }

  @Test
  void connection_isKeptIfBothSidesCan() throws Exception {
    assertThat(read("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx"))
        .isEqualTo("200 x keep");
  }

  @Test
  void answersWithoutBody_haveNoneWhateverTheySay() throws Exception {
    assertThat(read("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", "GET", 99))
        .isEqualTo("204  keep");
    assertThat(read("HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", 99))
        .isEqualTo("304  keep");
    assertThat(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", 99))
        .isEqualTo("200  keep");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "HTTP/1.1 200",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 101 Switching\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: y\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: y\rZ: q\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: \u0001\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 \u0001\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2:0 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2/0 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;\u0001\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000005\r\nhello\r\n0\r\n\r\n"
      })
  void ambiguousOrBrokenAnswer_isRefused(String bytes) {
    assertThatThrownBy(() -> read(bytes, "GET", Integer.MAX_VALUE)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> read(bytes, "GET", 1)).isInstanceOf(IOException.class);
  }

  @Test
  void endlessHeads_areGivenUp() {
    String interim = "HTTP/1.1 103 Hints\r\n\r\n".repeat(1000);
    assertThatThrownBy(() -> read(interim, "GET", 99)).hasMessageContaining("without end");
    String line = "HTTP/1.1 200 OK\r\nX: " + "y".repeat(100_000);
    assertThatThrownBy(() -> read(line, "GET", 99)).hasMessageContaining("longer than");
    String fields = "HTTP/1.1 200 OK\r\n" + "X: y\r\n".repeat(1000);
    assertThatThrownBy(() -> read(fields, "GET", 99)).hasMessageContaining("500 header fields");
  }

  @Test
  void available_isZeroExactlyWhereTheNextReadMayWait() throws Exception {
    String first = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    String[] pieces = {first, "1\r\n!\r\n0\r\n\r\n"};
    AtomicInteger next = new AtomicInteger();
    HttpReader reader =
        new HttpReader(
            (into, offset, length) -> {
              byte[] piece = pieces[next.getAndIncrement()].getBytes(ISO_8859_1);
              System.arraycopy(piece, 0, into, offset, piece.length);
              return piece.length;
            });
    ResponseBody body = ResponseBody.of(reader, ResponseHead.read(reader, "GET"), () -> {});
    byte[] buffer = new byte[100];
    assertThat(body.read(buffer)).isEqualTo(5);
    assertThat(body.available()).isZero();
    assertThat(next).hasValue(1);
    assertThat(body.read(buffer)).isEqualTo(1);
    assertThat(body.available()).isPositive(); // its end is here, and the next read says so
    assertThat(body.read(buffer)).isEqualTo(-1);
    assertThat(next).hasValue(2);
  }
}
