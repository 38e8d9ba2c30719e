package dev.autodeploy.internal.text;

import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Advice for failures that are recognised by the words of an instance or of its probe. */
public final class FailureHints {
  private static final List<Hint> HINTS =
      List.of(
          new Hint(
              "exec format error",
              "the program is made for another kind of processor than this machine's"),
          new Hint(
              "CUDA out of memory|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY",
              "the model does not fit into the GPU's memory: take a larger GPU, or a smaller batch,"
                  + " context or precision"),
          new Hint(
              "no space left on device|disk quota exceeded",
              "the disk is full: free some space, or mount a larger one where the instance writes"),
          new Hint(
              "gated repo|access to model .{1,200} is restricted|cannot access gated"
                  + "|401 client error.{0,200}huggingface|must be authenticated to access",
              "the model is gated: accept its terms on its page, and give a token in the"
                  + " environment, such as HF_TOKEN"),
          new Hint(
              "(only|must) (be )?run as (pid|process) ?1|not running as pid ?1|must be pid ?1",
              "the image wants to be process 1: the Docker provider starts it as that from the next"
                  + " start on"),
          new Hint(
              "\\[Errno 98\\]|EADDRINUSE|address (is )?already in use",
              "another process has the port: it is the deployment's port, or one that the service"
                  + " opens beside it"),
          new Hint(
              "operation not permitted",
              "it may lack a right: see capabilities(...) and newPrivileges(true) of the Docker"
                  + " provider"),
          new Hint(
              "/bin/sh failed|/bin/sh: no such file|exec: \"/bin/sh\"",
              "the image has no shell: leave the start command out"),
          new Hint(
              "answered 40[13]",
              "the probe is refused: probe a path that needs no login, or expect that status"),
          new Hint(
              "answered 404",
              "there is no such page: probe another path, or check that the service is the right"
                  + " one"));

  private static final int MAX_LINE = 2000;

  /**
   * A piece of advice and when it is given.
   *
   * @param pattern found in the words of the failure
   * @param advice a few words without a full stop
   */
  private record Hint(Pattern pattern, String advice) {
    Hint(String regex, String advice) {
      this(Pattern.compile(regex, Pattern.CASE_INSENSITIVE), advice);
    }
  }

  private FailureHints() {}

  /**
   * Returns advice for a failure.
   *
   * @param words what was said about it: log lines, messages
   * @return a few words without a full stop, or null where nothing is recognised
   */
  public static @Nullable String find(List<String> words) {
    for (Hint hint : HINTS) {
      for (String line : words) {
        String text = line.length() <= MAX_LINE ? line : line.substring(0, MAX_LINE);
        if (hint.pattern.matcher(text).find()) {
          return hint.advice;
        }
      }
    }
    return null;
  }
}
