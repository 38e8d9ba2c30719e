package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.model.ContainerConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images whose service insists on being process 1 of its container, as supervisors do: told by
 * the name of their entrypoint, by the script that it is, or by what one said when it ended.
 * Thread-safe.
 */
final class ImageHabits {
  private static final Logger LOG = LoggerFactory.getLogger(ImageHabits.class);
  private static final int MAX_SCRIPT = 64 << 10;
  private static final int MAX_WORDS = 4;

  private static final Set<String> SUPERVISORS =
      Set.of(
          "/init",
          "/sbin/init",
          "/usr/sbin/init",
          "/lib/systemd/systemd",
          "/usr/lib/systemd/systemd",
          "/bin/systemd",
          "/usr/bin/systemd");

  private static final Pattern SAYS_SO =
      Pattern.compile(
          "(only|must|needs? to|has to|have to)( be)?( run)?( as)? (pid|process|pid number) ?1\\b"
              + "|(not running|running not|isn't running) as (pid|process) ?1\\b"
              + "|not been booted with systemd",
          Pattern.CASE_INSENSITIVE);

  /** A shell script that compares its own process id with 1. */
  private static final Pattern TESTS_IT =
      Pattern.compile("\\$(\\$|\\{?BASHPID\\}?)[\"']?\\s+(-eq|-ne|==?|!=)\\s+[\"']?1\\b");

  private final DaemonClient client;
  private final Map<String, Boolean> insists = new ConcurrentHashMap<>();

  ImageHabits(DaemonClient client) {
    this.client = client;
  }

  /** Returns whether an image is known to insist on being process 1. */
  boolean insists(InspectImageResponse image) {
    return insists.getOrDefault(String.valueOf(image.getId()), false);
  }

  /** Returns the same after a look into a container of the image, unless it was looked at. */
  boolean insists(InspectImageResponse image, String container) {
    return insists.computeIfAbsent(
        String.valueOf(image.getId()), id -> isSupervisor(image.getConfig(), container));
  }

  /** Notes what a service said when it ended. */
  void learn(String imageId, List<String> said) {
    if (said.stream().anyMatch(line -> SAYS_SO.matcher(line).find())) {
      insists.put(imageId, true);
    }
  }

  private boolean isSupervisor(@Nullable ContainerConfig config, String container) {
    List<String> words = new ArrayList<>();
    if (config != null && config.getEntrypoint() != null) {
      words.addAll(Arrays.asList(config.getEntrypoint()));
    }
    if (config != null && config.getCmd() != null) {
      words.addAll(Arrays.asList(config.getCmd()));
    }
    if (words.isEmpty()) {
      return false;
    }
    if (SUPERVISORS.contains(words.get(0))) {
      return true;
    }
    for (String word : words.subList(0, Math.min(MAX_WORDS, words.size()))) {
      if (TESTS_IT.matcher(word).find() || testsIt(word, container)) {
        return true;
      }
    }
    return false;
  }

  private boolean testsIt(String program, String container) {
    if (!program.startsWith("/")) {
      return false;
    }
    try {
      String text = client.readFile(container, program, MAX_SCRIPT);
      return text.startsWith("#!")
          && (TESTS_IT.matcher(text).find() || SAYS_SO.matcher(text).find());
    } catch (DockerDaemonException e) {
      LOG.debug("Looking at {} in {}: {}", program, container, e.getMessage());
      return false;
    }
  }
}
