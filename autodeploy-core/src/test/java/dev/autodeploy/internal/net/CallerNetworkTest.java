package dev.autodeploy.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class CallerNetworkTest {
  @Test
  void addressesOfOneNetwork_areOneCaller() throws Exception {
    assertThat(CallerNetwork.of(InetAddress.getByName("2001:db8:1:2::1")))
        .isEqualTo(CallerNetwork.of(InetAddress.getByName("2001:db8:1:2:ffff::2")))
        .isEqualTo(CallerNetwork.ofLiteral("2001:db8:1:2:0:0:0:3"))
        .isNotEqualTo(CallerNetwork.of(InetAddress.getByName("2001:db8:1:3::1")));
    assertThat(CallerNetwork.ofLiteral("fe80:0:0:0:0:0:0:1%nosuchif"))
        .isEqualTo(CallerNetwork.ofLiteral("fe80::2"));
  }

  @Test
  void addressesOfIpv4_areOneCallerEach() throws Exception {
    assertThat(CallerNetwork.of(InetAddress.getByName("192.0.2.1")))
        .isNotEqualTo(CallerNetwork.of(InetAddress.getByName("192.0.2.2")));
    assertThat(CallerNetwork.ofLiteral("192.0.2.1"))
        .isNotEqualTo(CallerNetwork.ofLiteral("192.0.2.2"));
  }

  @Test
  void addressesOfThisMachine_areOneCaller() throws Exception {
    String all = CallerNetwork.of(InetAddress.getByName("127.0.0.1"));
    for (String address : new String[] {"127.0.0.2", "127.255.255.254", "::1"}) {
      assertThat(CallerNetwork.of(InetAddress.getByName(address))).isEqualTo(all);
      assertThat(CallerNetwork.ofLiteral(address)).isEqualTo(all);
    }
    assertThat(CallerNetwork.of(InetAddress.getByName("128.0.0.1"))).isNotEqualTo(all);
    assertThat(CallerNetwork.ofLiteral("127.evil.example")).isEqualTo("127.evil.example");
  }

  @Test
  void textThatIsNoAddress_standsForItself() {
    assertThat(CallerNetwork.ofLiteral("")).isEmpty();
    assertThat(CallerNetwork.ofLiteral("no:address")).isEqualTo("no:address");
  }
}
