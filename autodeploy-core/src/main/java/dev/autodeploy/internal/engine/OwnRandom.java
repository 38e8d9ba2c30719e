package dev.autodeploy.internal.engine;

import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The random numbers of one deployment, and the ids of its instances. On standby it weighs as much
 * as its seed. Guarded by the deployment's lock.
 */
final class OwnRandom implements RandomGenerator, Supplier<String> {
  private static final int ID_LETTERS = 8;

  private final String deployment;
  private final long seed;
  private @Nullable SplittableRandom random;

  OwnRandom(String deployment, long seed) {
    this.deployment = deployment;
    this.seed = seed;
  }

  /** Returns the id of the next instance. */
  @Override
  public String get() {
    return deployment + "-" + RandomIds.next(this, ID_LETTERS);
  }

  @Override
  public long nextLong() {
    return random().nextLong();
  }

  @Override
  public int nextInt() {
    return random().nextInt();
  }

  @Override
  public int nextInt(int bound) {
    return random().nextInt(bound);
  }

  private SplittableRandom random() {
    SplittableRandom made = random;
    if (made == null) {
      made = new SplittableRandom(seed);
      random = made;
    }
    return made;
  }
}
