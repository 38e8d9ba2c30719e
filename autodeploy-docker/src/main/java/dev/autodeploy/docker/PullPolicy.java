package dev.autodeploy.docker;

/** When an image is fetched from its registry. */
public enum PullPolicy {
  /** When it is not on the host. The default. */
  MISSING,
  /** At every start, so that a moved tag is noticed; an image named by digest only if missing. */
  ALWAYS,
  /** Never: an image that is not on the host is an error. */
  NEVER
}
