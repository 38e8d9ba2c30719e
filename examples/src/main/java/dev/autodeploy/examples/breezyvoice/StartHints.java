package dev.autodeploy.examples.breezyvoice;

import dev.autodeploy.spi.ProviderCatalog;
import java.util.ArrayList;
import java.util.List;

/**
 * The hints that can be given before the first request of why its start would fail, and what to do.
 */
final class StartHints {
  private StartHints() {}

  /**
   * Looks at what the Docker daemon has.
   *
   * @param options the command line, with {@code --provider docker}
   * @param catalog what the provider has to choose from
   * @return a line for each thing that may be missing
   */
  static List<String> of(LauncherOptions options, ProviderCatalog catalog) {
    List<String> hints = new ArrayList<>();
    String image = options.image();
    boolean ours = options.snapshot() == null && image.equals(LauncherOptions.DEFAULT_IMAGE);
    // Podman puts a registry of its own before the name.
    if (ours && catalog.images().stream().noneMatch(it -> ("/" + it).endsWith("/" + image))) {
      hints.add("There is no image " + image + " yet: run examples/breezyvoice-image first.");
    }
    if (options.gpus().count() != 0 && catalog.gpus().isEmpty()) { // 0 if ids were named
      hints.add(
          "No GPUs are known yet: the first start looks for them. If it fails, leave out --gpus,"
              + " or name ids: --gpus 0 or --gpus 0,1.");
    }
    return hints;
  }
}
