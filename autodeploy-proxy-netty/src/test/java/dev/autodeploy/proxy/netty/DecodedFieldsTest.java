package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecodedFieldsTest {
  private final io.netty.handler.codec.http.HttpHeaders decoded =
      DecodedFields.OF_HEADS.newHeaders();

  @Test
  void fields_areTheGateways_inOrderAndAsTheyWereWritten() {
    decoded.add("b", "1").add(AsciiString.of("A"), "2").add("B", "3");
    decoded.set("a", 4);

    HttpHeaders fields = DecodedFields.of(decoded);
    assertThat(fields.size()).isEqualTo(3);
    assertThat(fields.name(1)).isEqualTo("B");
    assertThat(fields.all("b")).containsExactly("1", "3");
    assertThat(fields.value(2)).isEqualTo("4");
    assertThat(decoded.getAll("b")).isEqualTo(List.of("1", "3"));
    assertThat(decoded.names()).containsExactly("b", "B", "a");
    assertThat(decoded.toString()).contains("b: 1", "a: 4");
  }

  @Test
  void clear_leavesNothing() {
    decoded.add("a", List.of("1", "2")).clear();

    assertThat(decoded.isEmpty()).isTrue();
    assertThat(DecodedFields.of(decoded).size()).isZero();
  }

  @Test
  void messageThatWasNotRead_hasNone() {
    assertThat(DecodedFields.of(new DefaultHttpHeaders().add("a", "1")).size()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a:", "a\r", "\u0000", "caf\u00e9", "(a)"})
  void name_thatIsNoToken_isRefused(String name) {
    assertThatThrownBy(() -> decoded.add(name, "1")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> decoded.add(AsciiString.of(name), "1"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(decoded.isEmpty()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\rb", "a\nb", "a\u0000", "\u007f", "\u0001"})
  void value_withControlCharacters_isRefused(String value) {
    assertThatThrownBy(() -> decoded.add("a", value)).isInstanceOf(IllegalArgumentException.class);
    assertThat(decoded.isEmpty()).isTrue();
  }

  @Test
  void usualNames_areShared_andOthersAreNot() {
    for (String name : HttpHeaders.usualNames()) {
      byte[] line = ("xx" + name + ": value").getBytes(ISO_8859_1);

      assertThat(found(line, 2, name.length())).isEqualTo(name);
      assertThat(found(line, 2, name.length())).isSameAs(found(line, 2, name.length()));
      assertThat(found(line, 1, name.length())).isNull();
      assertThat(found(line, 2, name.length() + 1)).isNull();
    }
    assertThat(found(new byte[0], 0, 0)).isNull();
  }

  private static @Nullable String found(byte[] line, int start, int length) {
    AsciiString name = UsualNames.find(line, start, length);
    return name == null ? null : name.toString();
  }
}
