package dev.autodeploy.internal.store;

import com.fasterxml.jackson.core.JsonLocation;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.spec.FormatException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** The errors of the store. */
final class Failures {

  private Failures() {}

  static AutoDeployException io(String what, Path file, IOException cause, String next) {
    return failed(what + " " + file + ": " + reason(cause) + ". " + next, cause);
  }

  static AutoDeployException failed(String message, Throwable cause) {
    return new AutoDeployException(ErrorCode.STATE_FAILED, null, message, cause);
  }

  static AutoDeployException failed(String message) {
    return new AutoDeployException(ErrorCode.STATE_FAILED, null, message);
  }

  /** Names file, line and column of what is damaged in a document. */
  static AutoDeployException damaged(
      Path file, int firstLine, byte[] document, FormatException e, String next) {
    StringBuilder message = new StringBuilder(200).append(file).append(" is damaged at line ");
    if (e instanceof FormatException.NotJson notJson) {
      message.append(firstLine - 1 + notJson.line()).append(", column ").append(notJson.column());
      message.append(": ");
    } else {
      JsonLocation at = StrictJson.locate(document, e.pointer());
      message.append(firstLine - 1 + (at == null ? 1 : at.getLineNr()));
      message.append(", column ").append(at == null ? 1 : at.getColumnNr()).append(": ");
      message.append(e.pointer().matches() ? "the object" : e.pointer().toString()).append(' ');
    }
    return failed(message.append(e.getMessage()).append(". ").append(next).toString());
  }

  /** A file system's own words; its exceptions often carry only the path. */
  static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileSystemException fs) {
      return fs.getReason() != null ? fs.getReason() : fs.getClass().getSimpleName();
    }
    return e.getMessage() != null ? e.getMessage() : e.getClass().getSimpleName();
  }
}
