package dev.autodeploy.proxy;

import dev.autodeploy.Deployment;
import java.net.URI;

/** A proxy that serves links, whatever server carries them. Thread-safe. */
public interface LinkProxy extends AutoCloseable {

  /**
   * Returns the link of a deployment: the fixed address that callers append their path to.
   *
   * @param deployment the deployment
   * @return such as {@code http://localhost:8000/d/breezyvoice}
   */
  URI serviceLink(Deployment deployment);

  /**
   * Returns the port that the proxy listens on.
   *
   * @return the port, chosen by the system if it was set to 0
   */
  int port();

  /**
   * Returns the port that belongs to one deployment.
   *
   * @param deployment the deployment's name
   * @return the port
   * @throws IllegalArgumentException if it was given none
   */
  int dedicatedPort(String deployment);

  /**
   * Returns how many requests for deployments are under way, pending ones included.
   *
   * @return the number
   */
  int inFlight();

  /**
   * Returns how many requests wait for an instance.
   *
   * @return the number
   */
  int held();

  /**
   * Ends the service: requests that wait for an instance are refused with 503, those under way may
   * finish up to the drain timeout, then the port is closed. Blocks. Idempotent.
   */
  @Override
  void close();
}
