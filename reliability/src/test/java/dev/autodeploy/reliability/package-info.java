/** Faults on real processes, a real engine and real sockets, told in one table. */
@org.jspecify.annotations.NullMarked
package dev.autodeploy.reliability;
