package dev.autodeploy.docker;

import java.util.Locale;

/**
 * An image's reference, taken apart.
 *
 * @param registry the registry's host and port
 * @param repository everything but tag and digest
 * @param tagOrDigest a tag, or a digest with its algorithm
 */
record ImageName(String registry, String repository, String tagOrDigest) {
  private static final String HUB = "docker.io";

  /** Returns whether the name itself has no capital letters; registry and tag may have some. */
  boolean isLowerCase() {
    String path =
        repository.startsWith(registry + "/")
            ? repository.substring(registry.length() + 1)
            : repository;
    return path.equals(path.toLowerCase(Locale.ROOT));
  }

  static ImageName parse(String reference) {
    int at = reference.indexOf('@');
    String name = at < 0 ? reference : reference.substring(0, at);
    int slash = name.lastIndexOf('/');
    int colon = name.lastIndexOf(':');
    String repository = colon > slash ? name.substring(0, colon) : name;
    String tag = colon > slash ? name.substring(colon + 1) : "latest";
    int first = repository.indexOf('/');
    String head = first < 0 ? "" : repository.substring(0, first);
    boolean host = head.contains(".") || head.contains(":") || head.equals("localhost");
    return new ImageName(host ? head : HUB, repository, at < 0 ? tag : reference.substring(at + 1));
  }
}
