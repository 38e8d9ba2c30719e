package dev.autodeploy.internal.process;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All processes of one instance. On Linux also those that left their parent and their session: they
 * still have the instance's token in their environment. Elsewhere those that descend from the
 * watcher.
 */
final class ProcessTree {
  /** The time that processes may take to be gone after they were ended by force. */
  private static final long GONE_NANOS = 10_000_000_000L;

  private static final long MAX_PAUSE_MILLIS = 50;
  private static final int LOOKS_AT_SESSION = 4;

  private final InstanceFiles files;
  private final @Nullable String token;
  private final @Nullable ProcessId watcher;

  /**
   * The watcher and its helpers, as long as they live; they are still known without the watcher.
   */
  private Set<ProcessId> keepersBefore = Set.of();

  /** The number of looks that may still go by the watcher's session, once it has been seen. */
  private int looksAtSession;

  ProcessTree(InstanceFiles files, @Nullable ProcessId watcher) {
    this.files = files;
    this.watcher = watcher;
    token = files.token();
  }

  /**
   * The living processes of an instance.
   *
   * @param command those that its command started
   * @param keepers the watcher and what belongs to it
   */
  record Members(Set<ProcessId> command, Set<ProcessId> keepers) {
    boolean isEmpty() {
      return command.isEmpty() && keepers.isEmpty();
    }

    Stream<ProcessId> all() {
      return Stream.concat(command.stream(), keepers.stream());
    }
  }

  Members find() {
    return ProcFs.isAvailable() ? findInProc() : findByHandles();
  }

  /**
   * Asks the processes to end, ends them by force when it is time, and returns when they are gone.
   *
   * @param killAt the {@link System#nanoTime()} from which on force is used; may change meanwhile
   * @throws IOException if some of them cannot be ended
   */
  void end(LongSupplier killAt) throws IOException, InterruptedException {
    Set<ProcessId> asked = new HashSet<>();
    long forcedSince = 0;
    boolean forced = false;
    int empty = 0;
    for (long pause = 2; ; pause = Math.min(2 * pause, MAX_PAUSE_MILLIS)) {
      Members members = find();
      long now = System.nanoTime();
      if (members.isEmpty()) {
        // A scan of many processes is no snapshot, so only two empty scans in a row count.
        if ((asked.isEmpty() && !forced) || ++empty == 2) {
          return;
        }
        continue;
      }
      empty = 0;
      if (members.command().isEmpty() || now - killAt.getAsLong() >= 0) {
        members.all().forEach(ProcessId::kill);
        if (!forced) {
          forced = true;
          forcedSince = now;
        } else if (now - forcedSince > GONE_NANOS) {
          throw new IOException(
              "processes "
                  + members.all().map(id -> String.valueOf(id.pid())).collect(Collectors.toList())
                  + " are still there "
                  + GONE_NANOS / 1_000_000_000L
                  + " s after they were ended by force");
        }
      } else {
        members.command().stream().filter(asked::add).forEach(ProcessId::terminate);
      }
      Thread.sleep(pause);
    }
  }

  private Members findInProc() {
    List<ProcFs.Stat> living = ProcFs.living();
    ProcessId guard = files.guard();
    ProcessId leader = files.command();
    Set<Long> command = new HashSet<>();
    Set<Long> keepers = new HashSet<>();
    looksAtSession = Math.max(0, looksAtSession - 1);
    for (ProcFs.Stat stat : living) {
      ProcessId id = new ProcessId(stat.pid(), stat.start());
      if (id.equals(watcher)) {
        looksAtSession = LOOKS_AT_SESSION;
        keepers.add(stat.pid());
      } else if (id.equals(guard) || keepersBefore.contains(id)) {
        keepers.add(stat.pid());
      } else if (id.equals(leader)
          || (leader != null && stat.session() == leader.pid())
          || (token != null && ProcFs.inEnvironment(stat.pid(), token))) {
        command.add(stat.pid());
      }
    }
    addChildren(living, command, keepers);
    // Children that a process has just begun are seen in later scans, when its id may be reused.
    for (ProcFs.Stat stat : living) {
      if (looksAtSession > 0 && watcher != null && stat.session() == watcher.pid()) {
        keepers.add(stat.pid());
      }
    }
    keepers.removeAll(command);
    addChildren(living, keepers, command);
    keepersBefore = ids(living, keepers);
    return new Members(ids(living, command), keepersBefore);
  }

  /** Adds the descendants of processes, except those that are known to belong elsewhere. */
  private static void addChildren(List<ProcFs.Stat> living, Set<Long> family, Set<Long> others) {
    boolean more = !family.isEmpty();
    while (more) {
      more = false;
      for (ProcFs.Stat stat : living) {
        if (family.contains(stat.parent()) && !others.contains(stat.pid())) {
          more |= family.add(stat.pid());
        }
      }
    }
  }

  private static Set<ProcessId> ids(List<ProcFs.Stat> living, Set<Long> pids) {
    return living.stream()
        .filter(stat -> pids.contains(stat.pid()))
        .map(stat -> new ProcessId(stat.pid(), stat.start()))
        .collect(Collectors.toSet());
  }

  private Members findByHandles() {
    ProcessId guard = files.guard();
    ProcessId leader = files.command();
    Set<ProcessId> keepers = new HashSet<>();
    Set<ProcessId> command = new HashSet<>();
    if (leader != null) {
      command.add(leader);
      command.addAll(descendants(leader));
    }
    if (guard != null) {
      keepers.add(guard);
      keepers.addAll(descendants(guard));
    }
    if (watcher != null && watcher.isAlive()) {
      command.addAll(descendants(watcher));
      keepers.add(watcher);
    }
    command.removeAll(keepers);
    return new Members(command, keepers);
  }

  private static List<ProcessId> descendants(ProcessId root) {
    return ProcessHandle.of(root.pid()).stream()
        .flatMap(ProcessHandle::descendants)
        .map(ProcessId::of)
        .toList();
  }
}
