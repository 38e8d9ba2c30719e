package dev.autodeploy.internal.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;

/** The directory in which the instances of one user of this machine are registered. */
final class RegistryDirectory {
  private static final String OURS_ONLY = "rwx------";

  private RegistryDirectory() {}

  /** Returns where it is unless something else is said: below the system's temporary directory. */
  static Path byDefault() {
    String user = System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9._-]", "_");
    return Path.of(System.getProperty("java.io.tmpdir"), "autodeploy-" + user);
  }

  /**
   * Makes the directory, or takes the one that is there if it is this user's and nobody else's:
   * everybody may make directories below the temporary one.
   *
   * @return its real path
   */
  static Path prepare(Path directory) throws IOException {
    make(directory);
    Path real = directory.toRealPath();
    Path trial = Files.createTempFile(real, ".owner", null);
    try {
      UserPrincipal us = Files.getOwner(trial);
      UserPrincipal them = Files.getOwner(real, LinkOption.NOFOLLOW_LINKS);
      if (!us.equals(them)) {
        throw new IOException("it belongs to user " + them.getName());
      }
    } finally {
      Files.delete(trial);
    }
    Files.setPosixFilePermissions(real, PosixFilePermissions.fromString(OURS_ONLY));
    return real;
  }

  /** Makes a directory, and those above it, for this user alone. */
  static void make(Path directory) throws IOException {
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(OURS_ONLY)));
  }
}
