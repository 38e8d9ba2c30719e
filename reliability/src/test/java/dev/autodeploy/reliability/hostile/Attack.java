package dev.autodeploy.reliability.hostile;

import org.jspecify.annotations.Nullable;

/**
 * One attack, on what is unprotected and on AutoDeploy.
 *
 * @param role who plays it
 * @param name what is tried
 * @param unprotected the attack on a stand-in, which has to break: an attack that breaks nothing
 *     shows nothing
 * @param ours the same on AutoDeploy, where it must not
 */
record Attack(String role, String name, Play unprotected, Play ours) {

  /** One round of it. */
  @FunctionalInterface
  interface Play {
    /** Attacks once and returns what broke, or null if everything held. */
    @Nullable String broke(Ground ground) throws Exception;
  }
}
