package dev.autodeploy.internal.process;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A process by its id and the time of its start, so that another one that has got the same id since
 * is never mistaken for it. Immutable.
 *
 * @param pid its id
 * @param start when it began: clock ticks since the machine did on Linux, elsewhere milliseconds
 */
record ProcessId(long pid, String start) {

  /** The start of a process of which it is not known. */
  static final String UNKNOWN = "-";

  /** Returns this process. */
  static ProcessId current() {
    long pid = ProcessHandle.current().pid();
    ProcessId id = of(pid);
    return id == null ? new ProcessId(pid, UNKNOWN) : id;
  }

  /** Returns the living process with an id, or null. */
  static @Nullable ProcessId of(long pid) {
    if (ProcFs.isAvailable()) {
      ProcFs.Stat stat = ProcFs.stat(pid);
      return stat == null || stat.dead() ? null : new ProcessId(pid, stat.start());
    }
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).map(ProcessId::of).orElse(null);
  }

  static ProcessId of(ProcessHandle handle) {
    String start =
        handle.info().startInstant().map(i -> String.valueOf(i.toEpochMilli())).orElse(UNKNOWN);
    return new ProcessId(handle.pid(), start);
  }

  /** Returns whether this very process lives. */
  boolean isAlive() {
    return equals(of(pid));
  }

  /** Asks the process to end; nothing happens if it is gone. */
  void terminate() {
    handle().ifPresent(ProcessHandle::destroy);
  }

  /** Ends the process by force; nothing happens if it is gone. */
  void kill() {
    handle().ifPresent(ProcessHandle::destroyForcibly);
  }

  /** A handle checks for itself that its process is the same one until the signal is sent. */
  private Optional<ProcessHandle> handle() {
    Optional<ProcessHandle> handle = ProcessHandle.of(pid);
    return isAlive() ? handle : Optional.empty();
  }
}
