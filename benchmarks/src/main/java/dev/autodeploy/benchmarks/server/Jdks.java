package dev.autodeploy.benchmarks.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** The JDKs that a benchmark compares. */
public final class Jdks {
  private Jdks() {}

  /**
   * Returns the JDKs that the arguments name, by default the one that runs.
   *
   * @param arguments their directories
   * @return the directories
   */
  public static List<Path> of(String[] arguments) {
    if (arguments.length == 0) {
      return List.of(Path.of(System.getProperty("java.home")));
    }
    List<Path> jdks = new ArrayList<>();
    for (String argument : arguments) {
      if (!Files.isExecutable(Path.of(argument, "bin", "java"))) {
        throw new IllegalArgumentException("there is no Java in " + argument);
      }
      jdks.add(Path.of(argument));
    }
    return jdks;
  }

  /**
   * Returns a JDK's version.
   *
   * @param jdk its directory
   * @return such as {@code 17.0.15}
   * @throws IOException if it does not say
   */
  public static String version(Path jdk) throws IOException {
    Properties release = new Properties();
    try (InputStream in = Files.newInputStream(jdk.resolve("release"))) {
      release.load(in);
    }
    return release.getProperty("JAVA_VERSION", "?").replace("\"", "");
  }
}
