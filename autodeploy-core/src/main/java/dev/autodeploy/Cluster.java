package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.cluster.ReplicaAddress;
import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.internal.wire.SharedSecret;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.LeaderElection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The replicas of one host application, as one of them sees it: one at a time leads and runs the
 * engine, and the others ask it, or stand by where they cannot reach each other. Immutable.
 *
 * <p>A leader that dies is replaced when its {@linkplain Builder#term term} is over; one that is
 * ended in order, at once. The next one adopts the instances.
 */
public final class Cluster {
  private final LeaderElection election;
  private final Supplier<? extends InstanceProvider> providers;
  private final Duration term;
  private final @Nullable ReplicaAddress address;

  private Cluster(Builder builder) {
    election = builder.election;
    providers = builder.providers;
    term = builder.term;
    InetSocketAddress listen = builder.listen;
    address =
        listen == null ? null : new ReplicaAddress(listen, builder.advertised, builder.secret);
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

  @Nullable ReplicaAddress address() {
    return address;
  }

  /** Collects the settings of a replica. Not thread-safe. */
  public static final class Builder {
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);

    private final LeaderElection election;
    private final Supplier<? extends InstanceProvider> providers;
    private Duration term = Duration.ofSeconds(6);
    private @Nullable InetSocketAddress listen;
    private @Nullable URI advertised;
    private @Nullable String secret;

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
     * Sets where this replica listens for the others. With it every replica serves: one that does
     * not lead asks the leader, and then talks to the instances itself. Default: nowhere, and a
     * replica that does not lead stands by. Where the address is taken, {@code build()} of {@link
     * AutoDeploy} throws {@link java.io.UncheckedIOException}.
     *
     * <p>What replicas say to each other is signed with a secret, and not encrypted; there are
     * environment values in it. Let it be a network that only they are in.
     *
     * @param value an address of this machine; with port 0, any port
     * @return this
     */
    public Builder listen(InetSocketAddress value) {
      if (value.isUnresolved()) {
        throw new IllegalArgumentException(
            "listen must be an address of this machine, but " + value + " is not known");
      }
      listen = value;
      return this;
    }

    /**
     * Sets where the other replicas reach this one, such as {@code http://10.0.0.5:7070}. Default:
     * where it {@linkplain #listen listens}.
     *
     * @param value the address, of scheme http with a host and a port
     * @return this
     */
    public Builder advertise(URI value) {
      if (!"http".equals(value.getScheme()) || value.getHost() == null || value.getPort() < 1) {
        throw new IllegalArgumentException(
            "advertise must be such as http://10.0.0.5:7070, but was '" + value + "'");
      }
      advertised = value;
      return this;
    }

    /**
     * Sets the secret by which the replicas know each other, the same for all of them. Default: one
     * that is made once and kept with the state.
     *
     * @param value 16 characters or more
     * @return this
     */
    public Builder secret(String value) {
      if (value.length() < SharedSecret.SHORTEST) {
        throw new IllegalArgumentException(
            "secret must have " + SharedSecret.SHORTEST + " characters or more");
      }
      secret = value;
      return this;
    }

    /**
     * Returns the replica's settings.
     *
     * @return the settings
     * @throws IllegalArgumentException if it listens on all addresses, and it is not said where the
     *     others reach it
     */
    public Cluster build() {
      if (listen != null && listen.getAddress().isAnyLocalAddress() && advertised == null) {
        throw new IllegalArgumentException(
            "a replica that listens on " + listen + " needs advertise, where others reach it");
      }
      return new Cluster(this);
    }
  }
}
