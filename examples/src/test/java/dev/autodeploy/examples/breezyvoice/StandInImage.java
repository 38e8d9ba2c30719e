package dev.autodeploy.examples.breezyvoice;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The image of the stand-in, made of this build's classes, and its containers. */
final class StandInImage {
  private static final String IMAGE = "autodeploy/test-breezyvoice:1";

  private StandInImage() {}

  /** Makes the image if it is not there; without Docker the test is skipped, but fails in CI. */
  static String make() throws Exception {
    LauncherPage.require(run(List.of("docker", "version")) != null, "no Docker");
    if (run(List.of("docker", "image", "inspect", IMAGE)) == null) {
      Path script = Path.of("breezyvoice-image").toAbsolutePath();
      ProcessBuilder builder = new ProcessBuilder(script.toString(), IMAGE).inheritIO();
      builder.environment().put("STANDIN_CLASS_PATH", System.getProperty("java.class.path"));
      builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
      int code = builder.start().waitFor();
      if (code != 0) {
        throw new IllegalStateException(script + " ended with " + code);
      }
    }
    return IMAGE;
  }

  /** Returns how many containers of an image have GPU 0. */
  static int withGpu0(String image) {
    String listed =
        run(
            List.of(
                "docker",
                "ps",
                "--quiet",
                "--filter",
                "ancestor=" + image,
                "--filter",
                "label=autodeploy.gpus=0"));
    return listed == null ? 0 : (int) listed.lines().count();
  }

  /** Returns what a command prints, or null if it fails. */
  private static String run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? printed : null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}
