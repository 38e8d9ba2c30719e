package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.spi.ProviderInstance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Daemons that are set up as few are, but as they may be: an instance is reached all the same. One
 * with {@code userland-proxy=false} is not among them: it leaves a rule for loopback addresses
 * behind, by which no other daemon's ports are reached any longer.
 */
@Tag("slow")
class OddDaemonTest {
  @TempDir private Path directory;
  private OwnDaemon daemon;

  @AfterEach
  void close() {
    if (daemon != null) {
      daemon.close();
    }
  }

  @Test
  void daemonAtASocketOfAnOddName_isFound() throws Exception {
    URI socket = new URI("unix", "", directory.resolve("a b%20c#d.sock").toString(), null, null);
    daemon = OwnDaemon.start("--host", "unix://" + socket.getPath());
    assertServes(socket);
  }

  @Test
  void daemonOnIPv6Alone_publishesThereAsWell() throws Exception {
    int port = freePort();
    daemon = OwnDaemon.start("--host", "tcp://[::1]:" + port, "--tls=false");
    assertServes(URI.create("tcp://[::1]:" + port));
  }

  private static void assertServes(URI dockerHost) throws Exception {
    try (ProviderFixture docker = ProviderFixture.open(b -> b.dockerHost(dockerHost))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
      assertThat(docker.list()).containsExactly(instance);
      docker.release(instance);
      docker.provider.close();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return socket.getLocalPort();
    }
  }
}
