package dev.autodeploy.internal.engine;

import java.util.random.RandomGenerator;

/** Random ids of digits and small letters. */
final class RandomIds {
  private static final int RADIX = 36;

  private RandomIds() {}

  static String next(RandomGenerator random, int length) {
    StringBuilder id = new StringBuilder();
    for (int i = 0; i < length; i++) {
      id.append(Character.forDigit(random.nextInt(RADIX), RADIX));
    }
    return id.toString();
  }
}
