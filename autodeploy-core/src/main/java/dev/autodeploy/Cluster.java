package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.LeaderElection;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * The replicas of one host application, as one of them sees it: one at a time leads and runs the
 * engine, the others stand by. Immutable.
 *
 * <p>A leader that dies is replaced when its {@linkplain Builder#term term} is over; one that is
 * ended in order, at once. The next one adopts the instances.
 */
public final class Cluster {
  private final LeaderElection election;
  private final Supplier<? extends InstanceProvider> providers;
  private final Duration term;

  private Cluster(Builder builder) {
    election = builder.election;
    providers = builder.providers;
    term = builder.term;
  }

  /**
   * Returns a builder for a replica.
   *
   * @param election elects the leader and keeps the state; closed with the replica
   * @param providers makes a new provider each time this replica begins to lead; all replicas have
   *     to see the same instances
   * @return the builder
   */
  public static Builder builder(
      LeaderElection election, Supplier<? extends InstanceProvider> providers) {
    return new Builder(
        requireNonNull(election, "election"), requireNonNull(providers, "providers"));
  }

  LeaderElection election() {
    return election;
  }

  Supplier<? extends InstanceProvider> providers() {
    return providers;
  }

  Duration term() {
    return term;
  }

  /** Collects the settings of a replica. Not thread-safe. */
  public static final class Builder {
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);

    private final LeaderElection election;
    private final Supplier<? extends InstanceProvider> providers;
    private Duration term = Duration.ofSeconds(6);

    private Builder(LeaderElection election, Supplier<? extends InstanceProvider> providers) {
      this.election = election;
      this.providers = providers;
    }

    /**
     * Sets the time after which a leader that has said nothing is replaced. It asks four times in
     * that time, and stops by itself before it is over. Default: 6 seconds.
     *
     * @param value 1 second to 5 minutes, longer than any pause of the process
     * @return this
     */
    public Builder term(Duration value) {
      term = Arguments.inRange("term", value, SHORTEST, LONGEST);
      return this;
    }

    /**
     * Returns the replica's settings.
     *
     * @return the settings
     */
    public Cluster build() {
      return new Cluster(this);
    }
  }
}
