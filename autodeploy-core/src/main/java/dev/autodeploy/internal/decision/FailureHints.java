package dev.autodeploy.internal.decision;

import dev.autodeploy.FailureCause;
import dev.autodeploy.spi.InstanceExit;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The causes of failures, recognised by the words of an instance or of its probe, and advice. */
final class FailureHints {
  private static final int SHELL_NOT_EXECUTABLE = 126;
  private static final int SHELL_NOT_FOUND = 127;
  private static final int SIGKILL = 137;

  private static final List<Hint> HINTS =
      List.of(
          // Words of our own providers, which have the advice in them.
          new Hint(
              FailureCause.LOOPBACK_ONLY,
              "listens on (127\\.0\\.0\\.1|localhost):.{1,100}inside its container",
              ""),
          new Hint(FailureCause.OTHER_PORT, "listens on port [0-9, ]{1,100}, not on [0-9]", ""),
          new Hint(
              FailureCause.WRONG_PROCESSOR,
              "exec format error",
              "the program is made for another kind of processor than this machine's"),
          new Hint(
              FailureCause.GPU_OUT_OF_MEMORY,
              "CUDA out of memory|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY"
                  + "|HIP out of memory",
              "the model does not fit into the GPU's memory: take a larger GPU, or a smaller batch,"
                  + " context or precision"),
          new Hint(
              FailureCause.GPU_MISSING,
              "found no NVIDIA driver|no CUDA-capable device|CUDA driver version is insufficient|no"
                  + " CUDA GPUs are available|CUDA_ERROR_NO_DEVICE|libcuda\\.so\\.1: cannot open",
              "it finds no GPU: ask for one with gpu(...), and see that the image's CUDA fits the"
                  + " host's driver"),
          new Hint(
              FailureCause.DISK_FULL,
              "no space left on device|disk quota exceeded",
              "the disk is full: free some space, or mount a larger one where the instance writes"),
          new Hint(
              FailureCause.GATED_MODEL,
              "gated repo|access to model .{1,200} is restricted|cannot access gated"
                  + "|401 client error.{0,200}huggingface|must be authenticated to access",
              "the model is gated: accept its terms on its page, and give a token in the"
                  + " environment, such as HF_TOKEN"),
          new Hint(
              FailureCause.PROCESS_1,
              "(only|must) (be )?run as (pid|process) ?1|not running as pid ?1|must be pid ?1",
              "the image wants to be process 1: the Docker provider starts it as that from the next"
                  + " start on"),
          new Hint(
              FailureCause.PORT_TAKEN,
              "\\[Errno 98\\]|EADDRINUSE|address (is )?already in use",
              "another process has the port: it is the deployment's port, or one that the service"
                  + " opens beside it"),
          new Hint(
              FailureCause.MISSING_RIGHT,
              "operation not permitted",
              "it may lack a right: see capabilities(...) and newPrivileges(true) of the Docker"
                  + " provider"),
          new Hint(
              FailureCause.MODULE_MISSING,
              "ModuleNotFoundError|No module named|Cannot find module '|ClassNotFoundException",
              "a package is missing: install it in the image, or activate the environment that has"
                  + " it in the start command"),
          new Hint(
              FailureCause.NO_SHELL,
              "/bin/sh failed|/bin/sh: no such file|exec: \"/bin/sh\"|has no /bin/sh",
              "the image has no shell: leave the start command out"),
          new Hint(
              FailureCause.COMMAND_NOT_FOUND,
              "^(/bin/)?(ba|da)?sh: .{1,200}: (command )?not found$|^env: .{1,200}: No such file"
                  + "|the command is not in the image",
              "the command does not exist there: check the start command, its path and the image"),
          new Hint(
              FailureCause.COMMAND_NOT_EXECUTABLE,
              "^(/bin/)?(ba|da)?sh: .{1,200}: Permission denied$"
                  + "|the command in the image cannot be executed",
              "the command may not be executed: set its permission with chmod +x"),
          new Hint(
              FailureCause.PROBE_REFUSED,
              "answered 40[13]\\b",
              "the probe is refused: probe a path that needs no login, give the probe a header, or"
                  + " expect that status"),
          new Hint(
              FailureCause.PROBE_NOT_FOUND,
              "answered 404\\b",
              "there is no such page: probe another path, or check that the service is the right"
                  + " one"),
          new Hint(
              FailureCause.PROBE_REDIRECTED,
              "answered 30[12378]\\b",
              "the page is elsewhere: probe the path that it redirects to, or expect that status"),
          new Hint(
              FailureCause.STILL_LOADING,
              "answered 503\\b",
              "it may still be loading: raise startTimeout if it only needs longer"),
          new Hint(
              FailureCause.NOTHING_LISTENS,
              "nothing listens on port|Connection refused",
              "if it only needs longer, raise startTimeout"));

  private static final int MAX_LINE = 2000;

  /**
   * A cause, and how it is recognised.
   *
   * @param cause the cause
   * @param pattern found in the words of the failure
   * @param advice a few words without a full stop; empty where the words hold it already
   */
  private record Hint(FailureCause cause, Pattern pattern, String advice) {
    Hint(FailureCause cause, String regex, String advice) {
      this(cause, Pattern.compile(regex, Pattern.CASE_INSENSITIVE), advice);
    }
  }

  private FailureHints() {}

  /**
   * Returns advice for a failure.
   *
   * @param words what was said about it: log lines, messages
   * @return a few words without a full stop, or null where nothing is recognised
   */
  static @Nullable String find(List<String> words) {
    Hint hint = hint(words);
    return hint == null || hint.advice.isEmpty() ? null : hint.advice;
  }

  /**
   * Returns advice for how an instance ended.
   *
   * @param exit how it ended
   * @return a few words without a full stop, or null where nothing is recognised
   */
  static @Nullable String find(InstanceExit exit) {
    List<String> words = words(exit);
    String advice = find(words);
    if (advice != null || hint(words) != null) {
      return advice;
    }
    FailureCause cause = byCode(exit);
    if (cause == null) {
      return null;
    }
    return switch (cause) {
      case KILLED -> "it was killed from outside, or by the system for lack of memory";
      case COMMAND_NOT_FOUND ->
          "the shell did not find a command: check the start command and the image";
      case ENDED_WITHOUT_ERROR ->
          "it ended without an error: the start command has to be a service that stays in the"
              + " foreground";
      default -> null;
    };
  }

  /**
   * Returns the cause of a failure.
   *
   * @param exit how the instance ended, or null if it did not
   * @param words what else was said about it
   * @return the cause, or null where none is recognised
   */
  static @Nullable FailureCause cause(@Nullable InstanceExit exit, List<String> words) {
    if (exit != null && exit.outOfMemory()) {
      return FailureCause.OUT_OF_MEMORY;
    }
    Hint hint = exit == null ? null : hint(words(exit));
    if (hint == null) {
      hint = hint(words);
    }
    if (exit != null && (hint == null || hint.cause == FailureCause.NOTHING_LISTENS)) {
      return byCode(exit);
    }
    return hint == null ? null : hint.cause;
  }

  private static @Nullable FailureCause byCode(InstanceExit exit) {
    Integer code = exit.exitCode();
    if (code == null || exit.outOfMemory()) {
      return null;
    }
    return switch (code) {
      case 0 -> FailureCause.ENDED_WITHOUT_ERROR;
      case SHELL_NOT_EXECUTABLE -> FailureCause.COMMAND_NOT_EXECUTABLE;
      case SHELL_NOT_FOUND -> FailureCause.COMMAND_NOT_FOUND;
      case SIGKILL -> FailureCause.KILLED;
      default -> null;
    };
  }

  private static List<String> words(InstanceExit exit) {
    List<String> words = new ArrayList<>(exit.logTail());
    if (exit.message() != null) {
      words.add(exit.message());
    }
    return words;
  }

  private static @Nullable Hint hint(List<String> words) {
    for (Hint hint : HINTS) {
      for (String line : words) {
        String text = line.length() <= MAX_LINE ? line : line.substring(0, MAX_LINE);
        if (hint.pattern.matcher(text).find()) {
          return hint;
        }
      }
    }
    return null;
  }
}
