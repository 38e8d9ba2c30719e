package dev.autodeploy.examples.standin;

/** Thrown when a text is beyond the stand-in's voice, though BreezyVoice itself might speak it. */
final class UnspeakableTextException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  UnspeakableTextException(String reason) {
    super(reason);
    this.reason = reason;
  }

  /** Returns the sentence for whoever sent the text. */
  String reason() {
    return reason;
  }
}
