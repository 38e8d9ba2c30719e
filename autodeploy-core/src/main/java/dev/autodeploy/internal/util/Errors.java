package dev.autodeploy.internal.util;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.InstanceStartException;
import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Errors of futures and of others, for messages. */
public final class Errors {

  private Errors() {}

  /**
   * Returns the error that a future failed with, without the wrappers that stages put around it.
   */
  public static Throwable unwrap(Throwable error) {
    Throwable cause = error.getCause();
    return error instanceof CompletionException && cause != null ? unwrap(cause) : error;
  }

  /** Returns the error's message, prefixed with its type unless it was written for users. */
  public static String describe(Throwable error) {
    Throwable cause = unwrap(error);
    String type = cause.getClass().getSimpleName();
    if (cause.getMessage() == null || cause.getMessage().isBlank()) {
      return type;
    }
    String message = PlainText.line(cause.getMessage());
    boolean forUsers =
        cause instanceof InstanceStartException
            || cause instanceof AutoDeployException
            || cause instanceof IOException
            || cause instanceof TimeoutException;
    return forUsers ? message : type + ": " + message;
  }

  /** Returns the first of two failures, with the other one suppressed in it. */
  @SuppressWarnings("ReferenceEquality") // no failure can suppress itself
  public static Throwable first(@Nullable Throwable first, Throwable next) {
    if (first == null) {
      return next;
    }
    if (first != next) {
      first.addSuppressed(next);
    }
    return first;
  }
}
