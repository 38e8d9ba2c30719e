package dev.autodeploy.internal.process;

import dev.autodeploy.internal.files.OwnDirectories;
import dev.autodeploy.internal.files.PrivateDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directories in which the instances of one user of this machine are registered: one for each
 * owner, and in it one for each instance. Each carries a marker, without which nothing in it is
 * touched.
 */
final class RegistryDirectory {
  static final String LOCK = ".lock";
  static final String HOST = ".host";
  static final String SCRIPT = "watch.sh";

  /** The names of owners and instances. */
  static final String ID = "[a-z0-9-]{1,80}";

  static final String OWNER = "autodeploy owner 1";
  static final String INSTANCE = "autodeploy instance 1";
  private static final String REGISTRY = "autodeploy registry 1";

  private RegistryDirectory() {}

  /**
   * Opens the registry.
   *
   * @param configured its directory, or null for the default
   */
  static PrivateDirectory open(@Nullable Path configured) throws IOException {
    Path directory = configured == null ? OwnDirectories.of("processes") : configured;
    return PrivateDirectory.open(directory, REGISTRY, RegistryDirectory::isEarlierRegistry);
  }

  /** Opens the directory of an owner. */
  static PrivateDirectory openOwner(PrivateDirectory registry, String owner) throws IOException {
    return registry.child(owner, OWNER, RegistryDirectory::isEarlierOwner);
  }

  /** Builds of before there was a marker left these, all of their own names. */
  private static boolean isEarlierRegistry(Path directory) {
    return consistsOf(
        directory,
        Set.of(LOCK, SCRIPT),
        child -> isFile(child.resolve(LOCK)) && isEarlierOwner(child));
  }

  private static boolean isEarlierOwner(Path directory) {
    return consistsOf(directory, Set.of(LOCK), RegistryDirectory::isEarlierInstance);
  }

  static boolean isEarlierInstance(Path directory) {
    return consistsOf(directory, Set.of(), child -> false);
  }

  /** Returns whether required files are there, and apart from those of ours only fitting ones. */
  private static boolean consistsOf(Path directory, Set<String> required, Predicate<Path> fits) {
    Predicate<Path> ours =
        required.isEmpty()
            ? file -> InstanceFiles.isOurs(String.valueOf(file.getFileName()))
            : file -> required.contains(file.getFileName().toString()) || file.endsWith(HOST);
    try (Stream<Path> listed = Files.list(directory)) {
      List<Path> files = listed.toList();
      return required.stream().allMatch(name -> isFile(directory.resolve(name)))
          && files.stream()
              .allMatch(
                  file ->
                      ours.test(file)
                          || (file.getFileName().toString().matches(ID)
                              && Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)
                              && fits.test(file)));
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean isFile(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }
}
