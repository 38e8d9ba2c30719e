package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class Latin1TextTest {
  private final Latin1Text text = new Latin1Text(16);

  private String written() {
    ByteBuf out = text.writeTo(Unpooled.buffer());
    return out.toString(ISO_8859_1);
  }

  @Test
  void bytes_areThoseOfTheChars() {
    text.append("a: ").append('\u00e9').append(12).append("\r\n");

    assertThat(written()).isEqualTo("a: \u00e912\r\n");
  }

  @Test
  void charsThatAreNoBytes_areNoEndsOfLines() {
    text.append("a\u010db\u010ac\ud83d\ude00d\ud83d");

    assertThat(written()).isEqualTo("a?b?c?d?");
  }

  @Test
  void longText_isWrittenWhole_andLeavesNothingForTheNext() {
    String value = "0123456789".repeat(1000);
    text.append(value);
    assertThat(written()).isEqualTo(value);

    text.clear();
    text.append("short");

    assertThat(written()).isEqualTo("short");
    assertThat(text.length()).isEqualTo(5);
  }
}
