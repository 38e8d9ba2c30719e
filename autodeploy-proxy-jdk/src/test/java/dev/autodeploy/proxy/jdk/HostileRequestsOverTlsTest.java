package dev.autodeploy.proxy.jdk;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.HostileRequestsContract;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/** The hostile requests, within TLS. */
@Tag("slow")
final class HostileRequestsOverTlsTest extends HostileRequestsContract {
  private final TestCertificate certificate;

  HostileRequestsOverTlsTest() throws Exception {
    certificate = new TestCertificate(Path.of("target"), "san=dns:localhost,ip:127.0.0.1");
  }

  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine).sslContext(certificate.context());
  }

  @Override
  protected RawClient connect(int port) throws IOException {
    return new RawClient(certificate.over(new Socket(InetAddress.getLoopbackAddress(), port)));
  }
}
