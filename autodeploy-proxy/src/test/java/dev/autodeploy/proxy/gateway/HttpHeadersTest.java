package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** HttpHeaders, and the small rules that read them. */
final class HttpHeadersTest {

  @Test
  void fields_areFoundWhateverTheirCase() {
    HttpHeaders fields = new HttpHeaders().add("A", "1").add("b", "2").add("a", "3");
    assertThat(fields.first("a")).isEqualTo("1");
    assertThat(fields.first("B")).isEqualTo("2");
    assertThat(fields.first("c")).isNull();
    assertThat(fields.all("A")).containsExactly("1", "3");
    assertThat(fields.size()).isEqualTo(3);
  }

  @Test
  void set_replacesAllOfItsName() {
    HttpHeaders fields = new HttpHeaders().add("A", "1").add("b", "2").add("a", "3").set("A", "4");
    assertThat(fields.all("a")).containsExactly("4");
    assertThat(fields.name(0)).isEqualTo("b");
    assertThat(fields.value(1)).isEqualTo("4");
    fields.remove("b");
    assertThat(fields.size()).isEqualTo(1);
  }

  @Test
  void remove_closesTheGap_alsoWhereThereIsNoMoreRoom() {
    HttpHeaders fields = new HttpHeaders(3).add("a", "1").add("b", "2").add("c", "3");
    fields.remove("B");
    assertThat(fields.size()).isEqualTo(2);
    assertThat(fields.name(1)).isEqualTo("c");
    assertThat(fields.value(1)).isEqualTo("3");
    fields.remove("c");
    assertThat(fields.size()).isEqualTo(1);
  }

  @Test
  void usualNames_areThereAsTheyAreWritten_andInLowerCase() {
    assertThat(HttpHeaders.usualNames()).contains("Content-Type", "content-type", "ETag", "etag");
  }

  @Test
  void tokens_areTheMembersOfAllListsInLowerCase() {
    HttpHeaders fields =
        new HttpHeaders().add("Connection", "Close, ,x ").add("Connection", "\tKeep-Alive,");
    assertThat(fields.tokens("connection")).containsExactly("close", "x", "keep-alive");
    assertThat(fields.tokens("te")).isEmpty();
  }

  @Test
  void tokens_ofASingleValue() {
    assertThat(new HttpHeaders().add("TE", " Trailers\t").tokens("te")).containsExactly("trailers");
    assertThat(new HttpHeaders().add("TE", "a,B").tokens("te")).containsExactly("a", "b");
    assertThat(new HttpHeaders().add("TE", " ").tokens("te")).isEmpty();
    assertThat(new HttpHeaders().add("TE", ",").tokens("te")).isEmpty();
  }

  @Test
  void noRoomAtFirst_growsAsNeeded() {
    HttpHeaders fields = new HttpHeaders(0);
    for (int i = 0; i < 30; i++) {
      fields.add("n" + i, "v" + i);
    }
    assertThat(fields.first("N29")).isEqualTo("v29");
    assertThat(new HttpHeaders(0).size()).isZero();
  }

  @Test
  void waitPreference_isCutToTheMaximumAndRepeated() {
    Duration max = Duration.ofSeconds(60);
    assertThat(preference("wait=0", max))
        .isEqualTo(new WaitPreference(Duration.ofMillis(1), "wait=0"));
    assertThat(preference("wait=60", max)).isEqualTo(new WaitPreference(max, "wait=60"));
    assertThat(preference("wait=61", max)).isEqualTo(new WaitPreference(max, "wait=60"));
    assertThat(preference("wait=999999999", max)).isEqualTo(new WaitPreference(max, "wait=60"));
    assertThat(preference("wait=9999999999", max)).isEqualTo(new WaitPreference(max, null));
    assertThat(preference("wait=5/", max)).isEqualTo(new WaitPreference(max, null));
    assertThat(preference("wait=5:", max)).isEqualTo(new WaitPreference(max, null));
    assertThat(preference("wait=19", max))
        .isEqualTo(new WaitPreference(Duration.ofSeconds(19), "wait=19"));
  }

  @Test
  void clientBody_isCountedUpToItsLimit() throws Exception {
    AtomicInteger progress = new AtomicInteger();
    ClientBody body = body("\u00ffhello", 6, progress::incrementAndGet);
    assertThat(body.readStarted()).isFalse();
    assertThat(body.available()).isEqualTo(6);
    assertThat(body.read()).isEqualTo(0xff);
    assertThat(body.readStarted()).isTrue();
    assertThat(body.count()).isEqualTo(1);
    assertThat(body.read(new byte[9], 0, 9)).isEqualTo(5);
    assertThat(body.read()).isEqualTo(-1);
    assertThat(body.count()).isEqualTo(6);
    assertThat(body.tooLarge()).isFalse();
    assertThat(body.failure()).isNull();
    assertThat(progress).hasValue(3);
  }

  @Test
  void clientBody_beyondItsLimit_fails() {
    ClientBody body = body("hello", 4, () -> {});
    assertThatThrownBy(() -> body.read(new byte[9], 0, 9)).hasMessageContaining("4 bytes");
    assertThat(body.tooLarge()).isTrue();
    assertThat(body.failure()).isNotNull();
  }

  @Test
  void clientBody_thatBreaks_saysItWasTheClient() {
    IOException broken = new IOException("reset");
    ClientBody body =
        new ClientBody(
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw broken;
              }

              @Override
              public int read(byte[] buffer, int offset, int length) throws IOException {
                throw broken;
              }
            },
            9);
    assertThatThrownBy(body::read).isSameAs(broken);
    assertThat(body.failure()).isSameAs(broken);
    assertThat(body.tooLarge()).isFalse();
  }

  private static ClientBody body(String text, long limit, Runnable progress) {
    ClientBody body = new ClientBody(new ByteArrayInputStream(text.getBytes(ISO_8859_1)), limit);
    body.onProgress(progress);
    return body;
  }

  private static WaitPreference preference(String value, Duration max) {
    return WaitPreference.of(new HttpHeaders().add("Prefer", value), max);
  }
}
