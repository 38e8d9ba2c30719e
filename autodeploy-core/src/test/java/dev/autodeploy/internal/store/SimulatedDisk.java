package dev.autodeploy.internal.store;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that fails when told to, and that knows what would survive a loss of power: of a
 * name, what was so when its directory was forced last; of a content, what was so when it was
 * forced last, with any part of what was written since.
 */
final class SimulatedDisk implements Disk {

  /** The moment at which a failing operation fails. */
  enum Fault {
    BEFORE,
    /** A write leaves half of its bytes; others are not even begun. */
    HALFWAY,
    AFTER
  }

  /** The machine has lost its power. */
  static final class PowerLoss extends Error {
    private static final long serialVersionUID = 1L;
  }

  private final Map<Path, Content> names;
  private final Map<Path, Content> durableNames;
  private final List<String> operations = new ArrayList<>();
  private Fault fault = Fault.BEFORE;
  private int firstFailing = Integer.MAX_VALUE;
  private int failing;
  private int powerLossAt = Integer.MAX_VALUE;
  private Fault powerLoss = Fault.BEFORE;

  SimulatedDisk() {
    this(new LinkedHashMap<>());
  }

  private SimulatedDisk(Map<Path, Content> names) {
    this.names = names;
    this.durableNames = new LinkedHashMap<>(names);
  }

  /** Lets some operations fail, the first of which is number {@code first}, from 0. */
  SimulatedDisk failing(int first, int count, Fault how) {
    firstFailing = first;
    failing = count;
    fault = how;
    return this;
  }

  /** Puts a file there that is durable already. */
  SimulatedDisk holding(Path file, byte[] content) {
    Content durable = new Content(content);
    names.put(file, durable);
    durableNames.put(file, durable);
    return this;
  }

  /** Loses the power at an operation. */
  SimulatedDisk losingPowerAt(int operation, Fault when) {
    powerLossAt = operation;
    powerLoss = when;
    return this;
  }

  /** Lets everything succeed from now on. */
  SimulatedDisk healed() {
    failing = 0;
    powerLossAt = Integer.MAX_VALUE;
    return this;
  }

  /** Returns the files that there are. */
  List<String> files() {
    return names.keySet().stream().map(file -> file.getFileName().toString()).toList();
  }

  /** Returns what is in a file. */
  byte[] content(Path file) {
    return names.get(file).bytes;
  }

  /** Returns the files with what is in them, which is all that a process started now can see. */
  Map<Path, ByteBuffer> contents() {
    Map<Path, ByteBuffer> contents = new LinkedHashMap<>();
    names.forEach((path, content) -> contents.put(path, ByteBuffer.wrap(content.bytes)));
    return contents;
  }

  /** Returns what was done so far. */
  List<String> operations() {
    return operations;
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    perform("createDirectory", () -> {});
  }

  @Override
  public Closeable lock(Path directory) throws IOException {
    perform("lock", () -> {});
    return () -> {};
  }

  @Override
  public InputStream read(Path file) throws IOException {
    perform("read " + file.getFileName(), () -> {});
    Content content = names.get(file);
    if (content == null) {
      throw new NoSuchFileException(file.toString());
    }
    return new ByteArrayInputStream(content.bytes);
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    perform("list", () -> {});
    return names.keySet().stream()
        .filter(file -> directory.equals(file.getParent()))
        .map(file -> file.getFileName().toString())
        .toList();
  }

  @Override
  public OpenFile open(Path file) throws IOException {
    perform("open " + file.getFileName(), () -> names.computeIfAbsent(file, f -> new Content()));
    return new File(names.get(file));
  }

  @Override
  public void replace(Path from, Path to) throws IOException {
    perform("replace", () -> names.put(to, names.remove(from)));
  }

  @Override
  public void delete(Path file) throws IOException {
    perform("delete", () -> names.remove(file));
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    perform(
        "forceDirectory",
        () -> {
          durableNames.clear();
          durableNames.putAll(names);
        });
  }

  private void perform(String operation, Runnable action) throws IOException {
    perform(operation, action, () -> {});
  }

  private void perform(String operation, Runnable action, Runnable halfOfIt) throws IOException {
    int number = operations.size();
    operations.add(operation);
    boolean fails = number >= firstFailing && number < firstFailing + failing;
    if (number > powerLossAt) {
      throw new PowerLoss();
    }
    if (!fails && number != powerLossAt) {
      action.run();
      return;
    }
    Fault how = fails ? fault : powerLoss;
    if (how == Fault.AFTER) {
      action.run();
    } else if (how == Fault.HALFWAY) {
      halfOfIt.run();
    }
    if (fails) {
      throw new IOException("no " + operation + " today");
    }
    throw new PowerLoss();
  }

  /**
   * Returns the disks that a loss of power at this moment can leave.
   *
   * @param step how many bytes apart the places are up to which a change came; 1 for all
   */
  List<SimulatedDisk> survivors(int step) {
    List<SimulatedDisk> survivors = new ArrayList<>();
    for (Map<Path, Content> surviving : List.of(durableNames, names)) {
      survivors.add(survivor(surviving, null, new byte[0]));
      surviving.forEach(
          (path, content) -> {
            for (byte[] bytes : content.unforced(step)) {
              survivors.add(survivor(surviving, path, bytes));
            }
          });
    }
    survivors.add(restarted());
    return survivors;
  }

  private static SimulatedDisk survivor(
      Map<Path, Content> surviving, @Nullable Path changed, byte[] changedBytes) {
    Map<Path, Content> files = new LinkedHashMap<>();
    surviving.forEach(
        (path, content) ->
            files.put(path, new Content(path.equals(changed) ? changedBytes : content.durable)));
    return new SimulatedDisk(files);
  }

  /** Returns this disk as a process finds it that is started now, with the power on. */
  SimulatedDisk restarted() {
    Map<Path, Content> files = new LinkedHashMap<>();
    names.forEach((path, content) -> files.put(path, new Content(content.bytes)));
    return new SimulatedDisk(files);
  }

  private static final class Content {
    private byte[] bytes = {};
    private byte[] durable = {};

    Content() {}

    Content(byte[] durable) {
      this.bytes = durable;
      this.durable = durable;
    }

    /** Returns what else can be read if only a part of the changes reached the disk. */
    List<byte[]> unforced(int step) {
      List<byte[]> possible = new ArrayList<>();
      int same = Math.max(0, Arrays.mismatch(bytes, durable));
      if (bytes.length == durable.length && Arrays.equals(bytes, durable)) {
        return possible;
      }
      possible.add(bytes);
      for (int i = same; i < bytes.length; i += step) {
        possible.add(Arrays.copyOf(bytes, i));
        byte[] tailMissing = Arrays.copyOf(Arrays.copyOf(bytes, i), bytes.length);
        possible.add(tailMissing);
        byte[] headMissing = bytes.clone();
        Arrays.fill(headMissing, same, i, (byte) 0);
        possible.add(headMissing);
        byte[] tailOfBefore = Arrays.copyOf(bytes, Math.max(bytes.length, durable.length));
        if (i < durable.length) {
          System.arraycopy(durable, i, tailOfBefore, i, durable.length - i);
        }
        possible.add(tailOfBefore);
      }
      return possible;
    }
  }

  private final class File implements OpenFile {
    private final Content content;

    File(Content content) {
      this.content = content;
    }

    @Override
    public long length() throws IOException {
      perform("length", () -> {});
      return content.bytes.length;
    }

    @Override
    public void write(long position, byte[] bytes) throws IOException {
      perform(
          "write",
          () -> put((int) position, bytes),
          () -> put((int) position, Arrays.copyOf(bytes, bytes.length / 2)));
    }

    private void put(int position, byte[] bytes) {
      byte[] after =
          Arrays.copyOf(content.bytes, Math.max(content.bytes.length, position + bytes.length));
      System.arraycopy(bytes, 0, after, position, bytes.length);
      content.bytes = after;
    }

    @Override
    public void truncate(long length) throws IOException {
      perform(
          "truncate",
          () -> {
            if (length < content.bytes.length) {
              content.bytes = Arrays.copyOf(content.bytes, (int) length);
            }
          });
    }

    @Override
    public void force() throws IOException {
      perform("force", () -> content.durable = content.bytes);
    }

    @Override
    public void close() throws IOException {
      perform("close", () -> {});
    }
  }
}
