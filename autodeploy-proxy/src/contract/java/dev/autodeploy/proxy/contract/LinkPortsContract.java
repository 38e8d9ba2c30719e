package dev.autodeploy.proxy.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.LinkProxy;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each deployment has a port of its own, which it keeps. */
public abstract class LinkPortsContract extends LinkContract {

  /** Returns the first port of a range that was just free. */
  private static int free() throws IOException {
    try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return Math.min(any.getLocalPort(), 65_000);
    }
  }

  private TestLink link(int from, int to) throws IOException {
    return link(TestInstance.App.text("x"), spec -> {}, proxy -> proxy.linkPorts(from, to));
  }

  private static DeploymentSpec spec(String name) {
    return DeploymentSpec.builder(name).port(8080).startCommand("serve").build();
  }

  @Test
  void deployment_hasALinkOfItsOwn_withoutAPrefix() throws Exception {
    int from = free();
    try (TestLink link = link(from, from + 99)) {
      int own = link.proxy.dedicatedPort("app");

      assertThat(own).isBetween(from, from + 99);
      assertThat(link.proxy.serviceLink(link.app)).hasToString("http://localhost:" + own);
      assertThat(link.app.spec().linkPort()).isEqualTo(own);
      assertThat(link.get("/-/status").body)
          .contains("\"link\":\"http://localhost:" + own + "\"", "\"linkPort\":" + own);
      assertThat(link.provider.starts).isEmpty();

      assertThat(RawClient.get(own, "/-/status?a").body).isEqualTo("x");
      assertThat(link.get("/d/app/x").status).isEqualTo(200);
      assertThat(link.instance().requests)
          .extracting(request -> request.target)
          .containsExactly("/-/status?a", "/x");
      for (String loopback : new String[] {"127.0.0.1", "::1"}) {
        new Socket(loopback, own).close();
      }
    }
  }

  @Test
  void deploymentThatIsMadeLater_hasOneAtOnce_andFreesItWhenItIsRemoved() throws Exception {
    int from = free();
    try (TestLink link = link(from, from + 99)) {
      Deployment other = link.engine.deploy(spec("other"));
      int own = link.proxy.serviceLink(other).getPort();
      assertThat(own).isNotEqualTo(link.proxy.dedicatedPort("app")).isPositive();
      assertThat(RawClient.get(own, "/").status).isEqualTo(200);
      int again = link.proxy.serviceLink(link.engine.deploy(spec("other"))).getPort();
      assertThat(again).isEqualTo(own);

      link.engine.remove("other").join();

      Await.until("the port is closed", () -> refuses(own));
      assertThat(link.proxy.serviceLink(link.engine.deploy(spec("other"))).getPort())
          .as("the same name gets its port again")
          .isEqualTo(own);
    }
  }

  private static boolean refuses(int port) {
    try {
      new Socket(InetAddress.getLoopbackAddress(), port).close();
      return false;
    } catch (ConnectException e) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void freedPort_goesToNoOtherDeploymentSoon_andAFullRangeLeavesThePath() throws Exception {
    int from = free();
    try (TestLink link = link(from, from)) {
      int own = link.proxy.dedicatedPort("app");
      Deployment second = link.engine.deploy(spec("second"));
      assertThat(link.proxy.serviceLink(second))
          .hasToString("http://localhost:" + link.port + "/d/second");
      assertThatThrownBy(() -> link.proxy.dedicatedPort("second"))
          .isInstanceOf(IllegalArgumentException.class);

      link.engine.remove("app").join();

      Await.until("the port is closed", () -> refuses(own));
      assertThat(link.proxy.serviceLink(second).getPort()).isEqualTo(link.port);
      assertThat(link.get("/d/second/").status).isEqualTo(200);
    }
  }

  @Test
  void portOfAnotherProgram_isPassedOver() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      int from = Math.min(taken.getLocalPort(), 65_000);
      try (TestLink link =
          link(
              TestInstance.App.text("x"),
              spec -> spec.linkPort(taken.getLocalPort()),
              proxy -> proxy.linkPorts(from, from + 20))) {
        int own = link.proxy.dedicatedPort("app");

        assertThat(own).isNotEqualTo(taken.getLocalPort()).isBetween(from, from + 20);
        assertThat(link.app.spec().linkPort()).isEqualTo(own);
        assertThat(RawClient.get(own, "/").status).isEqualTo(200);
      }
    }
  }

  @Test
  void port_isKeptOverARestart(@TempDir Path state) throws Exception {
    int from = free();
    int before = portAfterStart(state, from, from + 99, "first", "voice");
    // Another deployment that comes first, and a range that is elsewhere.
    assertThat(portAfterStart(state, from + 200, from + 299, "another", "voice")).isEqualTo(before);
  }

  private int portAfterStart(Path state, int from, int to, String... names) throws IOException {
    TestProvider provider = new TestProvider(TestInstance.App.text("x"));
    try (AutoDeploy engine =
        AutoDeploy.builder().provider(provider).stateDirectory(state).build()) {
      for (String name : names) {
        engine.deploy(spec(name));
      }
      try (LinkProxy proxy = front(engine).linkPorts(from, to).start()) {
        return proxy.dedicatedPort(names[names.length - 1]);
      }
    }
  }

  @Test
  void bearerToken_isAskedForOnEveryPort() throws Exception {
    int from = free();
    try (TestLink link =
        link(
            TestInstance.App.text("x"),
            spec -> {},
            proxy -> proxy.linkPorts(from, from + 99).bearerToken("app", "0123456789abcdef"))) {
      assertThat(RawClient.get(link.proxy.dedicatedPort("app"), "/").status).isEqualTo(401);
      assertThat(link.provider.starts).isEmpty();
    }
  }

  @Test
  void requestUnderWay_endsThoughItsDeploymentIsRemoved() throws Exception {
    java.util.concurrent.CountDownLatch go = new java.util.concurrent.CountDownLatch(1);
    TestInstance.App slow =
        (request, out) -> {
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          TestInstance.App.text("late").respond(request, out);
        };
    int from = free();
    try (TestLink link = link(slow, spec -> {}, proxy -> proxy.linkPorts(from, from + 99))) {
      link.warm();
      int own = link.proxy.dedicatedPort("app");
      try (RawClient client = new RawClient(own)) {
        client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Await.until("it is served", () -> link.app.status().inFlight() == 1);
        link.engine.remove("app");
        go.countDown();
        assertThat(client.response().body).isEqualTo("late");
      }
    }
  }

  @Test
  void range_isChecked() throws Exception {
    for (int[] range : new int[][] {{0, 1}, {2, 1}, {1, 65_536}}) {
      assertThatThrownBy(() -> link(range[0], range[1]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
