package dev.autodeploy.examples.standin;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes mono 16-bit PCM as a WAV file. */
final class WavFile {
  private static final int HEADER_BYTES = 44;
  private static final int FORMAT_CHUNK_BYTES = 16;
  private static final short PCM = 1;
  private static final short MONO = 1;

  private WavFile() {}

  /** Returns the file's bytes. */
  static byte[] of(short[] samples, int sampleRate) {
    int dataBytes = Math.multiplyExact(samples.length, Short.BYTES);
    ByteBuffer file =
        ByteBuffer.allocate(Math.addExact(HEADER_BYTES, dataBytes)).order(ByteOrder.LITTLE_ENDIAN);
    file.put(ascii("RIFF")).putInt(HEADER_BYTES - 8 + dataBytes).put(ascii("WAVE"));
    file.put(ascii("fmt ")).putInt(FORMAT_CHUNK_BYTES).putShort(PCM).putShort(MONO);
    file.putInt(sampleRate).putInt(sampleRate * Short.BYTES);
    file.putShort((short) Short.BYTES).putShort((short) Short.SIZE);
    file.put(ascii("data")).putInt(dataBytes).asShortBuffer().put(samples);
    return file.array();
  }

  private static byte[] ascii(String tag) {
    return tag.getBytes(StandardCharsets.US_ASCII);
  }
}
