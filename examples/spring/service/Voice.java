import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;

/** In place of a model: takes two seconds to load, and gives each letter a tone of its own. */
public final class Voice {
  private static final int RATE = 16_000;
  private static final int PER_LETTER = RATE / 10;

  private Voice() {}

  public static void main(String[] args) throws Exception {
    Thread.sleep(2000);
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 50);
    server.createContext(
        "/v1/audio/speech",
        exchange -> {
          String text =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          byte[] wav = wav(text);
          exchange.getResponseHeaders().set("Content-Type", "audio/wav");
          exchange.sendResponseHeaders(200, wav.length);
          exchange.getResponseBody().write(wav);
          exchange.close();
        });
    server.start();
    System.out.println("listening on " + port);
  }

  private static byte[] wav(String text) throws java.io.IOException {
    byte[] samples = new byte[text.length() * PER_LETTER * 2];
    for (int i = 0; i < samples.length / 2; i++) {
      double frequency = 200 + 10.0 * (text.charAt(i / PER_LETTER) % 64);
      int sample = (int) (8000 * Math.sin(2 * Math.PI * frequency * i / RATE));
      samples[2 * i] = (byte) sample;
      samples[2 * i + 1] = (byte) (sample >> 8);
    }
    AudioFormat format = new AudioFormat(RATE, 16, 1, true, false);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    AudioSystem.write(
        new AudioInputStream(new ByteArrayInputStream(samples), format, samples.length / 2),
        AudioFileFormat.Type.WAVE,
        out);
    return out.toByteArray();
  }
}
