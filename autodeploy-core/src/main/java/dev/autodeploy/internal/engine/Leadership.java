package dev.autodeploy.internal.engine;

/**
 * The rights of an engine that the engine of another replica could contradict, asked for each time.
 * The answers are of the moment, by the clock: a process that was frozen may not do what it was
 * about to do. Thread-safe.
 */
public interface Leadership {
  /** The leadership of an engine without replicas. */
  Leadership ALONE =
      new Leadership() {
        @Override
        public boolean mayAct() {
          return true;
        }

        @Override
        public boolean mayLend() {
          return true;
        }
      };

  /** Returns whether the engine may start and release instances: not once another may lead. */
  boolean mayAct();

  /**
   * Returns whether leases of the engine may be handed out: not once another one may release the
   * instances, as it has waited long enough for word of who uses them.
   */
  boolean mayLend();
}
