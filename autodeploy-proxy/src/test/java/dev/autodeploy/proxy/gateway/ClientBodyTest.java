package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ClientBodyTest {

  @Test
  void readAhead_isReadFromMemory_andThenTheRest() throws IOException {
    ClientBody body = new ClientBody(in("abcdef"), 100);

    body.readAhead(4);

    assertThat(body.readStarted()).isFalse(); // it can still be sent again
    assertThat(body.count()).isEqualTo(4);
    assertThat(body.available()).isEqualTo(6);
    assertThat(body.read()).isEqualTo('a');
    assertThat(body.readStarted()).isTrue();
    assertThat(body.readNBytes(2)).asString().isEqualTo("bc");
    assertThat(body.available()).isEqualTo(3);
    assertThat(body.readAllBytes()).asString().isEqualTo("def");
    assertThat(body.count()).isEqualTo(6);
    assertThat(body.read()).isEqualTo(-1);
  }

  @Test
  void readAhead_toTheEnd_asksTheClientForNothingMore() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    InputStream in =
        new ByteArrayInputStream(new byte[] {1, 2}) {
          @Override
          public synchronized int read(byte[] buffer, int offset, int length) {
            asked.incrementAndGet();
            return super.read(buffer, offset, Math.min(1, length));
          }
        };
    ClientBody body = new ClientBody(in, 100);

    body.readAhead(3);
    int before = asked.get();

    assertThat(body.readAllBytes()).containsExactly(1, 2);
    assertThat(body.read()).isEqualTo(-1);
    assertThat(asked.get()).isEqualTo(before).isEqualTo(3);
  }

  @Test
  void peek_ofABodyThatBreaks_givesBackWhatItTook() {
    BodyBudget budget = new BodyBudget(100_000);
    InputStream in =
        new InputStream() {
          private int left = 20_000;

          @Override
          public int read() {
            throw new AssertionError("read one by one");
          }

          @Override
          public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left == 0) {
              throw new IOException("the client has left");
            }
            int n = Math.min(left, length);
            left -= n;
            return n;
          }
        };
    ClientBody body = new ClientBody(in, 1_000_000);
    BodyPrefix prefix = new BodyPrefix(1_000_000, (bytes, length, last) -> false);

    assertThatThrownBy(() -> body.peek(prefix, budget, RequestHead.CHUNKED))
        .hasMessage("the client has left");

    assertThat(budget.reserve(100_000)).isTrue();
  }

  private static ClientBody bodyOf(int bytes, List<Integer> asked) {
    return new ClientBody(
        new InputStream() {
          private int left = bytes;

          @Override
          public int read() {
            throw new AssertionError("read one by one");
          }

          @Override
          public int read(byte[] buffer, int offset, int length) {
            asked.add(length);
            if (left == 0) {
              return -1;
            }
            int n = Math.min(left, length);
            Arrays.fill(buffer, offset, offset + n, (byte) 'x');
            left -= n;
            return n;
          }
        },
        1_000_000);
  }

  @Test
  void peek_takesNoMoreMemoryThanTheBodyHas() throws IOException {
    List<Integer> asked = new ArrayList<>();
    ClientBody body = bodyOf(3, asked);
    BodyPrefix prefix = new BodyPrefix(1_000_000, (bytes, length, last) -> false);

    assertThat(body.peek(prefix, new BodyBudget(0), 3)).isZero();

    assertThat(asked).containsExactly(4, 1);
    assertThat(prefix.isWhole()).isTrue();
    assertThat(prefix.bytes()).asString().isEqualTo("xxx");
    assertThat(body.readAllBytes()).asString().isEqualTo("xxx");
  }

  @Test
  void peek_endsWhereThereIsNoMemory_andLosesNothing() throws IOException {
    ClientBody body = bodyOf(20_000, new ArrayList<>());
    BodyPrefix prefix = new BodyPrefix(1_000_000, (bytes, length, last) -> false);

    assertThat(body.peek(prefix, new BodyBudget(8 * 1024), RequestHead.CHUNKED)).isEqualTo(8_192);

    assertThat(prefix.isDone()).isTrue();
    assertThat(prefix.isWhole()).isFalse();
    assertThat(prefix.bytes()).hasSize(16 * 1024);
    assertThat(body.readAllBytes()).hasSize(20_000).containsOnly('x');
  }

  @Test
  void peek_ofALongBody_takesWhatItReads() throws IOException {
    BodyBudget budget = new BodyBudget(100_000);
    ClientBody body = bodyOf(20_000, new ArrayList<>());
    BodyPrefix prefix = new BodyPrefix(1_000_000, (bytes, length, last) -> false);

    int taken = body.peek(prefix, budget, RequestHead.CHUNKED);

    assertThat(taken).isEqualTo(24 * 1024);
    assertThat(budget.reserve(100_000 - taken)).isTrue();
    assertThat(budget.reserve(1)).isFalse();
    assertThat(prefix.isWhole()).isTrue();
    assertThat(prefix.bytes()).hasSize(20_000);
  }

  @Test
  void peek_endsWhenWhatIsLookedForIsFound() throws IOException {
    List<Integer> asked = new ArrayList<>();
    ClientBody body = bodyOf(20_000, asked);
    BodyPrefix prefix = new BodyPrefix(1_000_000, (bytes, length, last) -> length > 0);

    assertThat(body.peek(prefix, new BodyBudget(100_000), 20_000)).isZero();

    assertThat(asked).hasSize(1);
    assertThat(body.readAllBytes()).hasSize(20_000);
  }

  @Test
  void peek_showsWhatWasReadBefore() throws IOException {
    ClientBody body = new ClientBody(in("abcdef"), 100);
    body.readAhead(2);
    BodyPrefix prefix = new BodyPrefix(4, (bytes, length, last) -> false);

    assertThat(body.peek(prefix, new BodyBudget(0), 6)).isZero();

    assertThat(prefix.bytes()).asString().isEqualTo("abcd");
    assertThat(body.readAllBytes()).asString().isEqualTo("abcdef");
  }

  @Test
  void replacedBytes_areReadInPlaceOfTheOthers() throws IOException {
    for (String by : new String[] {"XYZ", "X", ""}) {
      ClientBody body = new ClientBody(in("abcdefgh"), 100);
      body.readAhead(6);

      body.replace(1, 3, by.getBytes(ISO_8859_1));

      assertThat(body.readAllBytes()).asString().isEqualTo("a" + by + "defgh");
    }
  }

  @Test
  void read_ofABytePastTheSignBit_isNotTheEnd() throws IOException {
    ClientBody body = new ClientBody(new ByteArrayInputStream(new byte[] {(byte) 0xff}), 100);

    assertThat(body.read()).isEqualTo(0xff);
  }

  @Test
  void read_tellsOfItsProgress_alsoFromMemory() throws IOException {
    AtomicInteger progress = new AtomicInteger();
    ClientBody body = new ClientBody(in("abcd"), 100);
    body.onProgress(progress::incrementAndGet);

    body.readAhead(2);
    assertThat(progress).hasValue(1);
    body.read(new byte[2], 0, 2);
    assertThat(progress).hasValue(2);
    body.read(new byte[2], 0, 2);
    assertThat(progress).hasValue(3);
  }

  @Test
  void bodyOfTheLimit_isReadInFull_andOneByteMoreIsTooMuch() throws IOException {
    assertThat(new ClientBody(in("abcd"), 4).readAllBytes()).hasSize(4);
    ClientBody longer = new ClientBody(in("abcde"), 4);

    assertThatThrownBy(longer::readAllBytes).hasMessage("the body is longer than 4 bytes");

    assertThat(longer.tooLarge()).isTrue();
    assertThat(longer.failure()).hasMessage("the body is longer than 4 bytes");
  }

  @Test
  void failureOfTheClient_isKept() {
    IOException reset = new IOException("connection reset");
    ClientBody body =
        new ClientBody(
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw reset;
              }

              @Override
              public int read(byte[] buffer, int offset, int length) throws IOException {
                throw reset;
              }
            },
            100);

    assertThatThrownBy(body::read).isSameAs(reset);

    assertThat(body.failure()).isSameAs(reset);
    assertThat(body.tooLarge()).isFalse();
  }

  @Test
  void pace_countsTheTimeThatTheClientTakes_andNoOther() throws IOException {
    AtomicLong now = new AtomicLong();
    BodyPace pace =
        new BodyPace(
            now::get, new BodyPace.Limits(0, Duration.ofSeconds(1), Duration.ofSeconds(10)));
    InputStream slow =
        new ByteArrayInputStream(new byte[3]) {
          @Override
          public synchronized int read(byte[] buffer, int offset, int length) {
            now.addAndGet(Duration.ofSeconds(4).toNanos());
            assertThat(pace.tooSlow()).isEqualTo(now.get() > Duration.ofSeconds(1000).toNanos());
            return super.read(buffer, offset, 1);
          }
        };
    ClientBody body = new ClientBody(slow, 100, pace);

    assertThat(body.pace()).isSameAs(pace);
    body.read();
    body.read();
    now.addAndGet(Duration.ofSeconds(995).toNanos()); // the instance's
    body.read();
  }

  private static InputStream in(String text) {
    return new ByteArrayInputStream(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }
}
