package dev.autodeploy.console;

import static java.util.Objects.requireNonNull;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * The Argon2id hash of a password, in the usual text form: {@code
 * $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>}. Needs {@code org.bouncycastle:bcprov-jdk18on},
 * which the host application adds. Immutable.
 *
 * <p>Run as a program it reads a password from the terminal, or a line from standard input, and
 * prints its hash.
 */
public final class PasswordHash {
  private static final int MEMORY_KIB = 19_456;
  private static final int ITERATIONS = 2;
  private static final int LANES = 1;
  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 32;
  private static final int MAX_MEMORY_KIB = 1 << 20;
  private static final int SHORTEST_PASSWORD = 8;

  private static final Pattern TEXT =
      Pattern.compile(
          "\\$argon2id\\$v=19\\$m=(\\d{1,7}),t=(\\d{1,3}),p=(\\d{1,2})"
              + "\\$([A-Za-z0-9+/]{11,86})\\$([A-Za-z0-9+/]{22,86})");

  private final int memoryKib;
  private final int iterations;
  private final int lanes;
  private final byte[] salt;
  private final byte[] hash;

  private PasswordHash(int memoryKib, int iterations, int lanes, byte[] salt, byte[] hash) {
    this.memoryKib = memoryKib;
    this.iterations = iterations;
    this.lanes = lanes;
    this.salt = salt;
    this.hash = hash;
  }

  /**
   * Hashes a password, with 19 MiB of memory and two passes.
   *
   * @param password the password, 8 characters or more; the array is not kept
   * @return the hash
   */
  public static PasswordHash of(char[] password) {
    if (requireNonNull(password, "password").length < SHORTEST_PASSWORD) {
      throw new IllegalArgumentException(
          "a password must have " + SHORTEST_PASSWORD + " characters or more");
    }
    byte[] salt = new byte[SALT_BYTES];
    new SecureRandom().nextBytes(salt);
    return new PasswordHash(
        MEMORY_KIB,
        ITERATIONS,
        LANES,
        salt,
        derive(password, MEMORY_KIB, ITERATIONS, LANES, salt, HASH_BYTES));
  }

  /**
   * Reads the text form of a hash, as this class or the {@code argon2} program writes it.
   *
   * @param text the text
   * @return the hash
   */
  public static PasswordHash parse(String text) {
    Matcher matcher = TEXT.matcher(requireNonNull(text, "text"));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a password hash must look like $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>; make one"
              + " with PasswordHash");
    }
    int memory = Integer.parseInt(matcher.group(1));
    int iterations = Integer.parseInt(matcher.group(2));
    int lanes = Integer.parseInt(matcher.group(3));
    if (lanes < 1 || iterations < 1 || memory < 8 * lanes || memory > MAX_MEMORY_KIB) {
      throw new IllegalArgumentException(
          "a password hash needs t and p of 1 or more, and m of 8 p to " + MAX_MEMORY_KIB);
    }
    Base64.Decoder decoder = Base64.getDecoder();
    return new PasswordHash(
        memory,
        iterations,
        lanes,
        decoder.decode(matcher.group(4)),
        decoder.decode(matcher.group(5)));
  }

  /**
   * Returns whether this is the hash of a password, in a time that does not tell how near it is.
   */
  boolean matches(char[] password) {
    return MessageDigest.isEqual(
        hash, derive(password, memoryKib, iterations, lanes, salt, hash.length));
  }

  /** Returns a hash that no password has, but that takes as long to compare as this one. */
  PasswordHash decoy() {
    byte[] nothing = new byte[hash.length];
    new SecureRandom().nextBytes(nothing);
    return new PasswordHash(memoryKib, iterations, lanes, salt, nothing);
  }

  private static byte[] derive(
      char[] password, int memoryKib, int iterations, int lanes, byte[] salt, int length) {
    ByteBuffer encoded = StandardCharsets.UTF_8.encode(CharBuffer.wrap(password));
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes).clear();
    encoded.put(new byte[encoded.remaining()]);
    try {
      Argon2BytesGenerator generator = new Argon2BytesGenerator();
      generator.init(
          new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
              .withVersion(Argon2Parameters.ARGON2_VERSION_13)
              .withMemoryAsKB(memoryKib)
              .withIterations(iterations)
              .withParallelism(lanes)
              .withSalt(salt)
              .build());
      byte[] out = new byte[length];
      generator.generateBytes(bytes, out);
      return out;
    } catch (NoClassDefFoundError e) {
      throw new IllegalStateException(
          "passwords need org.bouncycastle:bcprov-jdk18on on the class path; add that dependency",
          e);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /**
   * Returns the text form, to be kept where the application keeps its settings.
   *
   * @return the text
   */
  @Override
  public String toString() {
    Base64.Encoder encoder = Base64.getEncoder().withoutPadding();
    return "$argon2id$v=19$m="
        + memoryKib
        + ",t="
        + iterations
        + ",p="
        + lanes
        + "$"
        + encoder.encodeToString(salt)
        + "$"
        + encoder.encodeToString(hash);
  }

  /**
   * Prints the hash of a password that is typed, or read from standard input.
   *
   * @param arguments none
   * @throws IOException if standard input cannot be read
   */
  @SuppressWarnings("SystemConsoleNull") // one that is no terminal reads standard input, too
  public static void main(String[] arguments) throws IOException {
    java.io.Console terminal = System.console();
    char[] password = null;
    if (terminal != null) {
      password = terminal.readPassword("Password: ");
    } else {
      String line =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
      password = line == null ? null : line.toCharArray();
    }
    System.out.println(of(password == null ? new char[0] : password));
  }
}
