package dev.autodeploy.proxy.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** A certificate of localhost that has signed itself, made for one test. */
public final class TestCertificate {
  public static final String PASSWORD = "changeit";
  public final Path store;

  public TestCertificate(Path directory, String names) throws Exception {
    store = Files.createTempDirectory(directory, "certificate").resolve("store");
    Path tool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    String options =
        "-genkeypair -storepass changeit -alias a -keyalg EC -dname CN=test -storetype PKCS12";
    ProcessBuilder builder = new ProcessBuilder((tool + " " + options).split(" "));
    builder.command().addAll(java.util.List.of("-keystore", store.toString(), "-ext", names));
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }

  /** Returns a context that shows the certificate, and trusts no other. */
  public SSLContext context() {
    try {
      return load();
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns TLS over a connection to this machine, where ALPN has chosen one of the protocols. */
  public SSLSocket over(Socket connected, String... protocols) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            context()
                .getSocketFactory()
                .createSocket(connected, "localhost", connected.getPort(), true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(protocols);
    socket.setSSLParameters(parameters);
    socket.setSoTimeout(20_000);
    socket.startHandshake();
    assertThat(socket.getApplicationProtocol())
        .isEqualTo(protocols.length == 0 ? "" : protocols[0]);
    return socket;
  }

  private SSLContext load() throws IOException, GeneralSecurityException {
    KeyStore loaded = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      loaded.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(loaded, PASSWORD.toCharArray());
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(loaded);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }
}
