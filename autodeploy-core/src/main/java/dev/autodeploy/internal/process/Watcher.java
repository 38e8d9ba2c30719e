package dev.autodeploy.internal.process;

import dev.autodeploy.internal.files.PrivateDirectory;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The shell script beside every instance; see {@code watch.sh}. */
final class Watcher {
  private static final String SCRIPT = RegistryDirectory.SCRIPT;

  private final List<String> shell;
  private final Path script;
  private final @Nullable Path setsid = find("setsid");

  private Watcher(List<String> shell, Path script) {
    this.shell = shell;
    this.script = script;
  }

  /** Writes the script to a directory. A shell that reads the one before goes on with that. */
  static Watcher install(List<String> shell, PrivateDirectory directory) throws IOException {
    try (InputStream in = Watcher.class.getResourceAsStream(SCRIPT)) {
      if (in == null) {
        throw new IOException("the resource " + SCRIPT + " is missing");
      }
      directory.replace(SCRIPT, in.readAllBytes());
    }
    return new Watcher(shell, directory.resolve(SCRIPT));
  }

  /** The command line that waits for {@code go} and then runs an instance's command. */
  List<String> commandLine(InstanceFiles files, String command, Duration linger) {
    List<String> line = new ArrayList<>();
    if (setsid != null) {
      // A session of its own, so that Ctrl-C on the host's terminal does not reach the instance.
      line.add(setsid.toString());
    }
    line.addAll(shell);
    line.add(script.toString());
    line.add(files.directory().toString());
    line.add(String.valueOf(linger.plusMillis(999).toSeconds()));
    line.add(path());
    line.add(command);
    return line;
  }

  private static @Nullable Path find(String program) {
    return Stream.of((path() + ":/usr/bin:/bin").split(File.pathSeparator, -1))
        .filter(directory -> !directory.isEmpty())
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .findFirst()
        .orElse(null);
  }

  private static String path() {
    String path = System.getenv("PATH");
    return path == null ? "" : path;
  }
}
