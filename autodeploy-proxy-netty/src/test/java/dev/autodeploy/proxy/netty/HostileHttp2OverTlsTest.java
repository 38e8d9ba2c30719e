package dev.autodeploy.proxy.netty;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.TestCertificate;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/** The hostile clients of HTTP/2, within TLS, where ALPN chose it. */
@Tag("slow")
final class HostileHttp2OverTlsTest extends HostileHttp2Test {
  private final TestCertificate certificate;

  HostileHttp2OverTlsTest() throws Exception {
    certificate = new TestCertificate(Path.of("target"), "san=dns:localhost,ip:127.0.0.1");
  }

  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return NettyFront.of(engine).sslContext(certificate.context());
  }

  @Override
  Socket carrying(Socket connected) throws IOException {
    return certificate.over(connected, "h2");
  }
}
