package dev.autodeploy.docker;

import com.github.dockerjava.api.model.Info;
import dev.autodeploy.internal.text.PlainText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The facts by which one machine is told from another.
 *
 * @param name its host name, empty if it is not known
 * @param kernel the release of its Linux kernel, empty if it is not known or has none
 * @param forwardsPorts whether it forwards the ports of its containers to the machine around it, as
 *     Docker Desktop's does
 */
record Machine(String name, String kernel, boolean forwardsPorts) {
  private static final Pattern FORWARDS =
      Pattern.compile("docker desktop|orbstack", Pattern.CASE_INSENSITIVE);

  Machine {
    name = PlainText.line(name);
    kernel = PlainText.line(kernel);
  }

  /** Returns the daemon's, as it describes itself. */
  static Machine of(Info info) {
    return new Machine(
        text(info.getName()),
        text(info.getKernelVersion()),
        FORWARDS.matcher(text(info.getOperatingSystem())).find());
  }

  /** Returns the one that this process runs on. */
  static Machine ofProcess() {
    boolean linux = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
    if (!linux) {
      return new Machine("", "", false);
    }
    String name;
    try {
      name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      name = "";
    }
    return new Machine(name, System.getProperty("os.version", ""), false);
  }

  /**
   * Returns whether the two are certainly not the same.
   *
   * @param named whether this one's name is the machine's, and not that of a container
   */
  boolean differsFrom(Machine other, boolean named) {
    boolean otherKernel =
        !kernel.isEmpty() && !other.kernel.isEmpty() && !kernel.equals(other.kernel);
    boolean otherName = !name.isEmpty() && !other.name.isEmpty() && !name.equals(other.name);
    return otherKernel || (named && otherName);
  }

  private static String text(@org.jspecify.annotations.Nullable String value) {
    return value == null ? "" : value;
  }
}
