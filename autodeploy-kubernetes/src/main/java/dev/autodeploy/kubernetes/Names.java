package dev.autodeploy.kubernetes;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** Names and label values that Kubernetes takes, from those of the engine. */
final class Names {
  private static final int LABEL_LENGTH = 63;
  private static final int NAME_LENGTH = 100;
  private static final int KEPT = 28;
  private static final String PREFIX = "autodeploy-";

  private Names() {}

  /** Returns a label's value: the text itself, or its beginning with a digest of all of it. */
  static String label(String text) {
    return text.length() <= LABEL_LENGTH && text.matches("[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
        ? text
        : shortened(text);
  }

  /** Returns the name of the objects of an instance: ids are unique over all time. */
  static String ofInstance(String instanceId) {
    String name = PREFIX + instanceId;
    return name.length() <= NAME_LENGTH && !name.endsWith("-")
        ? name
        : PREFIX + shortened(instanceId);
  }

  /** Returns the name of the objects of an owner. */
  static String ofOwner(String owner) {
    return owner.endsWith("-") ? PREFIX + shortened(owner) : PREFIX + owner;
  }

  private static String shortened(String text) {
    String kept = text.replaceAll("[^a-z0-9]+", "-").replaceAll("^-+", "");
    kept = kept.substring(0, Math.min(KEPT, kept.length()));
    return (kept.isEmpty() ? "x" : kept)
        + (kept.endsWith("-") ? "" : "-")
        + digest(text).substring(0, 16);
  }

  private static String digest(String text) {
    return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8))
        .toString()
        .replace("-", "");
  }
}
