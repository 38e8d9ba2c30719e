package dev.autodeploy.proxy;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * The way in which a link recognises a caller, so that all its requests go to one instance:
 * wherever its state is kept. Immutable.
 *
 * <p>A caller that is new goes to any instance. One that is known waits for its instance where that
 * is at its concurrency, as another one would answer it wrongly; when the instance is gone, the
 * next one takes over. A {@code Deploy-Route-Rule} comes before.
 */
public final class Sticky {
  /** The ways to recognise a caller. */
  public enum Kind {
    /** By a cookie that the link sets. */
    COOKIE,
    /** By the value of a header field. */
    HEADER,
    /** By the value of a query parameter. */
    QUERY,
    /** By the client's address. */
    ADDRESS
  }

  private final Kind kind;
  private final @Nullable String name;

  private Sticky(Kind kind, @Nullable String name) {
    this.kind = kind;
    this.name = name;
  }

  /**
   * Recognises callers by the cookie {@code AutoDeploy-Instance}, which holds the id of their
   * instance.
   *
   * @return the way
   */
  public static Sticky byCookie() {
    return new Sticky(Kind.COOKIE, null);
  }

  /**
   * Recognises callers by a header field that they send, such as {@code Mcp-Session-Id}.
   *
   * @param name its name
   * @return the way
   */
  public static Sticky byHeader(String name) {
    return new Sticky(Kind.HEADER, notEmpty(name));
  }

  /**
   * Recognises callers by a query parameter, such as {@code session}.
   *
   * @param name its name
   * @return the way
   */
  public static Sticky byQuery(String name) {
    return new Sticky(Kind.QUERY, notEmpty(name));
  }

  /**
   * Recognises callers by the address that they connect from. All those behind one proxy are one.
   *
   * @return the way
   */
  public static Sticky byAddress() {
    return new Sticky(Kind.ADDRESS, null);
  }

  private static String notEmpty(String name) {
    if (requireNonNull(name, "name").isEmpty()) {
      throw new IllegalArgumentException("name must not be empty");
    }
    return name;
  }

  /**
   * Returns the kind.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * Returns the name of the header field or query parameter.
   *
   * @return the name, or null for the other kinds
   */
  public @Nullable String name() {
    return name;
  }

  @Override
  public String toString() {
    return "Sticky[" + kind + (name == null ? "]" : " " + name + "]");
  }
}
