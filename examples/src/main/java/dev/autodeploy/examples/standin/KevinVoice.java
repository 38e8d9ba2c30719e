package dev.autodeploy.examples.standin;

import com.sun.speech.freetts.FreeTTSSpeakableImpl;
import com.sun.speech.freetts.OutputQueue;
import com.sun.speech.freetts.Voice;
import com.sun.speech.freetts.VoiceManager;

/**
 * FreeTTS's voice {@code kevin16}: US English, 16 kHz, a robot of the 1990s and intelligible.
 *
 * <p>Not thread-safe, as a FreeTTS voice is not.
 */
final class KevinVoice implements SpeechSynthesizer {
  private static final int SAMPLE_RATE = 16_000;
  private static final String NAME = "kevin16";

  private final Voice voice;

  private KevinVoice(Voice voice) {
    this.voice = voice;
  }

  /** Loads the voice and its lexicon from the class path; takes about a third of a second. */
  static KevinVoice load() {
    System.setProperty(
        "freetts.voices", "com.sun.speech.freetts.en.us.cmu_us_kal.KevinVoiceDirectory");
    Voice voice = VoiceManager.getInstance().getVoice(NAME);
    if (voice == null) {
      throw new IllegalStateException("FreeTTS has no voice " + NAME + " on the class path");
    }
    voice.allocate();
    renderInCallingThread(voice);
    return new KevinVoice(voice);
  }

  /** An error on the voice's own output thread would leave its caller waiting for ever. */
  private static void renderInCallingThread(Voice voice) {
    OutputQueue queue = voice.getOutputQueue();
    voice.setOutputQueue(null);
    queue.close();
  }

  @Override
  public short[] speak(String text) {
    CollectingAudioPlayer player = new CollectingAudioPlayer();
    voice.setAudioPlayer(player);
    if (!voice.speak(new RenderedSpeakable(text))) {
      throw new IllegalStateException("the voice gave up on the text");
    }
    return player.samples(SAMPLE_RATE);
  }

  @Override
  public int sampleRate() {
    return SAMPLE_RATE;
  }

  /** A text that is complete when the voice returns, so that there is nothing to wait for. */
  private static final class RenderedSpeakable extends FreeTTSSpeakableImpl {
    private boolean failed;

    RenderedSpeakable(String text) {
      super(text);
    }

    @Override
    public synchronized void cancelled() {
      failed = true;
      super.cancelled();
    }

    @Override
    public synchronized boolean waitCompleted() {
      return !failed;
    }
  }
}
