package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * The end of a proxied request.
 *
 * @param kind how it ended
 * @param status the status code for the log
 * @param bytes how many bytes of the instance's body went to the client
 * @param response the link's own response, if that is the end
 */
record Outcome(Kind kind, int status, long bytes, @Nullable LinkResponse response) {

  /** The ways to end. */
  enum Kind {
    /** The whole response went to the client. */
    COMPLETED(""),
    /** The link responded by itself. */
    REFUSED(""),
    /** The response broke off. */
    TRUNCATED(" cut-off"),
    /** The client left in the middle of the response. */
    CLIENT_LEFT(" client-gone"),
    /** The client left before there was a response. */
    ABANDONED(" client-gone"),
    /** The link itself failed in the middle of the response. */
    FAILED("");

    private final String remark;

    Kind(String remark) {
      this.remark = remark;
    }

    /** Returns what the access log adds to the line. */
    String remark() {
      return remark;
    }
  }

  static Outcome completed(int status, long bytes) {
    return new Outcome(Kind.COMPLETED, status, bytes, null);
  }

  static Outcome refused(LinkResponse response) {
    return new Outcome(Kind.REFUSED, response.status(), 0, response);
  }

  static Outcome truncated(int status, long bytes) {
    return new Outcome(Kind.TRUNCATED, status, bytes, null);
  }

  static Outcome clientLeft(int status, long bytes) {
    return new Outcome(Kind.CLIENT_LEFT, status, bytes, null);
  }

  static Outcome abandoned() {
    return new Outcome(Kind.ABANDONED, 499, 0, null);
  }

  static Outcome failed() {
    return new Outcome(Kind.FAILED, 500, 0, null);
  }
}
