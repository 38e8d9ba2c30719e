package dev.autodeploy.examples.standin;

/**
 * Raises the sample rate of mono sound by band-limited interpolation.
 *
 * <p>A windowed sinc in as many phases as the two rates need: 441 for 16 000 to 22 050 Hz. Straight
 * lines between samples would be shorter code, but leave mirror images of the voice above 8 kHz.
 * Immutable and thread-safe.
 */
final class Resampler {
  private static final int HALF_WIDTH = 32;

  /** The middle of the filter's slope, in parts of the input's band: images start at 1. */
  private static final double CUTOFF = 0.915;

  private final int up;
  private final int down;
  private final float[][] tapsByPhase;

  /**
   * Creates a resampler.
   *
   * @param fromRate samples per second of the input
   * @param toRate samples per second of the output, not below {@code fromRate}
   */
  Resampler(int fromRate, int toRate) {
    if (fromRate <= 0 || toRate < fromRate) {
      throw new IllegalArgumentException(
          "rates must be positive and rising: from " + fromRate + " to " + toRate + " Hz");
    }
    int divisor = greatestCommonDivisor(fromRate, toRate);
    up = toRate / divisor;
    down = fromRate / divisor;
    tapsByPhase = new float[up][];
    for (int phase = 0; phase < up; phase++) {
      tapsByPhase[phase] = taps((double) phase / up);
    }
  }

  /** Returns the sound at the new rate; it lasts as long as the input. */
  short[] resample(short[] input) {
    int length = Math.toIntExact(((long) input.length * up + down - 1) / down);
    short[] output = new short[length];
    for (int i = 0; i < length; i++) {
      long position = (long) i * down;
      output[i] = interpolate(input, (int) (position / up), tapsByPhase[(int) (position % up)]);
    }
    return output;
  }

  private static short interpolate(short[] input, int index, float[] taps) {
    int first = index - HALF_WIDTH + 1;
    int from = Math.max(0, -first);
    int to = Math.min(taps.length, input.length - first);
    float sum = 0;
    for (int k = from; k < to; k++) {
      sum += taps[k] * input[first + k];
    }
    return (short) Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE, Math.round(sum)));
  }

  private static float[] taps(double fraction) {
    double[] taps = new double[2 * HALF_WIDTH];
    double sum = 0;
    for (int k = 0; k < taps.length; k++) {
      double distance = k - HALF_WIDTH + 1 - fraction;
      taps[k] = sinc(CUTOFF * distance) * blackman(distance / HALF_WIDTH);
      sum += taps[k];
    }
    float[] normalised = new float[taps.length];
    for (int k = 0; k < taps.length; k++) {
      normalised[k] = (float) (taps[k] / sum);
    }
    return normalised;
  }

  private static double sinc(double x) {
    return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  }

  private static double blackman(double x) {
    return 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x);
  }

  private static int greatestCommonDivisor(int a, int b) {
    return b == 0 ? a : greatestCommonDivisor(b, a % b);
  }
}
