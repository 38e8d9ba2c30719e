/** Instances as containers of a Docker daemon, with GPUs. */
@SuppressWarnings({"module", "requires-automatic", "requires-transitive-automatic"})
module dev.autodeploy.docker {
  requires com.fasterxml.jackson.databind;
  requires transitive com.github.dockerjava.api;
  requires com.github.dockerjava.core;
  requires com.github.dockerjava.transport;
  // docker-java has no descriptors, so nothing else asks for those of its dependencies that have
  // one.
  requires com.google.common;
  requires org.apache.commons.io;
  requires org.apache.commons.lang3;
  requires transitive dev.autodeploy.core;
  requires okhttp3;
  requires transitive static org.jspecify;
  requires org.slf4j;

  exports dev.autodeploy.docker;
}
