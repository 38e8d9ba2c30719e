package dev.autodeploy.applications;

/** The kinds of links that an application is reached by. */
enum LinkKind {
  /** {@code http://localhost:<port>/d/app/}. */
  PATH,
  /** {@code http://localhost:<own port>/}. */
  PORT
}
