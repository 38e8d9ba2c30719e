/** Faults on real processes, a real Docker daemon and real sockets, told in one table. */
@org.jspecify.annotations.NullMarked
package dev.autodeploy.reliability;
