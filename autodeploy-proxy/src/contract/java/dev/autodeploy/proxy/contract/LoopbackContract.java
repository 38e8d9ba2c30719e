package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The link that is printed leads to the proxy, whichever address of the host a client tries. */
public abstract class LoopbackContract extends LinkContract {

  private TestLink link(String host) throws IOException {
    return link(TestInstance.App.text("served"), spec -> {}, proxy -> proxy.host(host));
  }

  protected static void assumeBothLoopbacks() {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      assertThat(probe.isBound()).isTrue();
    } catch (IOException e) {
      boolean inCi = Boolean.parseBoolean(System.getenv("CI"));
      assertThat(inCi).as("CI has an IPv6 loopback: %s", e).isFalse();
      Assumptions.abort("this machine has no IPv6 loopback");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "localhost", "127.0.0.2"})
  void serviceLink_answersOnEveryAddressOfItsHost(String host) throws Exception {
    assumeBothLoopbacks();
    try (TestLink link = link(host)) {
      URI printed = link.proxy.serviceLink(link.app);
      InetAddress[] all =
          printed.getHost().equals("localhost")
              ? new InetAddress[] {InetAddress.getByName("127.0.0.1"), InetAddress.getByName("::1")}
              : InetAddress.getAllByName(printed.getHost());

      for (InetAddress address : all) {
        try (RawClient client = new RawClient(new Socket(address, printed.getPort()))) {
          client.send("GET /d/app/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
          assertThat(client.response().body).as("at %s", address).isEqualTo("served");
        }
      }
    }
  }

  @Test
  void serviceLink_ofOneLoopbackAddress_namesIt() throws Exception {
    try (TestLink link = link("127.0.0.2")) {
      assertThat(link.proxy.serviceLink(link.app)).hasHost("127.0.0.2");
    }
  }

  @Test
  void start_whereSomebodyListensOnTheOtherLoopback_fails() throws Exception {
    assumeBothLoopbacks();
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      assertThatThrownBy(
              () ->
                  link(
                      TestInstance.App.text("served"),
                      spec -> {},
                      proxy -> proxy.bind(at("127.0.0.1", other.getLocalPort()))))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("[::1]:" + other.getLocalPort())
          .hasMessageContaining("localhost");
      // Nothing stays open on the address that was free.
      new ServerSocket(other.getLocalPort(), 1, InetAddress.getByName("127.0.0.1")).close();
    }
  }

  @Test
  void dedicatedPort_isOnBothLoopbacks() throws Exception {
    assumeBothLoopbacks();
    try (TestLink link =
        link(TestInstance.App.text("served"), spec -> {}, proxy -> proxy.dedicatedPort("app", 0))) {
      for (String address : new String[] {"127.0.0.1", "::1"}) {
        InetAddress host = InetAddress.getByName(address);
        try (RawClient client = new RawClient(new Socket(host, link.proxy.dedicatedPort("app")))) {
          client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
          assertThat(client.response().body).isEqualTo("served");
        }
      }
    }
  }

  private static InetSocketAddress at(String host, int port) {
    return new InetSocketAddress(host, port);
  }
}
