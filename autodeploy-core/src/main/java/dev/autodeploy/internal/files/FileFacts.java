package dev.autodeploy.internal.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The owner, group and mode of one file; of a link itself, not of its target. Immutable.
 *
 * @param path the file
 * @param kind the type of the file
 * @param uid the id of its owner
 * @param gid the id of its group
 * @param mode its permissions with the bits above them
 * @param owner the name of its owner, or the id as text where it has no name
 * @param group the name of its group, or the id as text where it has no name
 */
record FileFacts(Path path, Kind kind, long uid, long gid, int mode, String owner, String group) {
  private static final int STICKY = 01000;
  private static final int OTHERS_WRITE = 0002;
  private static final int GROUP_WRITE = 0020;

  /** The types of files that are told apart. */
  enum Kind {
    DIRECTORY,
    FILE,
    LINK,
    OTHER
  }

  /** Returns whether a file system tells owners and modes. */
  static boolean available(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  /** Reads the facts of a file; null if there is none. */
  static @Nullable FileFacts of(Path path) throws IOException {
    Map<String, Object> read;
    try {
      read = Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return null;
    }
    return new FileFacts(
        path,
        kind(read),
        ((Number) read.getOrDefault("uid", -1)).longValue() & 0xffffffffL,
        ((Number) read.getOrDefault("gid", -1)).longValue() & 0xffffffffL,
        ((Number) read.getOrDefault("mode", 0)).intValue() & 07777,
        String.valueOf(read.get("owner")),
        String.valueOf(read.get("group")));
  }

  private static Kind kind(Map<String, Object> read) {
    if (Boolean.TRUE.equals(read.get("isSymbolicLink"))) {
      return Kind.LINK;
    }
    if (Boolean.TRUE.equals(read.get("isDirectory"))) {
      return Kind.DIRECTORY;
    }
    return Boolean.TRUE.equals(read.get("isRegularFile")) ? Kind.FILE : Kind.OTHER;
  }

  boolean isSticky() {
    return (mode & STICKY) != 0;
  }

  boolean isWritableByOthers() {
    return (mode & OTHERS_WRITE) != 0;
  }

  boolean isWritableByGroup() {
    return (mode & GROUP_WRITE) != 0;
  }

  /** Returns the owner as errors name it. */
  String describeOwner() {
    String id = "uid " + uid;
    return owner.equals(String.valueOf(uid)) ? id : owner + " (" + id + ")";
  }

  /** Returns the permissions as {@code chmod} takes them. */
  String describeMode() {
    return String.format("%04o", mode);
  }
}
