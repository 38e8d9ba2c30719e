package dev.autodeploy.docker;

/** The time at which an image is fetched from its registry. */
public enum PullPolicy {
  /** Only if it is not on the host. The default. */
  MISSING,
  /** At every start, so that a moved tag is noticed; an image named by digest only if missing. */
  ALWAYS,
  /** Never: an image that is not on the host is an error. */
  NEVER
}
