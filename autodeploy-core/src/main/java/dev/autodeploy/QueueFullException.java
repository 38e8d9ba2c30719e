package dev.autodeploy;

/** Refused because as many requests wait as the deployment allows. */
public final class QueueFullException extends AutoDeployException {
  private static final long serialVersionUID = 1L;

  /** The deployment's maximum. */
  private final int limit;

  /**
   * Creates the error.
   *
   * @param deployment the deployment's name
   * @param limit its {@code maxPending}
   */
  public QueueFullException(String deployment, int limit) {
    super(
        ErrorCode.QUEUE_FULL,
        deployment,
        "deployment '"
            + deployment
            + "' already holds "
            + limit
            + " requests, its maximum (maxPending); try again later");
    this.limit = limit;
  }

  /**
   * Returns how many requests may wait.
   *
   * @return the deployment's {@code maxPending}
   */
  public int limit() {
    return limit;
  }
}
