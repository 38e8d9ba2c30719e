package dev.autodeploy.docker;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * The TLS files of Docker's clients: {@code ca.pem}, {@code cert.pem}, {@code key.pem}.
 *
 * @param context speaks as the client and trusts the authority
 * @param trustManager trusts the authority
 */
record PemFiles(SSLContext context, X509TrustManager trustManager) {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([^-]+)-----END");
  private static final char[] NO_PASSWORD = {};

  /** The DER of version 0 and the algorithm rsaEncryption, which PKCS#8 puts before the key. */
  private static final byte[] RSA_HEADER = {
    2, 1, 0, 48, 13, 6, 9, 42, (byte) 134, 72, (byte) 134, (byte) 247, 13, 1, 1, 1, 5, 0
  };

  static PemFiles read(Path directory) {
    try {
      KeyStore trusted = emptyStore();
      int i = 0;
      for (Certificate certificate : certificates(directory.resolve("ca.pem"))) {
        trusted.setCertificateEntry("ca" + i++, certificate);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);

      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      KeyStore own = emptyStore();
      if (Files.exists(directory.resolve("key.pem"))) {
        own.setKeyEntry(
            "key",
            key(directory.resolve("key.pem")),
            NO_PASSWORD,
            certificates(directory.resolve("cert.pem")).toArray(new Certificate[0]));
      }
      keys.init(own, NO_PASSWORD);

      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return new PemFiles(context, (X509TrustManager) trust.getTrustManagers()[0]);
    } catch (IOException | GeneralSecurityException e) {
      throw new DockerDaemonException(
          DockerProblem.TLS_FAILED,
          "reading the certificates in " + directory,
          String.valueOf(e.getMessage()),
          e);
    }
  }

  private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static Collection<? extends Certificate> certificates(Path file)
      throws IOException, GeneralSecurityException {
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
  }

  static PrivateKey key(Path file) throws IOException, GeneralSecurityException {
    Matcher matcher = KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
    if (!matcher.find()) {
      throw new InvalidKeySpecException(file + " holds no private key without a password");
    }
    byte[] der = Base64.getMimeDecoder().decode(matcher.group(2));
    return switch (matcher.group(1)) {
      case "RSA PRIVATE KEY" ->
          KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(wrapped(der)));
      case "EC PRIVATE KEY" ->
          throw new InvalidKeySpecException(
              file + " is in the SEC 1 form; convert it with 'openssl pkcs8 -topk8 -nocrypt'");
      default -> pkcs8(new PKCS8EncodedKeySpec(der));
    };
  }

  private static PrivateKey pkcs8(PKCS8EncodedKeySpec spec) throws GeneralSecurityException {
    InvalidKeySpecException failure = new InvalidKeySpecException("unknown kind of private key");
    for (String algorithm : new String[] {"RSA", "EC", "EdDSA"}) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (InvalidKeySpecException e) {
        failure.addSuppressed(e);
      }
    }
    throw failure;
  }

  private static byte[] wrapped(byte[] pkcs1) {
    byte[] octets = der(4, pkcs1);
    byte[] body = new byte[RSA_HEADER.length + octets.length];
    System.arraycopy(RSA_HEADER, 0, body, 0, RSA_HEADER.length);
    System.arraycopy(octets, 0, body, RSA_HEADER.length, octets.length);
    return der(48, body);
  }

  private static byte[] der(int tag, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (content.length < 128) {
      out.write(content.length);
    } else {
      int bytes = content.length < 256 ? 1 : content.length < 65536 ? 2 : 3;
      out.write(0x80 | bytes);
      for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
        out.write(content.length >> shift);
      }
    }
    out.writeBytes(content);
    return out.toByteArray();
  }
}
