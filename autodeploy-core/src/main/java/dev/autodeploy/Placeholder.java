package dev.autodeploy;

/** Keeps this package from being empty until its first real type is here. */
public final class Placeholder {
  private Placeholder() {}
}
