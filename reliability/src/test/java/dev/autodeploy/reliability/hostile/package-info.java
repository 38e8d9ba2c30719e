/** Attacks that are played for real, by everybody who is near enough, told in one table. */
@org.jspecify.annotations.NullMarked
package dev.autodeploy.reliability.hostile;
