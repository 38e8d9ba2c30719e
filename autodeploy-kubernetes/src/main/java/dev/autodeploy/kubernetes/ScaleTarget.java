package dev.autodeploy.kubernetes;

import java.util.regex.Pattern;

/**
 * A Deployment of the cluster whose number of replicas is ours.
 *
 * @param namespace its namespace
 * @param name its name
 */
record ScaleTarget(String namespace, String name) {
  private static final Pattern TEXT = Pattern.compile("([a-z0-9-]{1,63})/([a-z0-9.-]{1,253})");

  /** Reads {@code namespace/deployment}. */
  static ScaleTarget of(String text) {
    var parts = TEXT.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "scaling must be a namespace and a Deployment, as speech/breezyvoice, but was '"
              + text
              + "'");
    }
    return new ScaleTarget(parts.group(1), parts.group(2));
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
