package dev.autodeploy.internal.wire;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The secret that all replicas share. It never leaves them: each message carries a signature that
 * only who has the secret can make, and so does each answer. Thread-safe.
 */
public final class SharedSecret {
  /** The fewest characters of a secret. */
  public static final int SHORTEST = 16;

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String ALGORITHM = "HmacSHA256";
  private static final int RANDOM_BYTES = 32;

  private final SecretKeySpec key;

  /**
   * Makes it.
   *
   * @param text the secret, {@link #SHORTEST} characters or more
   */
  public SharedSecret(String text) {
    key = new SecretKeySpec(text.getBytes(StandardCharsets.UTF_8), ALGORITHM);
  }

  /** Returns a new secret, or another text that nobody can guess. */
  public static String random() {
    byte[] bytes = new byte[RANDOM_BYTES];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /**
   * Returns the text that makes an exchange one of a kind: no recorded one fits another connection,
   * or another place on the same one, and no recorded answer another exchange.
   *
   * @param challenge what the server has made up for the connection
   * @param number the place of the exchange on the connection, from 1
   */
  static String nonce(String challenge, long number) {
    return prefix(challenge, number) + random();
  }

  /** Returns the beginning of a text of {@link #nonce}. */
  static String prefix(String challenge, long number) {
    return challenge + "-" + number + "-";
  }

  /**
   * Returns the signature of a body.
   *
   * @param kind tells requests from answers, so that none passes for the other
   * @param nonce the text that makes the exchange one of a kind
   */
  String sign(String kind, String nonce, byte[] body) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update((kind + "\n" + nonce + "\n").getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(mac.doFinal(body));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JVM has " + ALGORITHM, e);
    }
  }

  /** Returns whether a signature is the right one, in a time that does not depend on it. */
  boolean isSigned(String kind, String nonce, byte[] body, String signature) {
    return MessageDigest.isEqual(
        sign(kind, nonce, body).getBytes(StandardCharsets.UTF_8),
        signature.getBytes(StandardCharsets.UTF_8));
  }

  /** Says nothing of it. */
  @Override
  public String toString() {
    return "SharedSecret[...]";
  }
}
