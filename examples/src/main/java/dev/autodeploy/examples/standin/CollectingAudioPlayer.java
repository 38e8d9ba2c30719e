package dev.autodeploy.examples.standin;

import com.sun.speech.freetts.audio.AudioPlayer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import javax.sound.sampled.AudioFormat;
import org.jspecify.annotations.Nullable;

/** A FreeTTS audio player that keeps the samples in memory instead of playing them. */
final class CollectingAudioPlayer implements AudioPlayer {
  private final ByteArrayOutputStream audio = new ByteArrayOutputStream();
  private @Nullable AudioFormat format;

  /**
   * Returns everything that was written so far.
   *
   * @param expectedRate the samples per second that the caller counts on
   * @throws IllegalStateException if the voice delivered anything but mono 16-bit samples at that
   *     rate
   */
  short[] samples(int expectedRate) {
    AudioFormat written = format;
    if (written == null) {
      return new short[0];
    }
    if (written.getChannels() != 1
        || written.getSampleSizeInBits() != Short.SIZE
        || written.getSampleRate() != expectedRate) {
      throw new IllegalStateException(
          "the voice delivered " + written + "; expected mono, 16 bits, " + expectedRate + " Hz");
    }
    short[] samples = new short[audio.size() / Short.BYTES];
    ByteBuffer.wrap(audio.toByteArray())
        .order(written.isBigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN)
        .asShortBuffer()
        .get(samples);
    return samples;
  }

  @Override
  public void setAudioFormat(AudioFormat audioFormat) {
    format = audioFormat;
  }

  @Override
  public @Nullable AudioFormat getAudioFormat() {
    return format;
  }

  @Override
  public boolean write(byte[] bytes) {
    return write(bytes, 0, bytes.length);
  }

  @Override
  public boolean write(byte[] bytes, int offset, int size) {
    audio.write(bytes, offset, size);
    return true;
  }

  @Override
  public boolean end() {
    return true;
  }

  @Override
  public boolean drain() {
    return true;
  }

  @Override
  public float getVolume() {
    return 1.0f;
  }

  @Override
  public long getTime() {
    return -1;
  }

  @Override
  public void setVolume(float volume) {}

  @Override
  public void begin(int size) {}

  @Override
  public void pause() {}

  @Override
  public void resume() {}

  @Override
  public void reset() {}

  @Override
  public void cancel() {}

  @Override
  public void close() {}

  @Override
  public void resetTime() {}

  @Override
  public void startFirstSampleTimer() {}

  @Override
  public void showMetrics() {}
}
