package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.autodeploy.proxy.AccessCheck;
import dev.autodeploy.proxy.LinkRequest;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rules of who may use which deployment: by bearer token, of which only a hash is kept, and by
 * the host application's own check. Immutable.
 */
public final class AccessRules {
  /** The name that stands for every deployment. */
  public static final String EVERY = "*";

  private static final Logger LOG = LoggerFactory.getLogger(AccessRules.class);
  private static final Pattern BEARER =
      Pattern.compile("bearer +([A-Za-z0-9._~+/=-]+)", Pattern.CASE_INSENSITIVE);

  private final Map<String, List<byte[]>> hashes;
  private final @Nullable AccessCheck check;

  /**
   * Creates the rules.
   *
   * @param hashes the SHA-256 hashes of the tokens of each deployment, or of {@link #EVERY}
   * @param check the host application's own check, or null
   */
  public AccessRules(Map<String, List<byte[]>> hashes, @Nullable AccessCheck check) {
    Map<String, List<byte[]>> copy = new LinkedHashMap<>();
    hashes.forEach((name, tokens) -> copy.put(name, List.copyOf(tokens)));
    this.hashes = copy;
    this.check = check;
  }

  /**
   * Hashes a token. A token is long and random, unlike a password, so a plain hash is enough.
   *
   * @param token the token
   * @return its SHA-256 hash
   */
  public static byte[] hash(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(ISO_8859_1));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Returns whether there is any rule.
   *
   * @return true if not everybody may do everything
   */
  public boolean any() {
    return !hashes.isEmpty() || check != null;
  }

  /** Returns whether the host application's own check is asked. */
  boolean asksApplication() {
    return check != null;
  }

  /** Returns whether {@code Authorization} is meant for the link itself. */
  boolean useTokens() {
    return !hashes.isEmpty();
  }

  /** Returns whether the caller may use the deployment. */
  boolean allow(LinkRequest request) {
    if (!hashes.isEmpty() && !hasToken(request)) {
      return false;
    }
    if (check == null) {
      return true;
    }
    try {
      return check.allows(request);
    } catch (RuntimeException e) {
      LOG.warn("The access check failed for deployment '{}': refused", request.deployment(), e);
      return false;
    }
  }

  /** Returns what stands for the caller's token in a rate limit, or null if there is none. */
  static @Nullable String tokenId(LinkRequest request) {
    String token = token(request);
    return token == null ? null : HexFormat.of().formatHex(hash(token), 0, 16);
  }

  private boolean hasToken(LinkRequest request) {
    String token = token(request);
    if (token == null) {
      return false;
    }
    byte[] hash = hash(token);
    List<byte[]> valid = new ArrayList<>(hashes.getOrDefault(request.deployment(), List.of()));
    valid.addAll(hashes.getOrDefault(EVERY, List.of()));
    boolean found = false;
    for (byte[] known : valid) {
      found |= MessageDigest.isEqual(known, hash); // all of them, so that time tells nothing
    }
    return found;
  }

  private static @Nullable String token(LinkRequest request) {
    List<String> values = request.headers().apply("Authorization");
    if (values.size() != 1) {
      return null;
    }
    var matcher = BEARER.matcher(values.get(0));
    return matcher.matches() ? matcher.group(1) : null;
  }
}
