package dev.autodeploy.examples.standin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class KevinVoiceTest {
  private KevinVoice voice;

  @BeforeAll
  void load() {
    voice = KevinVoice.load();
  }

  @Test
  void speak_longerText_takesLonger() {
    short[] one = voice.speak("Hello.");
    short[] two = voice.speak("Hello. The weather looks great today.");

    assertThat(two.length).isGreaterThan(2 * one.length);
  }

  @Test
  void speak_sameTextTwice_soundsTheSame() {
    assertThat(voice.speak("Once more.")).isEqualTo(voice.speak("Once more."));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "It costs $5.20, i.e. 50% & more @ 10:30 on 11/23/2026.",
        "1,234,567,890,123,456,789 and 3.14159 and -7 and 1/2",
        "a.b.c d'e 'quoted' (bracketed) [square] {curly} <tag> #hash ~ ^ | \\ / _ = + * `",
        "I",
        "' a",
        "xkcd zzyzx BBC U.S.A. Dr. St. 20th XIV",
        "No.1? Yes!! Well... so; then: end"
      })
  void speak_awkwardEnglish_comesBackWithSound(String text) {
    short[] samples = voice.speak(text);

    assertThat(samples.length).isGreaterThan(voice.sampleRate() / 5);
    assertThat(samples[loudest(samples)]).isNotZero();
  }

  @Test
  void speak_longestAllowedText_comesBackWhole() {
    String text = "The weather looks great today. ".repeat(132);

    short[] once = voice.speak("The weather looks great today.");
    short[] samples = voice.speak(text);

    assertThat(text.length()).isLessThanOrEqualTo(SpeakableText.MAX_LENGTH);
    assertThat((double) samples.length / once.length).isBetween(120.0, 145.0);
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.SECONDS)
  void load_afterwards_endsTheVoicesOwnOutputThread() throws Exception {
    while (outputThreadIsThere()) {
      Thread.sleep(1);
    }
  }

  private static boolean outputThreadIsThere() {
    return Thread.getAllStackTraces().values().stream()
        .flatMap(Arrays::stream)
        .anyMatch(frame -> frame.getClassName().equals("com.sun.speech.freetts.OutputQueue"));
  }

  private static int loudest(short[] samples) {
    int loudest = 0;
    for (int i = 0; i < samples.length; i++) {
      if (Math.abs(samples[i]) > Math.abs(samples[loudest])) {
        loudest = i;
      }
    }
    return loudest;
  }
}
