package dev.autodeploy.examples.standin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.Test;

final class WavFileTest {

  @Test
  void of_samples_isReadBackSampleBySample() throws Exception {
    short[] samples = {0, 1, -1, Short.MAX_VALUE, Short.MIN_VALUE, 12_345};

    byte[] file = WavFile.of(samples, 22_050);

    AudioInputStream audio = AudioSystem.getAudioInputStream(new ByteArrayInputStream(file));
    assertThat(audio.getFormat().getEncoding()).isEqualTo(AudioFormat.Encoding.PCM_SIGNED);
    assertThat(audio.getFormat().getSampleRate()).isEqualTo(22_050f);
    assertThat(audio.getFormat().getChannels()).isEqualTo(1);
    assertThat(audio.getFormat().getSampleSizeInBits()).isEqualTo(16);
    assertThat(audio.getFrameLength()).isEqualTo(samples.length);
    short[] read = new short[samples.length];
    ByteBuffer.wrap(audio.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN).asShortBuffer().get(read);
    assertThat(read).isEqualTo(samples);
  }

  @Test
  void of_samples_declaresTheSizesThatItHas() {
    byte[] file = WavFile.of(new short[1_000], 22_050);

    ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(file).hasSize(44 + 2_000);
    assertThat(header.getInt(4)).as("RIFF size").isEqualTo(file.length - 8);
    assertThat(header.getInt(16)).as("format chunk size").isEqualTo(16);
    assertThat(header.getInt(28)).as("bytes per second").isEqualTo(44_100);
    assertThat(header.getShort(32)).as("bytes per frame").isEqualTo((short) 2);
    assertThat(header.getInt(40)).as("data size").isEqualTo(2_000);
  }
}
