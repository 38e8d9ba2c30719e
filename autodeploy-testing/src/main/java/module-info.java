/**
 * A test kit for those who embed or extend the engine: virtual time, a simulated provider and one
 * abstract contract test for each interface that others implement.
 */
module dev.autodeploy.testing {
  requires transitive dev.autodeploy.core;
  requires transitive static org.jspecify;
  requires transitive org.assertj.core;
  requires transitive org.junit.jupiter.api;

  exports dev.autodeploy.testing;
}
