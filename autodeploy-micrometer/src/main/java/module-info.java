/** The engine's meters for Micrometer. */
@SuppressWarnings({
  "requires-automatic",
  "requires-transitive-automatic"
}) // micrometer.core has a name only
module dev.autodeploy.micrometer {
  requires transitive dev.autodeploy.core;
  requires transitive micrometer.core;
  requires transitive static org.jspecify;

  exports dev.autodeploy.micrometer;
}
