package dev.autodeploy.internal.store;

import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.LedgerPages;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Pages of the ledger as files in a directory of their own, each written at once. */
final class PageFiles implements LedgerPages {
  private static final String DIRECTORY = "ledger";
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]{0,49}");

  /**
   * The names that the ledger gives its pages, and those of unfinished ones: nothing else is
   * deleted, as the state directory may have been somebody's before.
   */
  private static final Pattern OURS =
      Pattern.compile("[0-9]{6,15}(?:\\.half-past)?\\.(?:jsonl|sums|days|hours)(?:\\.tmp)?");

  private final Path directory;
  private final Disk disk;
  private final LedgerFile ledger;
  private final Consumer<Runnable> change;

  /**
   * Creates them.
   *
   * @param change runs a change while the store is in use, under its lock
   */
  PageFiles(Path directory, Disk disk, LedgerFile ledger, Consumer<Runnable> change) {
    this.directory = directory.resolve(DIRECTORY);
    this.disk = disk;
    this.ledger = ledger;
    this.change = change;
  }

  @Override
  public void put(String name, List<String> lines) {
    AtomicFile file = new AtomicFile(directory, checked(name), disk);
    change.accept(
        () -> {
          try {
            disk.createDirectory(directory);
            file.replace(
                out -> {
                  for (String line : lines) {
                    out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
                  }
                });
          } catch (IOException e) {
            throw Failures.io(
                "cannot write",
                file.path(),
                e,
                "Check that its file system has space left and that this process may write there.");
          }
        });
  }

  /** Reads without the store's lock: nothing waits for somebody who looks at old costs. */
  @Override
  public List<String> get(String name) {
    Path file = directory.resolve(checked(name));
    try (InputStream in = disk.read(file)) {
      String text = new String(ReadLimit.all(in), StandardCharsets.UTF_8);
      return text.isEmpty()
          ? List.of()
          : List.of(
              (text.endsWith("\n") ? text.substring(0, text.length() - 1) : text).split("\n", -1));
    } catch (NoSuchFileException e) {
      throw Failures.failed(file + " is missing. Restore it from a backup.");
    } catch (IOException e) {
      throw Failures.io(
          "cannot read", file, e, "Check the permissions and the health of its file system.");
    }
  }

  @Override
  public Set<String> retain(Collection<String> names) {
    Set<String> wanted = new HashSet<>(names);
    Set<String> present = new HashSet<>();
    change.accept(
        () -> {
          try {
            for (String name : disk.list(directory)) {
              if (wanted.contains(name)) {
                present.add(name);
              } else if (OURS.matcher(name).matches()) {
                disk.delete(directory.resolve(name));
              }
            }
          } catch (IOException e) {
            throw Failures.io(
                "cannot tidy up",
                directory,
                e,
                "Check its permissions and the health of its file system.");
          }
        });
    return present;
  }

  @Override
  public void replaceLedger(List<LedgerEntry> entries) {
    change.accept(() -> ledger.replace(entries));
  }

  private static String checked(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("a page cannot be named '" + name + "'");
    }
    return name;
  }
}
