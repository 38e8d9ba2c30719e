package dev.autodeploy.internal.text;

import java.io.IOException;

/** A search for a regular expression that was ended before it had an answer. */
public final class SearchLimitException extends IOException {
  private static final long serialVersionUID = 1;

  SearchLimitException(String message) {
    super(message);
  }
}
