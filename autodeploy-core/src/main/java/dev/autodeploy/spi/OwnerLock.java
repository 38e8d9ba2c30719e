package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.files.LockFile;
import dev.autodeploy.internal.files.OwnDirectories;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lock that one engine of this user on this machine has at a time, for a provider's {@link
 * InstanceProvider#open}: two engines with one owner would release each other's instances. The
 * operating system takes it back when the process ends, however it ends. Thread-safe.
 */
public final class OwnerLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OwnerLock.class);

  private final LockFile file;

  private OwnerLock(LockFile file) {
    this.file = file;
  }

  /**
   * Takes the lock of an owner.
   *
   * @param provider what tells the provider, and where its instances are, from others, such as
   *     {@code my-cloud-eu}: 1 to 40 of {@code a-z 0-9 -}
   * @param owner the owner, from {@link ProviderContext#owner}
   * @return the lock; close it with the provider
   * @throws AutoDeployException with {@code OWNER_IN_USE} if another engine has it, in this process
   *     or another; with {@code PROVIDER_FAILED} if the file cannot be made
   */
  public static OwnerLock acquire(String provider, String owner) {
    requireNonNull(owner, "owner");
    if (!requireNonNull(provider, "provider").matches("[a-z0-9-]{1,40}")) {
      throw new IllegalArgumentException(
          "provider must be 1 to 40 of a-z, 0-9 and '-', but was '" + provider + "'");
    }
    try {
      LockFile file =
          LockFile.acquire(
              OwnDirectories.of("owners").resolve(provider + "." + owner + ".lock"),
              holder ->
                  new AutoDeployException(
                      ErrorCode.OWNER_IN_USE,
                      null,
                      String.format(
                          "owner '%s' is in use with provider '%s' by %s; end it, or choose"
                              + " another owner",
                          owner, provider, holder)));
      file.writeHolder();
      return new OwnerLock(file);
    } catch (IOException e) {
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED,
          null,
          "the lock of owner '" + owner + "' cannot be taken: " + e.getMessage(),
          e);
    }
  }

  /** Gives the lock back. Idempotent. */
  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      LOG.debug("The operating system takes {} back in any case: {}", file.path(), e.toString());
    }
  }
}
