package dev.autodeploy.reliability;

/** One kind of fault, done again and again while clients send requests. */
interface Fault {
  Row run(Scene scene) throws Exception;
}
