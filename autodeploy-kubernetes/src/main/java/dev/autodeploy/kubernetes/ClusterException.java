package dev.autodeploy.kubernetes;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.text.PlainText;
import io.fabric8.kubernetes.client.KubernetesClientException;
import org.jspecify.annotations.Nullable;

/** Something went wrong with the API server: what, its own words for it, and what to do. */
final class ClusterException extends AutoDeployException {
  private static final long serialVersionUID = 1L;
  private static final int DETAIL_LENGTH = 700;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int INVALID = 422;

  /** The status of the answer, or 0 if there was none. */
  private final int status;

  /** The server's own words. */
  private final String detail;

  private ClusterException(String message, int status, String detail, @Nullable Throwable cause) {
    super(ErrorCode.PROVIDER_FAILED, null, PlainText.line(message), cause);
    this.status = status;
    this.detail = detail;
  }

  /** Recognises what an attempt to use the API server threw. */
  static ClusterException of(String doing, Throwable thrown) {
    if (thrown instanceof ClusterException known) {
      return known;
    }
    int status = 0;
    String detail = "";
    if (thrown instanceof KubernetesClientException e) {
      status = Math.max(0, e.getCode()); // -1 where the call timed out
      detail =
          e.getStatus() == null || e.getStatus().getMessage() == null
              ? ""
              : sentence(e.getStatus().getMessage());
    }
    if (detail.isEmpty()) {
      detail = sentence(lastMessage(thrown));
    }
    return new ClusterException(doing + ": " + words(status, detail), status, detail, thrown);
  }

  /** Returns the words for what the cluster said of a pod that it does not make. */
  static String refusal(String said) {
    return words(FORBIDDEN, sentence(said));
  }

  private static String words(int status, String detail) {
    if (isQuota(status, detail)) {
      return "the namespace's quota is used up (" + detail + "); ask for less, or raise the quota";
    }
    return switch (status) {
      case 0 ->
          "the Kubernetes API server could not be reached ("
              + detail
              + "); check its address in the kubeconfig, and the network";
      case 401 ->
          "the Kubernetes API server does not accept these credentials ("
              + detail
              + "); renew the token or certificate of the kubeconfig";
      case FORBIDDEN ->
          detail.contains("is forbidden: User ")
              ? "a right is missing ("
                  + detail
                  + "); apply the Role that the guide to Kubernetes lists"
              : "the cluster refused it (" + detail + ")";
      case INVALID -> "the cluster does not accept it (" + detail + ")";
      default -> "the Kubernetes API server answered " + status + " (" + detail + ")";
    };
  }

  private static boolean isQuota(int status, String detail) {
    return status == FORBIDDEN && detail.contains("exceeded quota");
  }

  private static String lastMessage(Throwable thrown) {
    String last = thrown.getClass().getSimpleName();
    Throwable t = thrown;
    for (int depth = 0; t != null && depth < 10; t = t.getCause(), depth++) {
      if (t.getMessage() != null) {
        last = t.getMessage();
      } else {
        last = t.getClass().getSimpleName();
      }
    }
    return last;
  }

  private static String sentence(String text) {
    String plain = PlainText.line(text).replaceAll("\\s+", " ").strip();
    return plain.length() <= DETAIL_LENGTH ? plain : plain.substring(0, DETAIL_LENGTH) + "…";
  }

  boolean isNotFound() {
    return status == NOT_FOUND;
  }

  boolean isConflict() {
    return status == CONFLICT;
  }

  boolean isForbidden() {
    return status == FORBIDDEN;
  }

  /** Returns whether the call may have been, or may yet be, carried out although it failed. */
  boolean isOutcomeUnknown() {
    return status == 0 || status >= 500;
  }

  /** The server's own words. */
  String detail() {
    return detail;
  }
}
