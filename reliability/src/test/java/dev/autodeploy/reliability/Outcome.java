package dev.autodeploy.reliability;

import java.time.Duration;

/** The end of a request, as its client saw it. */
record Outcome(Kind kind, Duration took, String detail) {

  /** The outcomes that the client can know. */
  enum Kind {
    /** The whole answer came. */
    ANSWERED,
    /** An error answer came, or the connection broke: the client knows that it has no answer. */
    TOLD,
    /** The client hung up itself, with the part of the answer that it wanted. */
    ABORTED,
    /** Nothing came in time, or something that looks like the whole answer and is not. */
    LOST
  }
}
