package dev.autodeploy.internal.store;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.files.UnsafePathException;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.LedgerPages;
import dev.autodeploy.spi.Notes;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the state in a directory: deployments in {@code deployments.jsonl}, the format in {@code
 * deployments.json}, the ledger in {@code ledger.jsonl}, where that ends in {@code ledger.end}, old
 * intervals and their sums in {@code ledger/}, what was learned in {@code learned/}, and {@code
 * lock} against a second engine. Thread-safe; every method blocks for the disk, and an interrupt
 * neither stops it nor is lost.
 *
 * <p>Environment values are stored as they are. The directory is made for its owner only, and so
 * are the files. A directory that another user has made, may write or could replace is refused, as
 * the commands in it would be run.
 *
 * <p>A state or an entry whose saving failed may still be there after a restart: the failure can
 * come after the write.
 */
public final class FileStateStore implements StateStore {
  private static final Logger LOG = LoggerFactory.getLogger(FileStateStore.class);

  private final ReentrantLock lock = new ReentrantLock();
  private final Path directory;
  private final Disk disk;
  private final DeploymentsFile format;
  private final DeploymentJournal deployments;
  private final LedgerFile ledger;
  private final PageFiles pages;
  private final FileNotes notes;
  private @Nullable Closeable directoryLock;
  private boolean closed;

  /**
   * Creates a store. Nothing is read or made before {@link #load()}.
   *
   * @param directory where, on the default file system; made if needed
   */
  public FileStateStore(Path directory) {
    this(directory, RealDisk.INSTANCE);
  }

  FileStateStore(Path directory, Disk disk) {
    this(directory, disk, DeploymentJournal.SLACK);
  }

  /**
   * Creates a store.
   *
   * @param slack how many outdated deployments are no reason to write the journal as a whole
   */
  FileStateStore(Path directory, Disk disk, int slack) {
    requireNonNull(directory, "directory");
    if (!directory.getFileSystem().equals(FileSystems.getDefault())) {
      throw new IllegalArgumentException(
          "the state directory must be on the default file system, but is on "
              + directory.getFileSystem());
    }
    this.directory = directory.toAbsolutePath();
    this.disk = disk;
    format = new DeploymentsFile(this.directory, disk);
    deployments = new DeploymentJournal(this.directory, disk, slack);
    ledger = new LedgerFile(this.directory, disk);
    pages = new PageFiles(this.directory, disk, ledger, this::change);
    notes = new FileNotes(this.directory.resolve("learned"), disk);
  }

  @Override
  public StoredState load() {
    lock.lock();
    try {
      refuseIfClosed();
      if (directoryLock != null) {
        throw new IllegalStateException("load() was called before");
      }
      directoryLock = lockDirectory();
      boolean loaded = false;
      try {
        StoredState result = loadDeployments();
        loaded = true;
        return result;
      } finally {
        if (!loaded) {
          unlockDirectory();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private StoredState loadDeployments() {
    DeploymentsFile.Content content = format.read();
    boolean hasJournal = false;
    if (!(content instanceof DeploymentsFile.Content.State)) {
      hasJournal = deployments.read();
      if (!hasJournal && content instanceof DeploymentsFile.Content.InJournal) {
        throw Failures.failed(
            deployments.path()
                + " is missing. Restore it from a backup. Moving "
                + format.path()
                + " away as well gives up the deployments and the owner: instances that still run"
                + " must then be ended by hand.");
      }
    }
    try {
      format.tidyUp();
      deployments.tidyUp();
      if (content instanceof DeploymentsFile.Content.State earlier) {
        // Whatever journal there is comes from a carry-over that did not get to its end.
        deployments.replace(earlier.state());
      } else if (!hasJournal) {
        deployments.replace(StoredState.empty());
      }
      if (!(content instanceof DeploymentsFile.Content.InJournal)) {
        format.write(DeploymentJournal.NAME);
      }
    } catch (IOException e) {
      throw Failures.io(
          "cannot prepare",
          directory,
          e,
          "Check that its file system has space left and that this process may write there.");
    }
    if (deployments.hasOutdated()) {
      deployments.compact();
    }
    return deployments.state();
  }

  private Closeable lockDirectory() {
    try {
      disk.createDirectory(directory);
      return disk.lock(directory);
    } catch (UnsafePathException e) {
      throw Failures.failed(
          "cannot use the state directory " + directory + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw Failures.io(
          "cannot use the state directory",
          directory,
          e,
          "Check that it can be made and that this process may read and write there.");
    }
  }

  @Override
  public void saveOwner(String owner) {
    requireNonNull(owner, "owner");
    change(() -> deployments.saveOwner(owner));
  }

  @Override
  public void save(StoredDeployment deployment) {
    saveAll(List.of(deployment));
  }

  @Override
  public void saveAll(Collection<StoredDeployment> saved) {
    List<StoredDeployment> all = List.copyOf(saved);
    change(() -> deployments.saveAll(all));
  }

  @Override
  public void remove(String name) {
    requireNonNull(name, "name");
    change(() -> deployments.remove(name));
  }

  private void change(Runnable change) {
    lock.lock();
    try {
      refuseIfUnusable();
      change.run();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<LedgerEntry> ledger() {
    List<LedgerEntry> entries = new ArrayList<>();
    readLedger(entries::add);
    return List.copyOf(entries);
  }

  @Override
  public void readLedger(Consumer<LedgerEntry> each) {
    change(() -> ledger.read(each));
  }

  @Override
  public LedgerPages pages() {
    return pages;
  }

  @Override
  public void append(LedgerEntry entry) {
    requireNonNull(entry, "entry");
    change(() -> ledger.append(entry));
  }

  @Override
  public Notes notes() {
    return notes;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed && directoryLock != null) {
        ledger.seal();
      }
      closed = true;
    } finally {
      unlockDirectory();
      lock.unlock();
    }
  }

  private void unlockDirectory() {
    Closeable held = directoryLock;
    directoryLock = null;
    if (held != null) {
      try {
        held.close();
      } catch (IOException e) {
        LOG.warn("{} may stay locked until this process ends: {}", directory, e.toString());
      }
    }
  }

  private void refuseIfUnusable() {
    refuseIfClosed();
    if (directoryLock == null) {
      throw new IllegalStateException("load() comes first");
    }
  }

  private void refuseIfClosed() {
    if (closed) {
      throw Failures.failed("the store on " + directory + " is closed");
    }
  }
}
