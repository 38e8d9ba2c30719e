package dev.autodeploy.internal.files;

import java.io.IOException;

/** A refusal of a path that another user could read, replace or have made. */
public final class UnsafePathException extends IOException {
  private static final long serialVersionUID = 1L;

  UnsafePathException(String message) {
    super(message);
  }
}
