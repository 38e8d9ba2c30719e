package dev.autodeploy.internal.net;

/**
 * A handler whose pages may act for the user who opened them, such as one that creates deployments.
 * A front refuses to serve it on the origin of its links: scripts that an instance delivers there
 * could use it in the user's name.
 */
public interface ActingPage {

  /**
   * Returns whether the page may act; a read-only one may share the origin of links.
   *
   * @return true if it may act
   */
  boolean mayAct();
}
