package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.autodeploy.proxy.AccessCheck;
import dev.autodeploy.proxy.LinkRequest;
import dev.autodeploy.proxy.TokenCarrier;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rules of who may use which deployment: by token, of which only a hash is kept, and by the
 * host application's own check. Immutable.
 */
public final class AccessRules {
  /** The name that stands for every deployment. */
  public static final String EVERY = "*";

  /** The length up to which names of callers are kept. */
  static final int MAX_NAME = 200;

  private static final Logger LOG = LoggerFactory.getLogger(AccessRules.class);
  private final Map<String, List<byte[]>> hashes;

  /** The hashes of all tokens. */
  private final Set<ByteBuffer> all;

  private final @Nullable AccessCheck check;
  private final Set<TokenCarrier> carriers;
  private final Map<String, String> names;

  /**
   * Creates the rules.
   *
   * @param hashes the SHA-256 hashes of the tokens of each deployment, or of {@link #EVERY}
   * @param check the host application's own check, or null
   * @param carriers where a request may bring its token
   */
  public AccessRules(
      Map<String, List<byte[]>> hashes, @Nullable AccessCheck check, Set<TokenCarrier> carriers) {
    this(hashes, check, carriers, Map.of());
  }

  /**
   * Creates the rules.
   *
   * @param names the names of tokens that have one, by {@link #id}
   */
  AccessRules(
      Map<String, List<byte[]>> hashes,
      @Nullable AccessCheck check,
      Set<TokenCarrier> carriers,
      Map<String, String> names) {
    this.names = Map.copyOf(names);
    Map<String, List<byte[]>> copy = new LinkedHashMap<>();
    hashes.forEach((name, tokens) -> copy.put(name, List.copyOf(tokens)));
    this.hashes = copy;
    all =
        copy.values().stream()
            .flatMap(List::stream)
            .map(ByteBuffer::wrap)
            .collect(Collectors.toUnmodifiableSet());
    this.check = check;
    this.carriers = Set.copyOf(carriers);
  }

  /**
   * Hashes a token. A token is long and random, unlike a password, so a plain hash is enough.
   *
   * @param token the token
   * @return its SHA-256 hash
   */
  public static byte[] hash(String token) {
    return digest(token.getBytes(ISO_8859_1));
  }

  /** Returns the SHA-256 hash of bytes. */
  static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
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

  /**
   * Returns those tokens of a request that open any link. Others are hashed once, and never again
   * for each deployment: they may be long, and come from anybody.
   */
  List<String> presented(RequestHead head) {
    return hashes.isEmpty()
        ? List.of()
        : PresentedTokens.of(head, carriers).stream().filter(this::isOurs).toList();
  }

  /**
   * Returns whether the caller may use the deployment.
   *
   * @param request the request
   * @param tokens the tokens that it brings
   */
  boolean allow(LinkRequest request, List<String> tokens) {
    boolean opened = hashes.isEmpty() || opener(request.deployment(), tokens) != null;
    return opened && allowsByApplication(request);
  }

  /** Returns whether the host application's own check lets a caller in; true if there is none. */
  boolean allowsByApplication(LinkRequest request) {
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

  /** Returns the name under which the cost of a request is listed, or null for none. */
  @Nullable String caller(LinkRequest request, byte @Nullable [] opener) {
    String name = null;
    try {
      name = check == null ? null : check.caller(request);
    } catch (RuntimeException e) {
      LOG.warn("The access check named no caller for '{}'", request.deployment(), e);
    }
    if (name == null || name.isBlank()) {
      return opener == null || names.isEmpty() ? null : names.get(id(opener));
    }
    return name.length() > MAX_NAME ? name.substring(0, MAX_NAME) : name;
  }

  /** Returns whether people may sign in with a token. */
  boolean signsIn() {
    return !hashes.isEmpty() && carriers.contains(TokenCarrier.COOKIE);
  }

  /** Returns what stands for a token in limits and shares, by its hash. */
  static String id(byte[] hash) {
    return HexFormat.of().formatHex(hash, 0, 16);
  }

  /** Returns what stands for the caller's token in limits and shares, or null if there is none. */
  @Nullable String tokenId(String deployment, List<String> tokens) {
    byte[] opener = opener(deployment, tokens);
    return opener == null ? null : id(opener);
  }

  /** Returns the hashes of the tokens that open a deployment's link. */
  List<byte[]> hashesFor(String deployment) {
    List<byte[]> all = new ArrayList<>(hashes.getOrDefault(deployment, List.of()));
    all.addAll(hashes.getOrDefault(EVERY, List.of()));
    return all;
  }

  /** Returns the hash of the first token that opens a deployment's link, or null. */
  byte @Nullable [] opener(String deployment, List<String> tokens) {
    if (tokens.isEmpty()) {
      return null;
    }
    List<byte[]> valid = hashesFor(deployment);
    for (String token : tokens) {
      byte[] hash = hash(token);
      if (isIn(valid, hash)) {
        return hash;
      }
    }
    return null;
  }

  private static boolean isIn(List<byte[]> hashes, byte[] hash) {
    boolean found = false;
    for (byte[] known : hashes) {
      found |= MessageDigest.isEqual(known, hash); // all of them, so that time tells nothing
    }
    return found;
  }

  private boolean isOurs(String token) {
    return all.contains(ByteBuffer.wrap(hash(token)));
  }

  /** Returns a request for an instance: without what is the link's, whoever may use it. */
  RequestHead withoutOurs(RequestHead head, boolean keepAuthorization) {
    return PresentedTokens.without(head, this::isOurs, keepAuthorization);
  }

  /** Returns a target for an instance. */
  String withoutOurs(String target) {
    return hashes.isEmpty() || !carriers.contains(TokenCarrier.QUERY)
        ? target
        : PresentedTokens.without(target, this::isOurs);
  }
}
