package dev.autodeploy.examples.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ResamplerTest {
  private static final int FROM = 16_000;
  private static final int TO = 22_050;
  private static final double AMPLITUDE = 10_000;

  private final Resampler resampler = new Resampler(FROM, TO);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 319, 320, 321, 16_000, 73_397})
  void resample_anyLength_lastsAsLongAsTheInput(int length) {
    short[] output = resampler.resample(new short[length]);

    assertThat(output.length / (double) TO).isCloseTo(length / (double) FROM, within(1.0 / TO));
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 1_000, 3_000, 6_000})
  void resample_tone_keepsItsPitchAndLoudness(int hertz) {
    short[] output = resampler.resample(tone(hertz));

    assertThat(amplitude(output, hertz)).isCloseTo(AMPLITUDE, within(AMPLITUDE * 0.01));
  }

  @ParameterizedTest
  @ValueSource(ints = {5_950, 7_000, 7_800})
  void resample_tone_leavesNoImageAboveTheInputsBand(int hertz) {
    short[] output = resampler.resample(tone(hertz));

    assertThat(amplitude(output, FROM - hertz)).isLessThan(AMPLITUDE / 300);
  }

  @Test
  void resample_constant_staysConstant() {
    short[] input = new short[2_000];
    Arrays.fill(input, (short) 1_000);

    short[] output = resampler.resample(input);

    for (int i = 200; i < output.length - 200; i++) {
      assertThat(output[i]).isBetween((short) 999, (short) 1_001);
    }
  }

  @Test
  void resample_loudStep_isCutOffInsteadOfWrappingAround() {
    short[] input = new short[400];
    Arrays.fill(input, 0, 200, Short.MIN_VALUE);
    Arrays.fill(input, 200, 400, Short.MAX_VALUE);

    short[] output = resampler.resample(input);

    int step = 200 * TO / FROM;
    assertThat(Arrays.copyOfRange(output, step + 2, output.length - 60))
        .as("overshoot after the step")
        .contains(Short.MAX_VALUE);
    for (int i = step + 2; i < output.length - 60; i++) {
      assertThat(output[i]).as("sample %d", i).isPositive();
    }
  }

  @Test
  void resampler_fallingRate_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Resampler(TO, FROM))
        .withMessageContaining("from 22050 to 16000 Hz");
  }

  private static short[] tone(int hertz) {
    short[] tone = new short[FROM];
    for (int i = 0; i < tone.length; i++) {
      tone[i] = (short) Math.round(AMPLITUDE * Math.sin(2 * Math.PI * hertz * i / FROM));
    }
    return tone;
  }

  /** Returns how strong one frequency is, away from the ends. */
  private static double amplitude(short[] sound, int hertz) {
    int from = TO / 10;
    int to = from + TO / 2;
    double sine = 0;
    double cosine = 0;
    for (int i = from; i < to; i++) {
      sine += sound[i] * Math.sin(2 * Math.PI * hertz * i / TO);
      cosine += sound[i] * Math.cos(2 * Math.PI * hertz * i / TO);
    }
    return 2 * Math.hypot(sine, cosine) / (to - from);
  }
}
