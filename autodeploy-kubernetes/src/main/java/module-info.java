/** Instances as pods of a Kubernetes cluster, with GPUs. */
@SuppressWarnings({"module", "requires-automatic", "requires-transitive-automatic"})
module dev.autodeploy.kubernetes {
  requires io.fabric8.kubernetes.client.jdkhttp;
  requires kubernetes.client.api;
  requires kubernetes.model.admissionregistration;
  requires transitive kubernetes.model.core;
  requires transitive dev.autodeploy.core;
  requires transitive static org.jspecify;
  requires org.slf4j;

  exports dev.autodeploy.kubernetes;
}
