package dev.autodeploy.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LoopbackHostTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LocalHost",
        "127.0.0.1",
        "127.255.255.254",
        "127.1",
        "127.0.1",
        "2130706433",
        "[::1]",
        "::1",
        "[0:0:0:0:0:0:0:1]"
      })
  void isLoopback_ofThisMachine_isTrue(String host) throws Exception {
    assertThat(LoopbackHost.isLoopback(host)).isTrue();
    assertThat(InetAddress.getByName(host).isLoopbackAddress()).as("Java agrees").isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "127.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1.",
        "127.",
        ".127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1@evil.example",
        "localhost.evil.example",
        "evil.localhost",
        "xlocalhost",
        "localhost.",
        "localhost..",
        "128.0.0.1",
        "0.0.0.0",
        "0177.0.0.1",
        "0127.0.0.1",
        "0x7f.0.0.1",
        "127.0.0.256",
        "127.0.0.0.1",
        "127.16777216",
        "3232235777",
        "99999999999",
        "\u0661\u0662\u0667.0.0.1",
        "[::1",
        "::1]",
        "[127.0.0.1]",
        "[::2]",
        "[::]",
        "[::ffff:10.0.0.1]",
        "[::ffff:127.0.0.1]",
        "::FFFF:7f00:1",
        "[::127.0.0.1]",
        "[fe80::1%lo]",
        "[::1%25lo]",
        "[:evil.example]",
        "a:b",
        "0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1"
      })
  void isLoopback_ofAnotherHost_isFalse(String host) {
    assertThat(LoopbackHost.isLoopback(host)).isFalse();
  }
}
