package dev.autodeploy.internal.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The place for files of this user on this machine that an application has not named.
 *
 * <p>It has to be the same for all processes of the user, whether they began in a session, as a
 * service or from cron, or two engines would not see each other's locks; and it has to outlive a
 * session, or a host that runs on after its user has logged out would lose its registry. So it is
 * below the home directory. Only without a usable one it is below {@code $XDG_RUNTIME_DIR}, and
 * last in the temporary directory, under a name that is refused if another user has taken it.
 */
public final class OwnDirectories {
  private static final Pattern UNSAFE = Pattern.compile("[^A-Za-z0-9._-]");

  private OwnDirectories() {}

  /**
   * Returns the directory for a purpose; it is made if needed.
   *
   * @param purpose the last name of its path
   * @return its real path
   * @throws IOException if no place is safe
   */
  public static Path of(String purpose) throws IOException {
    return of(purpose, System.getenv(), System.getProperty("user.home", ""));
  }

  static Path of(String purpose, Map<String, String> environment, String home) throws IOException {
    IOException failure = new IOException();
    for (Path place : places(environment, home)) {
      try {
        return TrustedPath.createDirectory(place.resolve(purpose), TrustedPath.LastLink.REFUSED);
      } catch (IOException e) {
        failure = e;
      }
    }
    throw failure;
  }

  private static List<Path> places(Map<String, String> environment, String home)
      throws IOException {
    List<Path> places = new ArrayList<>();
    if (isUsable(home)) {
      places.add(Path.of(home, ".local", "state", "autodeploy", machine(environment)));
    }
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    if (isUsable(runtime)) {
      places.add(Path.of(runtime, "autodeploy"));
    }
    places.add(
        Path.of(System.getProperty("java.io.tmpdir"), "autodeploy-" + LocalUser.current().uid()));
    return places;
  }

  /** Returns whether a directory is there, and is this user's own. */
  private static boolean isUsable(String directory) {
    if (directory.isBlank() || !Path.of(directory).isAbsolute()) {
      return false;
    }
    Path path = Path.of(directory);
    if (!FileFacts.available(path)) {
      return Files.isDirectory(path);
    }
    try {
      FileFacts facts = FileFacts.of(path.toRealPath());
      return facts != null && facts.uid() == LocalUser.current().uid();
    } catch (IOException e) {
      return false;
    }
  }

  /** Home directories can be shared by machines, which see neither locks nor processes. */
  private static String machine(Map<String, String> environment) {
    String name = "";
    try {
      name = Files.readString(Path.of("/etc/machine-id")).strip();
    } catch (IOException e) {
      name = environment.getOrDefault("HOSTNAME", environment.getOrDefault("COMPUTERNAME", ""));
    }
    return name.isEmpty() ? "local" : UNSAFE.matcher(name).replaceAll("_");
  }
}
