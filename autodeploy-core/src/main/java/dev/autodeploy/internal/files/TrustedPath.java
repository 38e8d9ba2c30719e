package dev.autodeploy.internal.files;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The check that no other user of this machine can replace a directory, as ssh makes it: the
 * directory and all above it belong to this user or to root, and nobody else may write there. Above
 * it a directory that everybody may write is accepted if it is sticky, as the temporary one is, and
 * writing by a group that has nobody else in it does not count.
 *
 * <p>What passes once stays so: only this user and root can change it. Paths below it can be used
 * without any further care about links.
 */
public final class TrustedPath {
  /** Switches the check off, for file systems that have no owners or modes of their own. */
  public static final String STRICT_MODES = "autodeploy.strictModes";

  private static final int MAX_LINKS = 40;
  private static final int MAX_TRIES = 100;

  private TrustedPath() {}

  /** The treatment of a path whose last name is a symbolic link. */
  public enum LastLink {
    /** The link is followed if this user or root has made it. */
    FOLLOWED,
    /** The link is refused. */
    REFUSED
  }

  /**
   * The part of a path that exists, checked.
   *
   * @param real the real path of what exists
   * @param missing the first name below it that does not exist, or null if everything does
   */
  private record Walked(Path real, @Nullable Path missing) {}

  /**
   * Makes a directory for this user only, with those above it, unless it exists.
   *
   * @param directory the directory
   * @param lastLink the treatment of a link in its place
   * @return its real path
   * @throws UnsafePathException if another user could replace what is in it
   * @throws IOException if it cannot be made
   */
  public static Path createDirectory(Path directory, LastLink lastLink) throws IOException {
    if (!FileFacts.available(directory)) {
      return Files.createDirectories(directory).toRealPath();
    }
    for (int i = 0; i < MAX_TRIES; i++) {
      Walked walked = walk(directory, lastLink, true);
      if (walked.missing() == null) {
        return walked.real();
      }
      try {
        Files.createDirectory(walked.real().resolve(walked.missing()), ownerOnly("rwx------"));
      } catch (FileAlreadyExistsException e) {
        // Another process was faster; the next walk checks whose directory it is.
      }
    }
    throw new IOException(directory + " is made and deleted all the time");
  }

  /**
   * Checks a directory as far as it exists.
   *
   * @param directory the directory
   * @param lastLink the treatment of a link in its place
   * @throws UnsafePathException if another user could replace what is in it
   * @throws IOException if it cannot be read
   */
  public static void check(Path directory, LastLink lastLink) throws IOException {
    if (FileFacts.available(directory)) {
      walk(directory, lastLink, true);
    }
  }

  /**
   * Checks a file in a directory that has been checked.
   *
   * @param file the file, which may be missing
   * @throws UnsafePathException if it is a link or no file, belongs to another user, or others may
   *     write it
   * @throws IOException if it cannot be read
   */
  public static void checkFile(Path file) throws IOException {
    FileFacts facts = FileFacts.available(file) ? FileFacts.of(file) : null;
    if (facts == null) {
      return;
    }
    if (facts.kind() != FileFacts.Kind.FILE) {
      throw new UnsafePathException(file + " is not a regular file: move it away");
    }
    if (isStrict()) {
      requireTrusted(facts, true, LocalUser.current());
    }
  }

  /**
   * Checks a file that is read and never written, and the directories above it.
   *
   * @param file the file; a link to it is followed if this user or root has made it
   * @return its real path
   * @throws UnsafePathException if another user could replace it, or has made it
   * @throws IOException if it is missing or cannot be read
   */
  public static Path checkedFile(Path file) throws IOException {
    if (!FileFacts.available(file)) {
      return file.toRealPath();
    }
    Path next = file.toAbsolutePath();
    for (int links = 0; links <= MAX_LINKS; links++) {
      Path parent = next.getParent();
      Path name = next.getFileName();
      if (parent == null || name == null) {
        throw new UnsafePathException(file + " is a directory");
      }
      // Of a sticky directory only the file's owner counts, as nobody else can replace it.
      Walked walked = walk(parent, LastLink.FOLLOWED, false);
      FileFacts facts = walked.missing() != null ? null : FileFacts.of(walked.real().resolve(name));
      if (facts == null) {
        throw new NoSuchFileException(file.toString());
      }
      if (facts.kind() != FileFacts.Kind.LINK) {
        checkFile(facts.path());
        return facts.path();
      }
      checkLink(facts, false, LocalUser.current());
      next = walked.real().resolve(Files.readSymbolicLink(facts.path()));
    }
    throw new UnsafePathException(file + " leads through too many symbolic links");
  }

  /** Returns the permissions for a new file or directory; none where the system has none. */
  static FileAttribute<?> ownerOnly(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  private static boolean isStrict() {
    return !"false".equalsIgnoreCase(System.getProperty(STRICT_MODES));
  }

  private static Walked walk(Path directory, LastLink lastLink, boolean ownersOnly)
      throws IOException {
    LocalUser user = LocalUser.current();
    Path absolute = directory.toAbsolutePath();
    Path root = absolute.getRoot();
    Path real = root;
    Deque<Path> names = new ArrayDeque<>();
    for (Path name : absolute) {
      if (!name.toString().equals(".")) {
        names.add(name);
      }
    }
    int links = 0;
    checkDirectory(real, false, user);
    while (!names.isEmpty()) {
      Path name = names.remove();
      if (name.toString().isEmpty() || name.toString().equals(".")) {
        continue; // an empty part of a link's target
      }
      if (name.toString().equals("..")) {
        Path parent = real.getParent();
        real = parent == null ? root : parent;
        continue;
      }
      Path next = real.resolve(name);
      FileFacts facts = FileFacts.of(next);
      if (facts == null) {
        return new Walked(real, name);
      }
      if (facts.kind() == FileFacts.Kind.LINK) {
        if (++links > MAX_LINKS) {
          throw new UnsafePathException(directory + " leads through too many symbolic links");
        }
        checkLink(facts, names.isEmpty() && lastLink == LastLink.REFUSED, user);
        Path target = Files.readSymbolicLink(next);
        prepend(names, target);
        real = target.isAbsolute() ? root : real;
      } else {
        checkDirectory(next, ownersOnly && names.isEmpty(), user);
        real = next;
      }
    }
    checkDirectory(real, ownersOnly, user);
    return new Walked(real, null);
  }

  private static void prepend(Deque<Path> names, Path target) {
    Deque<Path> backwards = new ArrayDeque<>();
    target.forEach(backwards::push);
    backwards.forEach(names::push);
  }

  private static void checkLink(FileFacts link, boolean refused, LocalUser user)
      throws IOException {
    if (refused) {
      throw new UnsafePathException(
          link.path() + " is a symbolic link: give the directory that it leads to instead");
    }
    if (isStrict() && !user.trustsOwner(link) && link.uid() != user.unmapped()) {
      throw new UnsafePathException(
          link.path()
              + " is a symbolic link of "
              + link.describeOwner()
              + ": give the directory that is meant, and look who has made the link");
    }
  }

  private static void checkDirectory(Path path, boolean last, LocalUser user) throws IOException {
    FileFacts facts = FileFacts.of(path);
    if (facts == null) {
      throw new NoSuchFileException(path.toString());
    }
    if (facts.kind() != FileFacts.Kind.DIRECTORY) {
      throw new UnsafePathException(path + " is not a directory");
    }
    if (isStrict()) {
      requireTrusted(facts, last, user);
    }
  }

  private static void requireTrusted(FileFacts facts, boolean last, LocalUser user)
      throws IOException {
    String through = last ? "" : ", who could replace what is in it";
    if (!user.trustsOwner(facts) && (last || facts.uid() != user.unmapped())) {
      throw new UnsafePathException(
          String.format(
              "%s belongs to %s%s: use a place of your own, or run 'chown %d %s' if it is to be"
                  + " yours%s",
              facts.path(),
              facts.describeOwner(),
              through,
              user.uid(),
              facts.path(),
              last ? "" : otherwise()));
    }
    if (!last && facts.isSticky()) {
      return; // only who has made a file can replace it
    }
    boolean writable =
        facts.isWritableByOthers() || (facts.isWritableByGroup() && !user.isAloneInGroup(facts));
    // Nobody writes on a read-only mount, where a cluster's ConfigMaps have mode 0777.
    if (writable && !Files.getFileStore(facts.path()).isReadOnly()) {
      throw new UnsafePathException(
          String.format(
              "%s can be written by other users (mode %s, group %s)%s: run 'chmod go-w %s'%s",
              facts.path(),
              facts.describeMode(),
              facts.group(),
              through,
              facts.path(),
              last ? "" : otherwise()));
    }
  }

  private static String otherwise() {
    return ", or use a directory elsewhere (-D" + STRICT_MODES + "=false switches this check off)";
  }
}
