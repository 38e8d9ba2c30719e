package dev.autodeploy.proxy;

/** The places of a request in which a link looks for its token. */
public enum TokenCarrier {
  /** {@code Authorization: Bearer <token>}. */
  BEARER,
  /** {@code x-api-key: <token>}, as clients of Anthropic's API send it. */
  X_API_KEY,
  /** {@code api-key: <token>}, as clients of Azure's API send it. */
  API_KEY,
  /** {@code Authorization: Basic}, with the token as the password and any user. */
  BASIC,
  /**
   * A cookie that people get on the link's sign-in page, {@code /-/sign-in}, which browsers are
   * shown where a token is missing. It holds no token, and is good for 12 hours and this link.
   */
  COOKIE,
  /**
   * The query parameter {@code access_token}. It ends up in logs and histories, so it is not among
   * the defaults.
   */
  QUERY
}
