package dev.autodeploy.console;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The users who may sign in to a page with a password, and how long their sessions last. Immutable.
 *
 * <pre>{@code
 * SignIn signIn = SignIn.builder()
 *     .user("mei", "$argon2id$v=19$m=19456,t=2,p=1$...", ConsoleRole.ACT)
 *     .user("wall", "$argon2id$v=19$m=19456,t=2,p=1$...", ConsoleRole.READ)
 *     .build();
 * Console console = Console.builder(autoDeploy).actions(true).signIn(signIn).build();
 * }</pre>
 *
 * <p>{@link PasswordHash} makes the hashes. Sessions are kept in memory: they end with the console.
 * A session's secret is in no cookie, because browsers send a cookie to every port of a host: it
 * would reach instances behind a link on the same host.
 */
public final class SignIn {
  private final Map<String, User> users;
  private final Duration idleTimeout;
  private final Duration maxAge;

  /** A user. */
  record User(String name, PasswordHash password, ConsoleRole role) {}

  private SignIn(Builder b) {
    users = Map.copyOf(b.users);
    idleTimeout = b.idleTimeout;
    maxAge = b.maxAge;
  }

  /**
   * Returns a builder for the users of a page.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  Duration idleTimeout() {
    return idleTimeout;
  }

  Duration maxAge() {
    return maxAge;
  }

  @Nullable User find(String name) {
    return users.get(name);
  }

  /** Returns the hash that is compared for a name that nobody has, so that it takes as long. */
  PasswordHash decoy() {
    return users.values().iterator().next().password().decoy();
  }

  /** Collects the users of a page. Not thread-safe. */
  public static final class Builder {
    private final Map<String, User> users = new LinkedHashMap<>();
    private Duration idleTimeout = Duration.ofMinutes(30);
    private Duration maxAge = Duration.ofHours(12);

    private Builder() {}

    /**
     * Adds a user.
     *
     * @param name the name, 1 to 64 characters without spaces
     * @param passwordHash the text form of a {@link PasswordHash}
     * @param role the user's rights
     * @return this
     */
    public Builder user(String name, String passwordHash, ConsoleRole role) {
      requireNonNull(name, "name");
      requireNonNull(role, "role");
      if (!name.matches("[\\p{L}\\p{N}._@+-]{1,64}")) {
        throw new IllegalArgumentException(
            "a user's name must have 1 to 64 letters, digits and . _ @ + -, but was '"
                + name
                + "'");
      }
      if (users.putIfAbsent(name, new User(name, PasswordHash.parse(passwordHash), role)) != null) {
        throw new IllegalArgumentException("user '" + name + "' is there twice");
      }
      return this;
    }

    /**
     * Sets how long a session lasts while its user does nothing on the page. Default: 30 minutes.
     *
     * @param value 1 minute to 7 days
     * @return this
     */
    public Builder idleTimeout(Duration value) {
      idleTimeout =
          Arguments.inRange("idleTimeout", value, Duration.ofMinutes(1), Duration.ofDays(7));
      return this;
    }

    /**
     * Sets how long a session lasts at most; then its user signs in again. Default: 12 hours.
     *
     * @param value 1 minute to 7 days
     * @return this
     */
    public Builder maxAge(Duration value) {
      maxAge = Arguments.inRange("maxAge", value, Duration.ofMinutes(1), Duration.ofDays(7));
      return this;
    }

    /**
     * Returns the users.
     *
     * @return the users, for {@link Console.Builder#signIn}
     * @throws IllegalStateException if there is none
     */
    public SignIn build() {
      if (users.isEmpty()) {
        throw new IllegalStateException("a page with sign-in needs a user; add one with user(...)");
      }
      return new SignIn(this);
    }
  }
}
