package dev.autodeploy.internal.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** A second local user, as which a test that runs as root can attack. */
public final class OtherUser {
  /** The user's id. */
  public static final int UID = 64_321;

  private OtherUser() {}

  /**
   * Starts a shell command as that user, or skips the test where that is not possible. In a CI that
   * is an error.
   *
   * @param command the command
   * @return its process
   * @throws Exception if it cannot be started
   */
  public static Process start(String command) throws Exception {
    require();
    return new ProcessBuilder(line(command)).redirectErrorStream(true).start();
  }

  /**
   * Runs a shell command as that user and returns what it prints.
   *
   * @param command the command
   * @return its output and errors
   * @throws Exception if it cannot be started
   */
  public static String run(String command) throws Exception {
    Process process = start(command);
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output.strip();
  }

  /**
   * Returns a directory in which that user, like everybody, can make files, as the temporary one.
   *
   * @param parent the directory to make it in
   * @return the directory
   * @throws Exception if it cannot be made
   */
  public static Path publicDirectory(Path parent) throws Exception {
    require();
    open(parent);
    Path made = Files.createDirectory(parent.resolve("public"));
    assertThat(new ProcessBuilder("chmod", "1777", made.toString()).start().waitFor()).isZero();
    return made;
  }

  /** Lets everybody through a directory of a test. */
  static void open(Path directory) throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static List<String> line(String command) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("setpriv", "--reuid", "" + UID, "--regid", "" + UID, "--clear-groups"));
    line.addAll(List.of("--", "/bin/sh", "-c", command));
    return line;
  }

  /** Skips the test where there is no second user; in a CI that is an error. */
  public static void require() {
    String missing = null;
    try {
      Process id = new ProcessBuilder(line("id -u")).redirectErrorStream(true).start();
      String output =
          new String(id.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (id.waitFor() != 0 || !output.equals("" + UID)) {
        missing = output;
      }
    } catch (IOException e) {
      missing = e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      missing = "interrupted";
    }
    if (missing != null) {
      String message = "needs root and setpriv to become a second user: " + missing;
      assertThat(System.getenv("CI")).as(message).isNotEqualTo("true");
      abort(message);
    }
  }
}
