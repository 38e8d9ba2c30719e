/**
 * A stand-in for BreezyVoice, the speech service of the walk-through: the same HTTP contract and
 * real speech, without the model's weights and without a GPU.
 *
 * <p>It stands alone: nothing here uses AutoDeploy, because it plays the service that AutoDeploy
 * starts. It runs as a process of its own, or in a container, and needs only the JDK (modules
 * {@code java.desktop}, {@code java.logging}, {@code java.xml}, {@code jdk.httpserver}), FreeTTS
 * and jackson-core.
 */
@NullMarked
package dev.autodeploy.examples.standin;

import org.jspecify.annotations.NullMarked;
