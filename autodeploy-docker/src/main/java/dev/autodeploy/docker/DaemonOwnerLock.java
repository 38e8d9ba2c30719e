package dev.autodeploy.docker;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.files.LockFile;
import dev.autodeploy.internal.files.OwnDirectories;
import dev.autodeploy.internal.files.TrustedPath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to use an owner on a Docker daemon, held by one process of this machine at a time.
 *
 * <p>The file holds an id that goes onto the containers: one that bears the id was made by a holder
 * of this very lock, so its present holder knows that the maker is gone.
 */
final class DaemonOwnerLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DaemonOwnerLock.class);
  private static final int ID_LENGTH = 36;

  private final LockFile file;
  private final String id;

  private DaemonOwnerLock(LockFile file, String id) {
    this.file = file;
    this.id = id;
  }

  /**
   * Takes the lock.
   *
   * @param configured the directory of the locks, or null for the default
   */
  static DaemonOwnerLock acquire(@Nullable Path configured, String engineId, String owner) {
    String name = UUID.nameUUIDFromBytes(engineId.getBytes(StandardCharsets.UTF_8)) + "-" + owner;
    Path directory = configured;
    try {
      if (directory == null) {
        directory = OwnDirectories.of("docker");
      }
      Path real = TrustedPath.createDirectory(directory, TrustedPath.LastLink.REFUSED);
      LockFile lock =
          LockFile.acquire(real.resolve(name + ".lock"), holder -> inUse(owner, holder));
      boolean acquired = false;
      try {
        DaemonOwnerLock result = new DaemonOwnerLock(lock, idIn(lock));
        acquired = true;
        return result;
      } finally {
        if (!acquired) {
          lock.close();
        }
      }
    } catch (IOException e) {
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          "the Docker provider needs another lockDirectory(...): the lock of owner '"
              + owner
              + "' cannot be taken"
              + (directory == null ? "" : " in " + directory)
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private static AutoDeployException inUse(String owner, String holder) {
    return new AutoDeployException(
        ErrorCode.OWNER_IN_USE,
        null,
        String.format(
            "owner '%s' is in use on this Docker daemon by %s; end it, or choose another owner",
            owner, holder));
  }

  String id() {
    return id;
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      LOG.debug("The operating system takes {} back in any case: {}", file.path(), e.toString());
    }
  }

  /** Reads the id, or makes one; the id of the process follows it, for people. */
  private static String idIn(LockFile file) throws IOException {
    String content = file.read();
    String id;
    if (content.isEmpty()) {
      id = UUID.randomUUID().toString();
      file.write(id + "\n");
    } else {
      id = content.substring(0, Math.min(ID_LENGTH, content.length()));
      if (!id.matches("[0-9a-f-]{" + ID_LENGTH + "}")) {
        throw new IOException(file.path() + " is not a lock of AutoDeploy: move it away");
      }
    }
    file.writeHolder(id + "\n");
    return id;
  }
}
