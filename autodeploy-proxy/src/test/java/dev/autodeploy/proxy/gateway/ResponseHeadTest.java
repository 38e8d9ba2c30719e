package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseHeadTest {

  private static HttpReader reader(String bytes) {
    InputStream all = new ByteArrayInputStream(bytes.getBytes(ISO_8859_1));
    return new HttpReader(all::read);
  }

  private static ResponseHead head(HttpHeaders fields, String method) throws IOException {
    return ResponseHead.of(200, true, fields, method);
  }

  private static HttpHeaders length(String value) {
    return new HttpHeaders().add("Content-Length", value);
  }

  private static HttpHeaders chunked() {
    return new HttpHeaders().add("Transfer-Encoding", "chunked");
  }

  @Test
  void responseToHead_hasNoBody_whateverItSays() throws Exception {
    for (HttpHeaders fields : new HttpHeaders[] {length("5"), chunked(), new HttpHeaders()}) {
      assertThat(head(fields, "HEAD").bodyLength()).isZero();
      assertThat(head(fields, "HEAD").endsWithConnection()).isFalse();
    }
    assertThat(head(length("5"), "GET").bodyLength()).isEqualTo(5);
    assertThat(head(chunked(), "GET").bodyLength()).isEqualTo(Exchange.UNKNOWN_LENGTH);
    assertThat(head(new HttpHeaders(), "GET").bodyLength()).isEqualTo(Exchange.UNKNOWN_LENGTH);
  }

  @Test
  void end_isThatOfTheConnection_onlyWhereNothingElseTells() throws Exception {
    assertThat(head(new HttpHeaders(), "GET").endsWithConnection()).isTrue();
    assertThat(head(length("0"), "GET").endsWithConnection()).isFalse();
    assertThat(head(chunked(), "GET").endsWithConnection()).isFalse();
  }

  @Test
  void longestLength_has18Digits() throws Exception {
    assertThat(head(length("123456789012345678"), "GET").bodyLength())
        .isEqualTo(123456789012345678L);
    for (String wrong : new String[] {"1234567890123456789", "", "1/", "1:", "/1"}) {
      assertThatThrownBy(() -> head(length(wrong), "GET"))
          .as(wrong)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Content-Length");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1 2\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 \r\n\r\n"})
  void shortStatusLine_isRefused(String bytes) {
    assertThatThrownBy(() -> ResponseHead.read(reader(bytes), "GET"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("status line");
  }

  @Test
  void fieldsThatAreLongInAll_areRefused() {
    String fields = ("X: " + "y".repeat(2_000) + "\r\n").repeat(40);

    assertThatThrownBy(
            () -> ResponseHead.read(reader("HTTP/1.1 200 OK\r\n" + fields + "\r\n"), "GET"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("longer than");
  }

  @Test
  void aFewInterimResponses_arePassedOver() throws Exception {
    String end = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    String interim = "HTTP/1.1 100 Continue\r\n\r\n";

    assertThat(ResponseHead.read(reader(interim.repeat(19) + end), "GET").status()).isEqualTo(200);
    assertThatThrownBy(() -> ResponseHead.read(reader(interim.repeat(20) + end), "GET"))
        .hasMessageContaining("without end");
  }

  @Test
  void available_isWhatIsThere() throws Exception {
    HttpReader measured = reader("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef");
    ResponseBody ofThree = ResponseBody.of(measured, ResponseHead.read(measured, "GET"), () -> {});
    assertThat(ofThree.available()).isEqualTo(3);

    HttpReader open = reader("HTTP/1.1 200 OK\r\n\r\nabcdef");
    ResponseBody untilTheEnd = ResponseBody.of(open, ResponseHead.read(open, "GET"), () -> {});
    assertThat(untilTheEnd.available()).isEqualTo(6);

    HttpReader pieces =
        reader("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    ResponseBody chunks = ResponseBody.of(pieces, ResponseHead.read(pieces, "GET"), () -> {});
    assertThat(chunks.available()).isZero();
    assertThat(chunks.read()).isEqualTo('h');
    assertThat(chunks.available()).isEqualTo(4);
    assertThat(chunks.read(new byte[9], 0, 0)).isZero();
    assertThat(chunks.readAllBytes()).asString().isEqualTo("ello");
  }

  @Test
  void trailersThatAreLongInAll_areRefused() throws Exception {
    String trailers = ("X: " + "y".repeat(100) + "\r\n").repeat(100);
    HttpReader in =
        reader(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
                + trailers
                + "\r\n");
    ResponseBody body = ResponseBody.of(in, ResponseHead.read(in, "GET"), () -> {});

    assertThatThrownBy(body::readAllBytes)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("longer than");
  }
}
