package dev.autodeploy.examples.standin;

/**
 * A converter of text into sound.
 *
 * <p>Called by one thread at a time; blocks until the whole text is spoken.
 */
interface SpeechSynthesizer {

  /**
   * Speaks a text.
   *
   * @param text printable ASCII with at least one letter or digit
   * @return mono samples at {@link #sampleRate()}
   */
  short[] speak(String text);

  /** Returns the samples per second of what {@link #speak} returns. */
  int sampleRate();
}
